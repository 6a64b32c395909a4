"""Contracts of what a region offers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .world import World, code

GPUS = [{"Name": "instance-type", "Values": ["g*", "p*"]}]
ZONES = {"LocationType": "availability-zone", "Filters": GPUS}
DEFAULT = sorted(
    [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-central-1",
        "eu-north-1",
        "ap-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-southeast-1",
        "ap-southeast-2",
    ]
)


def names(aws: World, region: str, **asked: Any) -> set[str]:
    """The names of the types that a question finds, page by page."""
    pages = aws.client("ec2", region).get_paginator("describe_instance_types").paginate(**asked)
    return {one["InstanceType"] for page in pages for one in page["InstanceTypes"]}


def test_a_region_lists_what_it_offers_and_nothing_else(aws: World) -> None:
    found = names(aws, "eu-west-3", Filters=GPUS)
    assert {"g4dn.xlarge", "g4dn.metal"} <= found
    assert "p5e.48xlarge" not in found
    assert found < names(aws, "us-west-2", Filters=GPUS)


def test_zones_are_asked_with_wildcards(aws: World) -> None:
    found = aws.ec2.describe_instance_type_offerings(**ZONES)["InstanceTypeOfferings"]
    where = [one["Location"] for one in found if one["InstanceType"] == "g5.xlarge"]
    assert sorted(where) == ["us-west-2a", "us-west-2b", "us-west-2c"]


def test_a_location_is_a_filter_too(world: World) -> None:
    filters = [{"Name": "location", "Values": ["us-west-2d"]}, *GPUS]
    asked = {"LocationType": "availability-zone", "Filters": filters}
    found = world.ec2.describe_instance_type_offerings(**asked)["InstanceTypeOfferings"]
    assert {one["Location"] for one in found} == {"us-west-2d"}
    assert "g5.xlarge" not in {one["InstanceType"] for one in found}


def test_types_come_in_pages(aws: World) -> None:
    first = aws.ec2.describe_instance_types(Filters=GPUS, MaxResults=10)
    assert len(first["InstanceTypes"]) == 10
    again = aws.ec2.describe_instance_types(Filters=GPUS, MaxResults=10, NextToken=first["NextToken"])
    assert not {one["InstanceType"] for one in first["InstanceTypes"]} & {
        one["InstanceType"] for one in again["InstanceTypes"]
    }
    assert names(aws, "us-west-2", Filters=GPUS, PaginationConfig={"PageSize": 10}) == names(
        aws, "us-west-2", Filters=GPUS
    )


def test_a_page_holds_a_hundred_at_most(aws: World) -> None:
    assert len(aws.ec2.describe_instance_types()["InstanceTypes"]) == 100
    assert len(names(aws, "us-west-2")) > 1000


def test_offerings_come_in_pages(aws: World) -> None:
    first = aws.ec2.describe_instance_type_offerings(**ZONES, MaxResults=5)
    assert len(first["InstanceTypeOfferings"]) == 5
    assert first["NextToken"]


def test_a_type_of_another_region_is_unknown_here(aws: World) -> None:
    ec2 = aws.client("ec2", "eu-west-3")
    assert code(ec2.describe_instance_types, InstanceTypes=["p5e.48xlarge"]) == "InvalidInstanceType"


def test_a_type_is_described_as_before(world: World) -> None:
    (found,) = world.ec2.describe_instance_types(InstanceTypes=["g6f.large"])["InstanceTypes"]
    (gpu,) = found["GpuInfo"]["Gpus"]
    assert (gpu["Name"], gpu["Count"], gpu["GpuPartitionSize"], found["VCpuInfo"]["DefaultVCpus"]) == (
        "L4",
        0,
        0.125,
        2,
    )
    assert found["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]
    assert found["CurrentGeneration"] is True


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("free-tier-eligible", "true", "t3.micro"),
        ("current-generation", "true", "g6.xlarge"),
        ("processor-info.supported-architecture", "arm64", "g5g.xlarge"),
        ("vcpu-info.default-vcpus", "4", "g5.xlarge"),
        ("supported-usage-class", "spot", "g5.xlarge"),
    ],
)
def test_types_are_filtered(world: World, name: str, value: str, kind: str) -> None:
    found = names(world, "us-west-2", Filters=[{"Name": name, "Values": [value]}])
    assert kind in found
    assert "p4d.24xlarge" not in found or name in ("current-generation", "supported-usage-class")


def test_an_unknown_filter_is_refused(world: World) -> None:
    wrong = [{"Name": "colour", "Values": ["red"]}]
    assert code(world.ec2.describe_instance_types, Filters=wrong) == "InvalidParameterValue"
    assert code(world.ec2.describe_instance_type_offerings, Filters=wrong) == "InvalidParameterValue"


def test_an_account_has_the_default_regions(aws: World) -> None:
    found = aws.ec2.describe_regions()["Regions"]
    assert sorted(one["RegionName"] for one in found) == DEFAULT
    assert {one["OptInStatus"] for one in found} == {"opt-in-not-required"}


def test_all_regions_are_more(aws: World) -> None:
    found = {one["RegionName"]: one["OptInStatus"] for one in aws.ec2.describe_regions(AllRegions=True)["Regions"]}
    assert len(found) > len(DEFAULT)
    assert {name for name, status in found.items() if status == "not-opted-in"} == set(found) - set(DEFAULT)


def test_regions_are_named_and_filtered(aws: World) -> None:
    (found,) = aws.ec2.describe_regions(RegionNames=["af-south-1"])["Regions"]
    assert found["OptInStatus"] == "not-opted-in"
    filters = [{"Name": "opt-in-status", "Values": ["not-opted-in"]}, {"Name": "region-name", "Values": ["me-*"]}]
    named = aws.ec2.describe_regions(AllRegions=True, Filters=filters)["Regions"]
    assert {one["RegionName"] for one in named} == {"me-central-1", "me-south-1"}
    assert code(aws.ec2.describe_regions, RegionNames=["us-west-9"]) == "InvalidParameterValue"


def test_regions_asked_at_once_do_not_queue(world: World) -> None:
    # So long that a busy machine does not matter: one after the other would take 17 s.
    world.server.post("latency", {"ms": 1000})
    clients = [world.client("ec2", region) for region in DEFAULT]
    with ThreadPoolExecutor(len(clients)) as pool:
        began = time.monotonic()
        list(pool.map(lambda ec2: ec2.describe_instance_type_offerings(**ZONES), clients))
        took = time.monotonic() - began
    assert took < 17 / 2
