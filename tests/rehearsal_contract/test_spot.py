"""Contracts of a Spot launch: its request, tags, price, capacity and quota."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from rehearsal.testing import REGION

from .spot import PERSISTENT, becomes, market, requests, shown, spot
from .world import World, code, policy

TAGS = [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "dlbox:box", "Value": "lab"}]}]


def test_a_launch_makes_a_request_and_says_so(aws: World) -> None:
    made = aws.run(InstanceMarketOptions=market(**PERSISTENT), TagSpecifications=TAGS)
    assert made["InstanceLifecycle"] == "spot"
    (found,) = requests(aws)
    assert made["SpotInstanceRequestId"] == found["SpotInstanceRequestId"]
    facts = {key: found[key] for key in ("InstanceId", "State", "Type", "InstanceInterruptionBehavior", "SpotPrice")}
    assert facts == {
        "InstanceId": made["InstanceId"], "State": "active", "Type": "persistent",
        "InstanceInterruptionBehavior": "stop", "SpotPrice": "0.020800",
    }  # fmt: skip
    assert found["Tags"] == TAGS[0]["Tags"]
    assert found["LaunchedAvailabilityZone"] == made["Placement"]["AvailabilityZone"]
    assert found["Status"]["Code"] == "fulfilled"


def test_a_repeated_token_makes_no_second_request(aws: World) -> None:
    asked = {"InstanceMarketOptions": market(**PERSISTENT), "ClientToken": "t"}
    assert aws.run(**asked)["SpotInstanceRequestId"] == aws.run(**asked)["SpotInstanceRequestId"]
    assert len(requests(aws)) == 1
    dearer = {**asked, "InstanceMarketOptions": market(MaxPrice="0.1", **PERSISTENT)}
    assert code(aws.run, **dearer) == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"InstanceInterruptionBehavior": "stop"}, "InvalidParameterCombination"),
        ({"InstanceInterruptionBehavior": "hibernate"}, "InvalidParameterCombination"),
        ({"SpotInstanceType": "persistent"}, "InvalidParameterCombination"),
        ({"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "terminate"}, "InvalidParameterCombination"),
        ({"MaxPrice": "0.0001"}, "InvalidParameterValue"),
        ({"MaxPrice": "cheap"}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(aws: World, options: dict[str, str], refused: str) -> None:
    assert code(aws.run, InstanceMarketOptions=market(**options)) == refused


def test_tags_for_a_request_need_a_request(aws: World) -> None:
    assert code(aws.run, TagSpecifications=TAGS) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"state": "active"}, 1), ({"state": "open"}, 0), ({"tag__dlbox:box": "lab"}, 1), ({"tag__dlbox:box": "l"}, 0),
        ({"tag_key": "dlbox:*"}, 1), ({"instance_id": "i-*"}, 2), ({"type": "one-time"}, 1),
        ({"type": "persistent", "tag_key": "dlbox:box"}, 1),
    ],
)  # fmt: skip
def test_requests_are_filtered(world: World, filters: dict[str, str], count: int) -> None:
    world.run(InstanceMarketOptions=market(**PERSISTENT), TagSpecifications=TAGS)
    world.run(InstanceMarketOptions=market())
    first = requests(world)[0]["SpotInstanceRequestId"]
    world.ec2.cancel_spot_instance_requests(
        SpotInstanceRequestIds=[requests(world, type="one-time")[0]["SpotInstanceRequestId"]]
    )
    assert len(requests(world, **filters)) == count
    assert world.ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[first])["SpotInstanceRequests"]
    assert len(world.ec2.describe_spot_instance_requests(MaxResults=5)["SpotInstanceRequests"]) == 2


def test_an_unknown_request_or_filter_is_refused(aws: World) -> None:
    unknown = {"SpotInstanceRequestIds": ["sir-00000000"]}
    assert code(aws.ec2.describe_spot_instance_requests, **unknown) == "InvalidSpotInstanceRequestID.NotFound"
    assert code(aws.ec2.cancel_spot_instance_requests, **unknown) == "InvalidSpotInstanceRequestID.NotFound"


def test_an_unknown_filter_is_refused(world: World) -> None:
    spot(world)
    assert code(requests, aws=world, colour="red") == "InvalidParameterValue"


def test_less_than_the_spot_price_is_refused(aws: World) -> None:
    assert code(aws.run, InstanceMarketOptions=market(MaxPrice="0.008")) == "SpotMaxPriceTooLow"
    assert aws.run(InstanceMarketOptions=market(MaxPrice="0.0084"))["InstanceLifecycle"] == "spot"


def test_the_price_is_of_a_zone_and_a_launch_without_one_goes_where_it_can(world: World) -> None:
    here = {"AvailabilityZone": f"{REGION}a"}
    knob = {"region": REGION, "type": "t3.small", "zone": here["AvailabilityZone"], "usd": 0.02}
    world.server.post("spot", knob)
    cheap = market(MaxPrice="0.01")
    assert code(world.run, InstanceMarketOptions=cheap, Placement=here) == "SpotMaxPriceTooLow"
    assert world.run(InstanceMarketOptions=cheap)["Placement"] != here
    world.server.post("spot", {**knob, "usd": None})
    world.run(InstanceMarketOptions=cheap, Placement=here)


def test_the_price_is_told_for_each_zone(aws: World) -> None:
    aws.server.post("spot", {"region": REGION, "type": "g5.xlarge", "zone": f"{REGION}b", "usd": 0.9})
    asked = {"InstanceTypes": ["g5.xlarge"], "ProductDescriptions": ["Linux/UNIX"]}
    found = aws.ec2.describe_spot_price_history(**asked)["SpotPriceHistory"]
    told = {one["AvailabilityZone"]: one["SpotPrice"] for one in found}
    assert told == {f"{REGION}a": "0.402400", f"{REGION}b": "0.900000", f"{REGION}c": "0.402400"}


def test_spot_capacity_is_its_own(aws: World) -> None:
    aws.server.post("capacity", {"region": REGION, "type": "t3.small", "spot": True, "free": 0})
    assert aws.run()["State"]["Name"] == "pending"
    assert code(aws.run, InstanceMarketOptions=market()) == "InsufficientInstanceCapacity"
    aws.server.post("capacity", [{"region": REGION, "type": "t3.small", "spot": True, "free": None}])
    aws.server.post("capacity", [{"region": REGION, "type": "t3.small", "free": 0}])
    assert aws.run(InstanceMarketOptions=market())["InstanceLifecycle"] == "spot"


def test_spot_has_a_quota_of_its_own(aws: World) -> None:
    asked = {"InstanceType": "g5.xlarge", "InstanceMarketOptions": market()}
    assert code(aws.run, **asked) == "MaxSpotInstanceCountExceeded"
    aws.server.post("quota", {"region": REGION, "code": "L-3819A6DF", "value": 4})
    assert aws.run(**asked)["InstanceLifecycle"] == "spot"


def test_a_dry_run_makes_no_request(world: World) -> None:
    assert code(world.run, InstanceMarketOptions=market(), DryRun=True) == "DryRunOperation"
    assert requests(world) == []


def test_requests_are_tagged_later_too(aws: World) -> None:
    spot(aws, **PERSISTENT)
    ident = requests(aws)[0]["SpotInstanceRequestId"]
    aws.ec2.create_tags(Resources=[ident], Tags=TAGS[0]["Tags"])
    found = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [ident]}])["Tags"]
    assert [(one["ResourceType"], one["Key"]) for one in found] == [("spot-instances-request", "dlbox:box")]


def judged(aws: World, *statements: Any) -> Any:
    """EC2 for a user with these statements alone."""
    iam = aws.client("iam")
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy(*statements))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return session.client("ec2", endpoint_url=aws.server.url)


@pytest.mark.parametrize(
    ("kinds", "tagging", "refused"),
    [
        ("*", "*", ""),
        ("*", "instance/*", "UnauthorizedOperation"),
        ("instance/*", "*", "UnauthorizedOperation"),
    ],
)
def test_a_policy_is_judged_on_the_request_too(world: World, kinds: str, tagging: str, refused: str) -> None:
    world.key()
    arn = f"arn:aws:ec2:{REGION}:000000000000:"
    things = [
        f"{arn}{kinds}",
        f"{arn}volume/*",
        f"{arn}network-interface/*",
        f"{arn}key-pair/*",
        f"arn:aws:ec2:{REGION}::image/*",
    ]
    launch = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": things}
    tag = {
        "Effect": "Allow", "Action": "ec2:CreateTags", "Resource": f"{arn}{tagging}",
        "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances", "aws:RequestTag/dlbox:box": "lab"}},
    }  # fmt: skip
    ec2 = judged(world, launch, tag)
    least = {"ImageId": world.image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, "KeyName": "k"}
    assert code(ec2.run_instances, **least, InstanceMarketOptions=market(), TagSpecifications=TAGS) == refused


def test_cancelling_is_judged_by_the_requests_tags(world: World) -> None:
    world.run(InstanceMarketOptions=market(**PERSISTENT), TagSpecifications=TAGS)
    world.run(InstanceMarketOptions=market(**PERSISTENT))
    mine, other = (one["SpotInstanceRequestId"] for one in requests(world))
    tagged = {"StringEquals": {"aws:ResourceTag/dlbox:box": "lab"}}
    what = f"arn:aws:ec2:{REGION}:000000000000:spot-instances-request/*"
    ec2 = judged(world, {"Effect": "Allow", "Action": "ec2:Cancel*", "Resource": what, "Condition": tagged})
    assert code(ec2.cancel_spot_instance_requests, SpotInstanceRequestIds=[other]) == "UnauthorizedOperation"
    assert code(ec2.cancel_spot_instance_requests, SpotInstanceRequestIds=[mine]) == ""


def test_the_inventory_shows_what_can_still_launch(world: World) -> None:
    spot(world, **PERSISTENT)
    kept = [(one["kind"], one.get("state")) for one in world.server.inventory() if one["kind"] == "spot-request"]
    assert kept == [("spot-request", "active")]
    assert json.loads(json.dumps(world.server.get("status")))["regions"][REGION]["spot-request"] == 1
    world.ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[requests(world)[0]["SpotInstanceRequestId"]])
    assert [one for one in world.server.inventory() if one["kind"] == "spot-request"] == []
    assert shown(world) == ("cancelled", "request-canceled-and-instance-running")
    becomes(world, "cancelled", "request-canceled-and-instance-running")
