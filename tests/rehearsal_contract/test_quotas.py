"""Contracts of Service Quotas."""

from __future__ import annotations

import urllib.error
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


def every(aws: World, **asked: Any) -> list[dict[str, Any]]:
    """Every quota of EC2, page by page."""
    pages = aws.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="ec2", **asked)
    return [one for page in pages for one in page["Quotas"]]


def test_ec2_has_vcpu_quotas_and_their_defaults(aws: World) -> None:
    quotas = aws.client("service-quotas")
    assert value(aws) == 8
    assert quotas.get_aws_default_service_quota(**G)["Quota"]["Value"] == 0
    listed = {one["QuotaCode"]: one["QuotaName"] for one in every(aws)}
    assert {"L-DB2E81BA", "L-3819A6DF", "L-1216C47A", "L-0263D0A3"} <= set(listed)
    assert listed["L-C4BD4855"] == "All P5 Spot Instance Requests"


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


def test_the_list_is_longer_than_a_page(aws: World) -> None:
    quotas = aws.client("service-quotas")
    first = quotas.list_service_quotas(ServiceCode="ec2")
    assert len(first["Quotas"]) == 100
    assert first["NextToken"]
    assert every(aws) == every(aws, PaginationConfig={"PageSize": 7})
    assert len({one["QuotaCode"] for one in every(aws)}) == len(every(aws)) > 100
    defaults = quotas.list_aws_default_service_quotas(ServiceCode="ec2", MaxResults=100)
    assert len(defaults["Quotas"]) == 100
    wrong = {"ServiceCode": "ec2", "NextToken": "x"}
    assert code(quotas.list_service_quotas, **wrong) == "IllegalArgumentException"


def test_the_history_comes_in_pages_newest_first(world: World) -> None:
    quotas = world.client("service-quotas")
    for wanted in (16.0, 17.0, 18.0):
        made = quotas.request_service_quota_increase(DesiredValue=wanted, **G)["RequestedQuota"]["Id"]
        world.server.post("quota", {"region": "us-west-2", "id": made, "status": "DENIED"})
    for name, asked in (("", {"ServiceCode": "ec2"}), ("_by_quota", G)):
        operation = f"list_requested_service_quota_change_history{name}"
        first = getattr(quotas, operation)(**asked, MaxResults=2)
        assert [one["DesiredValue"] for one in first["RequestedQuotas"]] == [18, 17]
        last = getattr(quotas, operation)(**asked, MaxResults=2, NextToken=first["NextToken"])
        assert [one["DesiredValue"] for one in last["RequestedQuotas"]] == [16]
        assert "NextToken" not in last


def test_a_request_that_became_a_case_has_its_number(world: World) -> None:
    made, quotas = raised(world, 16), world.client("service-quotas")
    assert "CaseId" not in made
    knob = {"region": "us-west-2", "id": made["Id"]}
    world.server.post("quota", {**knob, "status": "CASE_OPENED"})
    opened = quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]
    assert opened["Status"] == "CASE_OPENED"
    assert opened["CaseId"].isdecimal()
    world.server.post("quota", {**knob, "status": "CASE_CLOSED"})
    closed = quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]
    assert closed["CaseId"] == opened["CaseId"]


def test_a_quota_may_have_another_code(world: World) -> None:
    world.server.post("knobs", {"quota_codes": {"L-DB2E81BA": "L-0000TEST"}})
    quotas, renamed = world.client("service-quotas"), {"ServiceCode": "ec2", "QuotaCode": "L-0000TEST"}
    named = {one["QuotaCode"]: one["QuotaName"] for one in every(world)}
    assert named["L-0000TEST"] == "Running On-Demand G and VT instances"
    assert code(quotas.get_service_quota, **G) == "NoSuchResourceException"
    made = quotas.request_service_quota_increase(DesiredValue=9.0, **renamed)["RequestedQuota"]
    world.server.post("quota", {"region": "us-west-2", "code": "L-DB2E81BA", "status": "APPROVED", "value": 4})
    assert quotas.get_service_quota(**renamed)["Quota"]["Value"] == 4
    listed = quotas.list_requested_service_quota_change_history_by_quota(**renamed)["RequestedQuotas"]
    assert [(one["Id"], one["Status"]) for one in listed] == [(made["Id"], "APPROVED")]
    # EC2 holds the account to it all the same.
    assert code(world.run, InstanceType="g5.2xlarge") == "VcpuLimitExceeded"


def test_a_quota_may_have_no_value_of_its_own(world: World) -> None:
    world.server.post("knobs", {"quota_unapplied": ["L-DB2E81BA"]})
    quotas = world.client("service-quotas")
    assert code(quotas.get_service_quota, **G) == "NoSuchResourceException"
    assert quotas.get_aws_default_service_quota(**G)["Quota"]["Value"] == 0
    assert "L-DB2E81BA" not in {one["QuotaCode"] for one in every(world)}
    raised(world, 16)
    world.server.post("quota", {"region": "us-west-2", "code": "L-DB2E81BA", "status": "APPROVED"})
    assert value(world) == 16


def test_a_granted_quota_of_an_unknown_code_is_refused(world: World) -> None:
    with pytest.raises(urllib.error.HTTPError):
        world.server.post("quota", {"region": "us-west-2", "code": "L-00000000", "value": 4})
