"""Roles and users through the judge, over HTTP."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

import boto3
import pytest

from .world import World, code, policy, setup, trust

ARN = "arn:aws:ec2:us-west-2:000000000000:instance/*"
ONLY_LAB = {
    "Effect": "Allow",
    "Action": "ec2:StopInstances",
    "Resource": ARN,
    "Condition": {"StringEquals": {"ec2:ResourceTag/dlbox:box": "lab"}},
}
TAGS = [{"ResourceType": "instance", "Tags": [{"Key": "dlbox:box", "Value": "lab"}]}]


def acting(world: World, keys: dict[str, Any], service: str = "ec2") -> Any:
    """A client with somebody's keys."""
    session = boto3.Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"), region_name="us-west-2"
    )
    return session.client(service, endpoint_url=world.server.url)


@setup
def user(world: World, *statements: dict[str, Any]) -> dict[str, Any]:
    """An IAM user's access key, with these statements for a policy."""
    iam = world.client("iam")
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=policy(*statements))
    found: dict[str, Any] = iam.create_access_key(UserName="operator")["AccessKey"]
    return found


def test_a_role_for_one_box_is_denied_the_bystander(world: World) -> None:
    mine, other = world.launched(TagSpecifications=TAGS), world.launched()
    role = world.role(trust("scheduler.amazonaws.com"), ONLY_LAB)
    keys = world.server.post("assume", {"role_arn": role, "service": "scheduler.amazonaws.com"})
    ec2 = acting(world, keys)
    assert code(ec2.stop_instances, InstanceIds=[other]) == "UnauthorizedOperation"
    assert code(ec2.stop_instances, InstanceIds=[mine, other]) == "UnauthorizedOperation"
    assert code(ec2.terminate_instances, InstanceIds=[mine]) == "UnauthorizedOperation"
    assert world.instance(mine)["State"]["Name"] == "running"
    ec2.stop_instances(InstanceIds=[mine])
    world.settled(mine, "stopped")
    assert world.instance(other)["State"]["Name"] == "running"
    assert acting(world, keys, "sts").get_caller_identity()["Arn"].endswith("assumed-role/stop/scheduler")


def test_a_policy_taken_away_is_missed_at_once(world: World) -> None:
    mine = world.launched(TagSpecifications=TAGS)
    role = world.role(trust("scheduler.amazonaws.com"), ONLY_LAB)
    ec2 = acting(world, world.server.post("assume", {"role_arn": role, "service": "scheduler.amazonaws.com"}))
    world.client("iam").delete_role_policy(RoleName="stop", PolicyName="stop")
    assert code(ec2.stop_instances, InstanceIds=[mine]) == "UnauthorizedOperation"


@pytest.mark.parametrize("more", [{"service": "lambda.amazonaws.com"}, {"source_account": "111111111111"}])
def test_a_service_that_the_role_does_not_trust_gets_nothing(world: World, more: dict[str, str]) -> None:
    role = world.role(
        trust("scheduler.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "000000000000"}})
    )
    asked = {"role_arn": role, "service": "scheduler.amazonaws.com", **more}
    with pytest.raises(urllib.error.HTTPError) as refused:
        world.server.post("assume", asked)
    assert refused.value.code == 403
    assert "cannot assume" in json.loads(refused.value.read())["error"]


def test_tags_on_create_need_their_own_permission(world: World) -> None:
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "dlbox:box", "Value": "lab"}]}]
    allocate = {"Effect": "Allow", "Action": "ec2:AllocateAddress", "Resource": "*"}
    ec2 = acting(world, user(world, allocate))
    assert code(ec2.allocate_address, Domain="vpc", TagSpecifications=tags) == "UnauthorizedOperation"
    tagging: dict[str, Any] = {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*"}
    tagging |= {
        "Condition": {"StringEquals": {"ec2:CreateAction": "AllocateAddress", "aws:RequestTag/dlbox:box": "lab"}}
    }
    world.client("iam").put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=policy(allocate, tagging))
    ec2.allocate_address(Domain="vpc", TagSpecifications=tags)
    assert world.server.calls("AllocateAddress")[-1]["role"] == "operator"


def test_a_schedule_needs_pass_role(world: World) -> None:
    role = world.role(trust("scheduler.amazonaws.com"))
    scheduler = acting(world, user(world, {"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"}), "scheduler")
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "RoleArn": role, "Input": "{}"}
    asked = {"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    assert code(scheduler.create_schedule, **asked) == "AccessDeniedException"


def test_a_launch_by_a_user_names_all_that_it_touches(world: World) -> None:
    world.key()
    run = {"Effect": "Allow", "Action": "ec2:RunInstances"}
    least = {"ImageId": world.image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, "KeyName": "k"}
    kinds = ["instance/*", "volume/*", "network-interface/*", "key-pair/k"]
    here = [f"arn:aws:ec2:us-west-2:000000000000:{kind}" for kind in kinds]
    ec2 = acting(world, user(world, {**run, "Resource": [*here]}))
    assert code(ec2.run_instances, **least) == "UnauthorizedOperation"
    whole = policy({**run, "Resource": [*here, "arn:aws:ec2:us-west-2::image/*"]})
    world.client("iam").put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=whole)
    ec2.run_instances(**least)


def test_dummy_keys_are_not_judged(world: World) -> None:
    world.launched()
    assert {one["role"] for one in world.server.calls()} == {None}
