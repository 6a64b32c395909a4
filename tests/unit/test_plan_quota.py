"""The quota's plan: facts in, at most one request out; no AWS."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from dlbox import plan_quota
from dlbox.change import writes
from dlbox.errors import Refused
from dlbox.families import family_of
from hypothesis import given
from hypothesis import strategies as st

CODE = "L-DB2E81BA"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REQUEST = {"id": "r1", "status": "PENDING", "desired": 4, "created": "2026-11-20T12:00:00+00:00", "case": None}
RUNNING = {"InstanceId": "i-1", "InstanceType": "g5.xlarge", "State": "running"}


def want(**params: Any) -> plan_quota.Want:
    asked = {"box": "lab", "region": "us-west-2", "instance_type": "g5.xlarge", "request": True, **params}
    return replace(plan_quota.want(asked), now=NOW)


def seen(granted: int = 1, **parts: Any) -> dict[str, Any]:
    """A picture of an account with a quota, nothing running and no request."""
    return {
        "instances": [], "type_facts": {"vcpus": 4}, "quota": granted, "others": [], "quota_requests": [],
    } | parts  # fmt: skip


def told(picture: dict[str, Any], **params: Any) -> tuple[list[str], dict[str, Any]]:
    """The writes planned, and the result in check mode."""
    asked = want(**params)
    assert plan_quota.needs(asked, picture) <= picture.keys()
    return writes(plan_quota.plan(asked, picture)), plan_quota.result(asked, picture, {})


ASK = ["service-quotas:request_service_quota_increase"]


@pytest.mark.parametrize(
    ("picture", "params", "made", "enough", "said"),
    [
        (seen(4), {}, [], True, f"granted 4 of 4 vCPUs of quota {CODE} (G and VT): enough"),
        (seen(8, others=[{"vcpus": 4}]), {}, [], True, "of which other instances use 4: enough"),
        (seen(1), {}, ASK, False, "granted 1 of 4 vCPUs"),
        (seen(1), {}, ASK, False, "without --check this run asks AWS for 4"),
        (seen(7, others=[{"vcpus": 4}]), {}, ASK, False, "granted 7 of 8 vCPUs"),
        (seen(1), {"request": False}, [], False, "set box_quota_request: true"),
        (seen(1, quota_requests=[REQUEST]), {}, [], False, "request r1 for 4 has been PENDING for 2 days"),
        (seen(1, quota_requests=[{**REQUEST, "status": "CASE_OPENED"}]), {}, [], False, "CASE_OPENED for 2 days"),
        (seen(1, quota_requests=[{**REQUEST, "desired": 2}]), {}, [], False, "asks for too little: reply to AWS's mail"),
        (seen(1, quota_requests=[{**REQUEST, "status": "APPROVED"}]), {}, ASK, False, "granted 1 of 4 vCPUs"),
        (seen(1, quota_requests=[{**REQUEST, "status": "DENIED"}, REQUEST]), {}, [], False, "has been PENDING"),
        (seen(0, instances=[RUNNING]), {}, [], True, "i-1 is running as g5.xlarge: it needs no more vCPUs"),
        (seen(0, instances=[{**RUNNING, "State": "pending"}]), {}, [], True, "needs no more vCPUs"),
        (seen(0, instances=[{**RUNNING, "State": "stopped"}]), {}, ASK, False, "granted 0 of 4"),
        (seen(4, instances=[{**RUNNING, "InstanceType": "g5.2xlarge"}]), {}, [], True, "granted 4 of 4"),
        (seen(0), {"instance_type": "hpc6a.48xlarge"}, [], True, "no vCPU quota is known for hpc6a.48xlarge"),
    ],
)  # fmt: skip
def test_what_is_granted_needed_and_asked(
    picture: dict[str, Any], params: dict[str, Any], made: list[str], enough: bool, said: str
) -> None:
    planned, result = told(picture, **params)
    assert planned == made
    assert result["enough"] == enough
    assert said in result["message"]
    assert "\n" not in result["message"]


@pytest.mark.parametrize(
    ("picture", "parts"),
    [
        ({}, {"instances"}),
        ({"instances": [RUNNING]}, {"instances"}),
        ({"instances": []}, {"instances", "type_facts", "quota", "others"}),
        (seen(4), {"instances", "type_facts", "quota", "others"}),
        (seen(1), {"instances", "type_facts", "quota", "others", "quota_requests"}),
        ({**seen(1), "type_facts": None}, {"instances", "type_facts", "quota", "others"}),
    ],
    ids=["first", "runs already", "to be launched", "enough", "lacking", "unknown type"],
)
def test_no_more_is_read_than_the_decision_takes(picture: dict[str, Any], parts: set[str]) -> None:
    assert plan_quota.needs(want(), picture) == parts


def test_a_partial_grant_is_told_as_what_it_is() -> None:
    (change,) = plan_quota.plan(want(), seen(1, quota_requests=[{**REQUEST, "status": "APPROVED"}]))
    assert change.reason == "granted 1 of 4 vCPUs; the request of 2026-11-20 for 4 ended as APPROVED"
    assert (change.before, change.after, change.bill) == (1, 4, "")


def test_a_request_that_was_just_made_is_in_the_result() -> None:
    result = plan_quota.result(want(), seen(1), {"id": "r2", "status": "PENDING"})
    assert result["request"] == {
        "id": "r2", "status": "PENDING", "desired": 4, "case": None, "created": NOW.isoformat(), "age": "less than an hour",
    }  # fmt: skip
    assert (result["enough"], result["granted"], result["needed"], result["quota_code"]) == (False, 1, 4, CODE)
    assert "run the same command again once AWS has decided" in result["message"]


@given(st.integers(0, 64), st.integers(1, 64), st.lists(st.integers(1, 32)))
def test_a_request_is_always_above_todays_value_and_just_what_is_needed(have: int, size: int, used: list[int]) -> None:
    picture = seen(have, type_facts={"vcpus": size}, others=[{"vcpus": item} for item in used])
    planned = plan_quota.plan(want(), picture)
    assert bool(planned) == (have < size + sum(used))
    for change in planned:
        assert change.calls[0].params["DesiredValue"] == size + sum(used) > have


@pytest.mark.parametrize(("kind", "said"), [("p2.xlarge", "is retired"), ("g5.huge", "knows no g5.huge")])
def test_a_type_that_cannot_be_had_is_refused_and_not_asked_for(kind: str, said: str) -> None:
    with pytest.raises(Refused, match=f"^box_instance_type: .*{said}"):
        plan_quota.plan(want(instance_type=kind), seen(0, type_facts=None))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("g5.xlarge", CODE),
        ("g4dn.xlarge", CODE),
        ("gr6.4xlarge", CODE),
        ("g6f.large", CODE),
        ("vt1.3xlarge", CODE),
        ("p4d.24xlarge", "L-417A185B"),
        ("p6-b200.48xlarge", "L-417A185B"),
        ("t3.large", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("is4gen.medium", "L-1216C47A"),
        ("inf2.xlarge", "L-1945791B"),
        ("trn1n.32xlarge", "L-2C3B7624"),
        ("dl1.24xlarge", "L-6E869C2A"),
        ("f2.6xlarge", "L-74FC7D96"),
        ("x2gd.medium", "L-7295265B"),
        ("hpc6a.48xlarge", None),
        ("u-6tb1.metal", None),
        ("mac2.metal", None),
    ],
)
def test_a_type_counts_against_its_familys_quota(kind: str, code: str | None) -> None:
    family = family_of(kind)
    assert (family.code if family else None) == code


def test_every_family_that_ec2_lists_has_a_code() -> None:
    """But for those with quotas of another kind (hpc, mac, u) and types long gone."""
    types = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType").enum
    unknown = {re.split(r"[-\d]", kind)[0] for kind in types if not family_of(kind)}
    assert unknown == {"hpc", "mac", "u", "cc", "cg", "cr", "hi", "hs"}


@pytest.mark.parametrize(
    ("created", "age"),
    [
        ("2026-11-22T11:30:00+00:00", "less than an hour"),
        ("2026-11-22T10:30:00+00:00", "1 hour"),
        ("2026-11-21T10:00:00+00:00", "26 hours"),
        ("2026-11-13T12:00:00+00:00", "9 days"),
    ],
)
def test_the_age_of_a_request_is_told(created: str, age: str) -> None:
    _, result = told(seen(1, quota_requests=[{**REQUEST, "created": created}]))
    assert result["request"]["age"] == age
