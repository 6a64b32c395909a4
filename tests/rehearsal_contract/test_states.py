"""Contracts of instance states and what they refuse."""

from __future__ import annotations

from datetime import timedelta

from .world import World, code


def test_a_launch_is_pending_first(aws: World) -> None:
    aws.pace(60)
    assert aws.instance(aws.run()["InstanceId"])["State"]["Name"] == "pending"


def test_a_stop_takes_its_time(aws: World) -> None:
    aws.pace(2)
    ident = aws.launched()
    aws.ec2.stop_instances(InstanceIds=[ident])
    assert aws.instance(ident)["State"]["Name"] == "stopping"
    aws.settled(ident, "stopped")


def test_a_stopping_instance_does_not_start(aws: World) -> None:
    aws.pace(2)
    ident = aws.launched()
    aws.ec2.stop_instances(InstanceIds=[ident])
    assert code(aws.ec2.start_instances, InstanceIds=[ident]) == "IncorrectInstanceState"


def test_a_terminated_instance_does_not_start(aws: World) -> None:
    ident = aws.launched()
    aws.ec2.terminate_instances(InstanceIds=[ident])
    aws.settled(ident, "terminated")
    assert code(aws.ec2.start_instances, InstanceIds=[ident]) == "IncorrectInstanceState"


def test_a_second_stop_changes_nothing(world: World) -> None:
    ident = world.stopped()
    world.ec2.stop_instances(InstanceIds=[ident])
    assert world.instance(ident)["State"]["Name"] == "stopped"


def test_a_machine_that_powers_itself_off_stops_or_terminates(world: World) -> None:
    for behaviour, state in (("stop", "stopped"), ("terminate", "terminated")):
        ident = world.launched(InstanceInitiatedShutdownBehavior=behaviour)
        world.server.post("shutdown", {"region": "us-west-2", "instance_id": ident})
        world.settled(ident, state)
        found = world.instance(ident)
        assert found["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
        assert found["StateTransitionReason"] == "User initiated"


def test_a_stop_that_was_asked_for_has_its_cause_and_its_second_until_the_next_start(world: World) -> None:
    ident = world.launched()
    world.server.post("clock", {"now": "2031-05-06T07:08:00+00:00"})
    world.ec2.stop_instances(InstanceIds=[ident])
    found = world.instance(ident)
    assert found["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert found["StateTransitionReason"].startswith("User initiated (2031-05-06 07:08:")
    assert found["StateTransitionReason"].endswith(" GMT)")
    world.settled(ident, "stopped")
    world.ec2.start_instances(InstanceIds=[ident])
    found = world.instance(ident)
    assert (found["StateReason"]["Code"], found["StateTransitionReason"]) == ("", "")


def test_what_a_schedule_stops_is_stopped_when_it_was_due(world: World) -> None:
    ident = world.launched()
    world.server.post("clock", {"firing": "2031-05-06T07:08:00+00:00"})
    world.ec2.stop_instances(InstanceIds=[ident])
    world.server.post("clock", {"firing": None})
    assert world.instance(ident)["StateTransitionReason"] == "User initiated (2031-05-06 07:08:00 GMT)"


def test_a_terminated_instance_has_no_network(aws: World) -> None:
    ident = aws.launched()
    aws.ec2.terminate_instances(InstanceIds=[ident])
    found = aws.instance(aws.settled(ident, "terminated"))
    assert (found["NetworkInterfaces"], found.get("PrivateIpAddress"), found.get("PublicIpAddress")) == ([], None, None)


def test_the_launch_time_is_that_of_the_last_start_by_the_rehearsal_s_clock(world: World) -> None:
    ident = world.stopped()
    world.server.post("clock", {"advance_s": 86400})
    before = world.instance(ident)["LaunchTime"]
    world.ec2.start_instances(InstanceIds=[ident])
    assert world.instance(ident)["LaunchTime"] - before > timedelta(hours=23)
    other = world.launched()
    assert world.instance(other)["LaunchTime"] - before > timedelta(hours=23)
