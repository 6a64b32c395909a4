"""Faults: errors, dropped connections and stale reads."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from .world import World, code


def addresses(world: World) -> int:
    """How many addresses there are."""
    return len(world.ec2.describe_addresses()["Addresses"])


def test_an_error_before_is_not_executed(world: World) -> None:
    world.server.fault("AllocateAddress", code="Throttling", status=400)
    assert code(world.ec2.allocate_address) == "Throttling"
    assert addresses(world) == 0
    world.address()


def test_an_error_after_is_executed(world: World) -> None:
    world.server.fault("AllocateAddress", when="after", code="InternalError")
    assert code(world.ec2.allocate_address) == "InternalError"
    assert addresses(world) == 1


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_is_really_dropped(world: World, when: str, left: int) -> None:
    world.server.fault("AllocateAddress", when=when, kind="drop")
    with pytest.raises(ConnectionClosedError):
        world.ec2.allocate_address()
    assert addresses(world) == left
    assert world.server.calls("AllocateAddress")[0]["status"] == 0


def test_botocore_repeats_a_lost_allocation_as_on_aws(world: World) -> None:
    world.server.fault("AllocateAddress", when="after", kind="drop")
    world.server.client("ec2").allocate_address()
    assert addresses(world) == 2


def test_a_fault_skips_and_counts_and_matches_by_service(world: World) -> None:
    world.server.fault("*Address", service="ec2", skip=1, times=2)
    assert [code(world.ec2.allocate_address) for _ in range(4)] == ["", "InternalError", "InternalError", ""]
    world.server.fault("GetCallerIdentity", service="ec2", times=-1)
    assert world.client("sts").get_caller_identity()["Account"] == "000000000000"


@pytest.mark.parametrize("service", ["scheduler", "iam", "service-quotas", "ssm"])
def test_a_fault_is_readable_in_every_protocol(world: World, service: str) -> None:
    call, params = {
        "scheduler": ("list_schedules", {}), "iam": ("list_roles", {}), "ssm": ("get_parameter", {"Name": "x"}),
        "service-quotas": ("list_service_quotas", {"ServiceCode": "ec2"}),
    }[service]  # fmt: skip
    world.server.fault("*", code="ThrottlingException", message="slow down", status=400)
    with pytest.raises(ClientError, match=r"ThrottlingException.*slow down"):
        getattr(world.client(service), call)(**params)


def test_a_stale_list_is_as_before_the_last_write(world: World) -> None:
    first = world.address()
    assert addresses(world) == 1
    world.address()
    assert addresses(world) == 2
    world.server.fault("DescribeAddresses", kind="stale")
    assert [one["AllocationId"] for one in world.ec2.describe_addresses()["Addresses"]] == [first]
    assert addresses(world) == 2


def test_a_stale_answer_nobody_asked_for_before_is_empty_or_not_found(world: World) -> None:
    ident = world.launched()
    world.server.fault("DescribeInstances", kind="stale", times=2)
    named = [{"Name": "tag:dlbox:box", "Values": ["lab"]}]
    assert world.ec2.describe_instances(Filters=named)["Reservations"] == []
    asked = {"InstanceIds": [ident], "Filters": named}
    assert code(world.ec2.describe_instances, **asked) == "InvalidInstanceID.NotFound"
    world.server.fault("Get*", kind="stale", times=2)
    assert code(world.client("iam").get_role, RoleName="r") == "NoSuchEntity"
    assert code(world.client("scheduler").get_schedule, Name="r") == "ResourceNotFoundException"
