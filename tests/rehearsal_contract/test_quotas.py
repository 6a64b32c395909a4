"""Contracts of Service Quotas."""

from __future__ import annotations

from typing import Any

import pytest

from .world import World, code

G = {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA"}


def value(aws: World) -> float:
    """What is granted now."""
    return float(aws.client("service-quotas").get_service_quota(**G)["Quota"]["Value"])


def raised(aws: World, to: float) -> dict[str, Any]:
    """Ask for more; the request."""
    found: dict[str, Any] = aws.client("service-quotas").request_service_quota_increase(DesiredValue=to, **G)
    return found["RequestedQuota"]  # type: ignore[no-any-return]


def test_ec2_has_vcpu_quotas_and_their_defaults(aws: World) -> None:
    quotas = aws.client("service-quotas")
    assert value(aws) == 8
    assert quotas.get_aws_default_service_quota(**G)["Quota"]["Value"] == 0
    codes = {one["QuotaCode"] for one in quotas.list_service_quotas(ServiceCode="ec2")["Quotas"]}
    assert {"L-DB2E81BA", "L-3819A6DF", "L-1216C47A", "L-0263D0A3"} <= codes


def test_an_unknown_quota_is_said_to_be_one(world: World) -> None:
    asked = {"ServiceCode": "ec2", "QuotaCode": "L-00000000"}
    assert code(world.client("service-quotas").get_service_quota, **asked) == "NoSuchResourceException"


def test_one_open_request_for_each_quota(aws: World) -> None:
    quotas = aws.client("service-quotas")
    made = raised(aws, 16)
    assert made["Status"] == "PENDING"
    refused = code(quotas.request_service_quota_increase, DesiredValue=20.0, **G)
    assert refused == "ResourceAlreadyExistsException"
    listed = quotas.list_requested_service_quota_change_history_by_quota(**G)["RequestedQuotas"]
    assert [one["Id"] for one in listed] == [made["Id"]]


@pytest.mark.parametrize("wanted", [4.0, 8.0])
def test_a_request_at_or_below_the_present_value_is_refused(world: World, wanted: float) -> None:
    refused = code(world.client("service-quotas").request_service_quota_increase, DesiredValue=wanted, **G)
    assert refused == "IllegalArgumentException"


@pytest.mark.parametrize(
    ("policy", "status", "then"), [("approve", "APPROVED", 16), ("deny", "DENIED", 8), ("partial", "APPROVED", 9)]
)
def test_the_policy_decides_after_its_time(world: World, policy: str, status: str, then: float) -> None:
    world.server.post("knobs", {"quota_policy": policy, "quota_after_s": 3600})
    made, quotas = raised(world, 16), world.client("service-quotas")
    assert quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]["Status"] == "PENDING"
    world.server.post("clock", {"advance_s": 3601})
    assert quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]["Status"] == status
    assert value(world) == then


def test_a_request_is_decided_on_command(world: World) -> None:
    made = raised(world, 16)
    knob = {"region": "us-west-2", "code": "L-DB2E81BA"}
    world.server.post("quota", {**knob, "status": "CASE_OPENED"})
    assert value(world) == 8
    world.server.post("quota", {"region": "us-west-2", "id": made["Id"], "status": "APPROVED", "value": 9})
    assert value(world) == 9
    world.server.post("quota", {**knob, "value": 0})
    assert value(world) == 0
    assert code(world.run, InstanceType="g5.xlarge") == "VcpuLimitExceeded"
