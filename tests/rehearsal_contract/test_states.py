"""Contracts of instance states and what they refuse."""

from __future__ import annotations

from datetime import timedelta

from .world import World, code


def test_a_launch_is_pending_first(aws: World) -> None:
    assert aws.instance(aws.run()["InstanceId"])["State"]["Name"] == "pending"


def test_a_stop_takes_its_time(aws: World) -> None:
    ident = aws.launched()
    aws.ec2.stop_instances(InstanceIds=[ident])
    assert aws.instance(ident)["State"]["Name"] == "stopping"
    aws.settled(ident, "stopped")


def test_a_stopping_instance_does_not_start(aws: World) -> None:
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
        assert world.instance(ident)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


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
