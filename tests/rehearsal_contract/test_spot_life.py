"""Contracts of a Spot request's life: stop, start, termination, interruption, cancelling."""

from __future__ import annotations

import time
import urllib.error

import pytest
from rehearsal.testing import REGION

from .spot import PERSISTENT, becomes, interrupted, market, requests, shown, spot
from .world import World, code


def cancel(aws: World) -> str:
    """Cancel the only Spot request; the state that AWS answers."""
    ident = requests(aws)[0]["SpotInstanceRequestId"]
    done = aws.ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[ident])
    return str(done["CancelledSpotInstanceRequests"][0]["State"])


def test_a_stop_disables_the_request_and_a_start_makes_it_active(aws: World) -> None:
    ident = spot(aws, **PERSISTENT)
    aws.ec2.stop_instances(InstanceIds=[ident])
    assert shown(aws) == ("active", "marked-for-stop")
    becomes(aws, "disabled", "instance-stopped-by-user")
    aws.ec2.start_instances(InstanceIds=[ident])
    assert shown(aws) == ("active", "fulfilled")
    assert requests(aws)[0]["InstanceId"] == ident


def test_a_machine_that_powers_itself_off_disables_it_too(world: World) -> None:
    ident = spot(world, **PERSISTENT)
    world.server.post("shutdown", {"region": REGION, "instance_id": ident})
    becomes(world, "disabled", "instance-stopped-by-user")


def test_one_of_a_one_time_request_does_not_stop(aws: World) -> None:
    assert code(aws.ec2.stop_instances, InstanceIds=[spot(aws)]) == "UnsupportedOperation"


def test_one_of_a_one_time_request_that_powers_itself_off_is_gone(world: World) -> None:
    ident = spot(world)
    world.server.post("shutdown", {"region": REGION, "instance_id": ident})
    world.settled(ident, "terminated")
    assert shown(world) == ("closed", "instance-terminated-by-user")


def test_a_cancelled_request_lets_its_instance_run_and_not_stop(aws: World) -> None:
    ident = spot(aws, **PERSISTENT)
    assert cancel(aws) == "cancelled"
    assert shown(aws) == ("cancelled", "request-canceled-and-instance-running")
    assert code(aws.ec2.stop_instances, InstanceIds=[ident]) == "IncorrectSpotRequestState"
    aws.ec2.terminate_instances(InstanceIds=[ident])
    becomes(aws, "cancelled", "instance-terminated-by-user")


def test_cancelling_ends_a_stopped_instance(aws: World) -> None:
    ident = spot(aws, **PERSISTENT)
    aws.ec2.stop_instances(InstanceIds=[ident])
    becomes(aws, "disabled", "instance-stopped-by-user")
    cancel(aws)
    assert aws.settled(ident, "terminated") == ident


def test_an_uncancelled_request_launches_again_without_the_tags(aws: World) -> None:
    aws.pace(2)
    tags = [{"ResourceType": kind, "Tags": [{"Key": "dlbox:box", "Value": "lab"}]} for kind in ("instance", "volume")]
    tags.append({"ResourceType": "spot-instances-request", "Tags": [{"Key": "dlbox:box", "Value": "lab"}]})
    market_options = market(**PERSISTENT)
    ident = aws.launched(InstanceMarketOptions=market_options, TagSpecifications=tags, InstanceType="t3.medium")
    aws.ec2.terminate_instances(InstanceIds=[ident])
    assert shown(aws) == ("open", "pending-evaluation")
    again = becomes(aws, "active", "fulfilled")
    found = aws.instance(again["InstanceId"])
    assert again["InstanceId"] != ident
    assert (found["InstanceType"], found["KeyName"], found["InstanceLifecycle"]) == ("t3.medium", "k", "spot")
    assert found.get("Tags", []) == []
    assert again["Tags"] == tags[2]["Tags"]


def test_a_cancelled_one_does_not(aws: World) -> None:
    ident = spot(aws, **PERSISTENT)
    aws.ec2.terminate_instances(InstanceIds=[ident])
    cancel(aws)
    aws.settled(ident, "terminated")
    found = aws.ec2.describe_instances()["Reservations"]
    assert [one["InstanceId"] for r in found for one in r["Instances"]] == [ident]
    assert shown(aws) == ("cancelled", "instance-terminated-by-user")


def test_a_one_time_request_does_not(world: World) -> None:
    ident = spot(world)
    world.ec2.terminate_instances(InstanceIds=[ident])
    world.settled(ident, "terminated")
    assert shown(world) == ("closed", "instance-terminated-by-user")
    assert [one["kind"] for one in world.server.inventory()] == ["key-pair"]


def test_an_open_request_waits_for_capacity_and_price(world: World) -> None:
    ident = spot(world, **PERSISTENT, MaxPrice="0.01")
    knob = {"region": REGION, "type": "t3.small"}
    world.server.post("capacity", {**knob, "spot": True, "free": 0})
    world.server.post("spot", {**knob, "usd": 0.02})
    world.ec2.terminate_instances(InstanceIds=[ident])
    becomes(world, "open", "price-too-low")
    world.server.post("spot", {**knob, "usd": None})
    becomes(world, "open", "capacity-not-available")
    assert [one["kind"] for one in world.server.inventory()] == ["spot-request", "key-pair"]
    world.server.post("capacity", {**knob, "spot": True, "free": 1})
    becomes(world, "active", "fulfilled")


def test_an_open_request_whose_key_is_gone_fails(world: World) -> None:
    ident = spot(world, **PERSISTENT)
    world.ec2.terminate_instances(InstanceIds=[ident])
    world.ec2.delete_key_pair(KeyName="k")
    becomes(world, "failed", "bad-parameters")
    assert world.server.inventory() == []


def test_a_new_instance_is_no_remembered_answer(world: World) -> None:
    def states() -> list[str]:
        found = world.ec2.describe_instances()["Reservations"]
        return sorted(one["State"]["Name"] for r in found for one in r["Instances"])

    world.ec2.terminate_instances(InstanceIds=[spot(world, **PERSISTENT)])
    time.sleep(0.5)  # longer than a state change: from here on answers may be remembered
    assert states() == ["pending", "terminated"]
    time.sleep(0.5)
    assert states() == ["running", "terminated"]


def test_an_interruption_stops_and_only_aws_starts_again(world: World) -> None:
    ident = spot(world, **PERSISTENT)
    interrupted(world, ident)
    becomes(world, "disabled", "instance-stopped-no-capacity")
    found = world.instance(ident)
    assert (found["State"]["Name"], found["StateReason"]["Code"]) == ("stopped", "Server.SpotInstanceShutdown")
    assert found["StateTransitionReason"].startswith("Service initiated (")
    assert code(world.ec2.start_instances, InstanceIds=[ident]) == "IncorrectSpotRequestState"
    interrupted(world, ident, resume=True)
    assert shown(world) == ("active", "fulfilled")
    world.settled(ident, "running")


def test_an_interrupted_one_that_is_terminated_launches_again(world: World) -> None:
    ident = spot(world, **PERSISTENT)
    interrupted(world, ident)
    becomes(world, "disabled", "instance-stopped-no-capacity")
    world.ec2.terminate_instances(InstanceIds=[ident])
    assert becomes(world, "active", "fulfilled")["InstanceId"] != ident


def test_an_interruption_terminates_a_one_time_instance(world: World) -> None:
    ident = spot(world)
    interrupted(world, ident)
    world.settled(ident, "terminated")
    assert shown(world) == ("closed", "instance-terminated-no-capacity")
    assert world.instance(ident)["StateReason"]["Code"] == "Server.SpotInstanceTermination"


@pytest.mark.parametrize("resume", [False, True])
def test_what_cannot_be_interrupted_or_resumed_is_said(world: World, resume: bool) -> None:
    ident = spot(world) if resume else world.launched()
    with pytest.raises(urllib.error.HTTPError) as refused:
        interrupted(world, ident, resume=resume)
    assert refused.value.code == 400


def test_the_request_notices_a_stop_late_when_told_to(world: World) -> None:
    world.server.post("knobs", {"spot_delay_s": 0.6})
    ident = spot(world, **PERSISTENT)
    world.ec2.stop_instances(InstanceIds=[ident])
    world.settled(ident, "stopped")
    assert shown(world) == ("active", "marked-for-stop")
    assert code(world.ec2.start_instances, InstanceIds=[ident]) == "IncorrectSpotRequestState"
    becomes(world, "disabled", "instance-stopped-by-user")
    world.ec2.start_instances(InstanceIds=[ident])


@pytest.mark.parametrize(
    ("knob", "body", "refused"),
    [
        ("capacity", {"spot": True, "free": 0}, "InsufficientInstanceCapacity"),
        ("spot", {"usd": 0.05}, "SpotMaxPriceTooLow"),
    ],
)
def test_a_start_needs_capacity_and_price(world: World, knob: str, body: dict[str, object], refused: str) -> None:
    ident = spot(world, **PERSISTENT, MaxPrice="0.01")
    world.ec2.stop_instances(InstanceIds=[ident])
    becomes(world, "disabled", "instance-stopped-by-user")
    world.server.post(knob, {"region": REGION, "type": "t3.small", **body})
    assert code(world.ec2.start_instances, InstanceIds=[ident]) == refused


def test_a_stopped_spot_instance_keeps_its_type(aws: World) -> None:
    ident = spot(aws, **PERSISTENT)
    aws.ec2.stop_instances(InstanceIds=[ident])
    becomes(aws, "disabled", "instance-stopped-by-user")
    asked = {"InstanceId": ident, "InstanceType": {"Value": "t3.medium"}}
    assert code(aws.ec2.modify_instance_attribute, **asked) == "UnsupportedOperation"


def test_no_spot_without_run_instances(aws: World) -> None:
    asked = {"LaunchSpecification": {"ImageId": aws.image, "InstanceType": "t3.small"}}
    assert code(aws.ec2.request_spot_instances, **asked) == "NotImplemented"
