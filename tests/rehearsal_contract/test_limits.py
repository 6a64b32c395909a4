"""Contracts of quota, capacity and offering."""

from __future__ import annotations

import pytest
from rehearsal.images import by_parameter
from rehearsal.patches.limits import quota_code
from rehearsal.testing import REGION

from .world import DLAMI, World, code


def test_more_vcpus_than_the_quota_are_refused(aws: World) -> None:
    aws.launched(InstanceType="g5.2xlarge")
    assert code(aws.run, InstanceType="g5.xlarge") == "VcpuLimitExceeded"


def test_a_start_counts_against_the_quota(aws: World) -> None:
    ident = aws.stopped(InstanceType="g5.2xlarge")
    aws.launched(InstanceType="g5.xlarge")
    assert code(aws.ec2.start_instances, InstanceIds=[ident]) == "VcpuLimitExceeded"


def test_a_dry_run_checks_no_quota(world: World) -> None:
    assert code(world.run, InstanceType="p4d.24xlarge", DryRun=True) == "DryRunOperation"


def test_a_zone_without_capacity_refuses(aws: World) -> None:
    aws.server.post("capacity", [{"region": REGION, "type": "t3.small", "zone": f"{REGION}a", "free": 0}])
    assert code(aws.run, Placement={"AvailabilityZone": f"{REGION}a"}) == "InsufficientInstanceCapacity"


def test_capacity_is_used_up_and_is_of_one_zone(world: World) -> None:
    world.server.post("capacity", [{"region": REGION, "type": "t3.small", "zone": f"{REGION}a", "free": 1}])
    here = {"AvailabilityZone": f"{REGION}a"}
    world.launched(Placement=here)
    assert code(world.run, Placement=here) == "InsufficientInstanceCapacity"
    assert world.run()["Placement"]["AvailabilityZone"] != here["AvailabilityZone"]


def test_botocore_retries_missing_capacity_as_on_aws(world: World) -> None:
    world.server.post("capacity", [{"region": REGION, "type": "t3.small", "free": 0}])
    eager = world.server.client("ec2", retries={"total_max_attempts": 3})
    least = {"ImageId": world.image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    world.key()
    assert code(eager.run_instances, KeyName="k", **least) == "InsufficientInstanceCapacity"
    assert [one["status"] for one in world.server.calls("RunInstances")] == [500] * 3


def test_a_type_that_the_zone_does_not_offer_is_refused(aws: World) -> None:
    asked = {"InstanceType": "g5.xlarge", "Placement": {"AvailabilityZone": f"{REGION}d"}}
    assert code(aws.run, **asked) == "Unsupported"


@pytest.mark.parametrize("retired", ["p2.xlarge", "p3.2xlarge", "g5.nano"])
def test_a_type_that_is_no_more_is_refused(aws: World, retired: str) -> None:
    assert code(aws.run, InstanceType=retired) == "InvalidParameterValue"


def test_an_arm_type_does_not_take_an_x86_image(aws: World) -> None:
    assert code(aws.run, InstanceType="g5g.xlarge") == "InvalidParameterValue"
    arm = by_parameter()[DLAMI.replace("x86_64", "arm64")].id_in(REGION)
    aws.launched(InstanceType="g5g.xlarge", ImageId=arm)


@pytest.mark.parametrize(
    ("kind", "spot", "quota"),
    [
        ("g5.xlarge", False, "L-DB2E81BA"), ("gr6.4xlarge", False, "L-DB2E81BA"), ("vt1.3xlarge", True, "L-3819A6DF"),
        ("g4dn.xlarge", True, "L-3819A6DF"), ("p4d.24xlarge", False, "L-417A185B"), ("p4d.24xlarge", True, "L-7212CCBC"),
        ("p5.48xlarge", True, "L-C4BD4855"), ("t3.small", False, "L-1216C47A"), ("m7i.large", True, "L-34B43A08"),
        ("inf2.xlarge", False, "L-1945791B"), ("trn1.2xlarge", False, "L-2C3B7624"), ("x2gd.medium", False, "L-7295265B"),
    ],
)  # fmt: skip
def test_each_family_counts_against_its_own_quota(kind: str, spot: bool, quota: str) -> None:
    assert quota_code(kind, spot) == quota
