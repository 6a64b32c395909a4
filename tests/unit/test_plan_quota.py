"""The quota's plan: facts in, at most one request out; no AWS."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from dlbox import observe_quota, plan_quota
from dlbox.aws import Aws
from dlbox.change import writes
from dlbox.errors import AwsError, DlboxError, Refused
from dlbox.families import by_title, family_of, listed
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import TAGS, gpu_type

CODE, SPOT = "L-DB2E81BA", "L-3819A6DF"
OWN = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1", "Tags": TAGS}
NOW = "2026-11-22T12:00:00+00:00"
ACCOUNT = {"account": "123456789012", "partition": "aws", "rehearsal": False, "now": NOW}
REQUEST = {
    "id": "r1",
    "code": CODE,
    "status": "PENDING",
    "desired": 4,
    "created": "2026-11-20T12:00:00+00:00",
    "case": None,
}
RUNNING = {"InstanceId": "i-1", "InstanceType": "g5.xlarge", "State": "running"}


def want(**params: Any) -> plan_quota.Want:
    asked = {
        "box": "lab",
        "region": "us-west-2",
        "instance_type": "g5.xlarge",
        "request": "true",
        "spot": False,
        **params,
    }
    return plan_quota.want(asked)


def seen(granted: int = 1, **parts: Any) -> dict[str, Any]:
    """A picture of an account with a quota, nothing running and no request."""
    quotas = {code: {"code": code, "value": granted} for code in (CODE, SPOT)}
    types = {"g5.xlarge": gpu_type(4), "g5.2xlarge": gpu_type(8), "hpc6a.48xlarge": gpu_type(96)}
    return {
        "account": ACCOUNT, "instances": [], "addresses": [OWN], "types": types, "zones": {kind: ["us-west-2a"] for kind in types}, "quotas": quotas,
        "near": [], "others": [], "quota_requests": {}, "account_plan": "PAID", "market": {"types": types, "prices": {}},
    } | parts  # fmt: skip


def asked_before(**fields: Any) -> dict[str, Any]:
    """A picture with one request of two days ago."""
    return {CODE: [{**REQUEST, **fields}]}


def granted_less(times: int, *newer: dict[str, Any], desired: int = 4) -> dict[str, Any]:
    """A picture with requests that AWS approved, and granted less."""
    return {CODE: [*newer, *([{**REQUEST, "status": "APPROVED", "desired": desired}] * times)]}


def beside(*vcpus: int, kind: str = "g5.xlarge", spot: bool = False) -> list[dict[str, Any]]:
    """Other instances that run."""
    return [{"id": "i-9", "type": kind, "spot": spot, "vcpus": size} for size in vcpus]


def told(picture: dict[str, Any], **params: Any) -> tuple[list[str], dict[str, Any]]:
    """The writes planned, and the result in check mode."""
    asked = want(**params)
    assert plan_quota.needs(asked, picture) <= picture.keys()
    return writes(plan_quota.plan(asked, picture)), plan_quota.result(asked, picture, {})


ASK = ["service-quotas:request_service_quota_increase"]


@pytest.mark.parametrize(
    ("picture", "params", "made", "enough", "said"),
    [
        (seen(4), {}, [], True, f"4 of the 4 vCPUs of quota {CODE} (G and VT) are needed: enough"),
        (seen(8, others=beside(4)), {}, [], True, "are needed, 4 of them by others: enough"),
        (seen(4, others=beside(4, spot=True)), {}, [], True, "4 of the 4 vCPUs"),
        (seen(4, others=beside(96, kind="p4d.24xlarge")), {}, [], True, "4 of the 4 vCPUs"),
        (seen(4, others=beside(4)), {"spot": True}, [], True, f"4 of the 4 vCPUs of quota {SPOT} (G and VT Spot) are needed"),
        (seen(4, others=beside(4, spot=True)), {"spot": True}, ASK, False, "granted 4 of 8 vCPUs"),
        (seen(1), {}, ASK, False, "granted 1 of 4 vCPUs"),
        (seen(1), {}, ASK, False, "`ansible-playbook site.yml` asks AWS for 4"),
        (seen(7, others=beside(4)), {}, ASK, False, "granted 7 of 8 vCPUs"),
        (seen(1), {"request": "false"}, [], False, "set box_quota_request: true"),
        (seen(1, quota_requests=asked_before()), {}, [], False, "request r1 for 4 has been PENDING for 2 days"),
        (seen(1, quota_requests=asked_before(status="CASE_OPENED", case="17")), {}, [], False, "request r1 (case 17) for 4 has been CASE_OPENED"),
        (seen(1, quota_requests=asked_before(desired=2)), {}, [], False, "asks for too little: reply to AWS's mail"),
        (seen(1, quota_requests=asked_before(status="APPROVED")), {}, ASK, False, "granted 1 of 4 vCPUs"),
        (seen(1, quota_requests=asked_before(status="DENIED", case="17")), {}, [], False, "as DENIED: reply to case 17 with the text below"),
        (seen(1, quota_requests=asked_before(status="NOT_APPROVED")), {}, [], False, "as NOT_APPROVED: reply to AWS's mail about it"),
        (seen(1, quota_requests=asked_before(status="CASE_CLOSED")), {}, [], False, "as CASE_CLOSED"),
        (seen(1, quota_requests=granted_less(2)), {}, [], False, "AWS ended the request of 2026-11-20 for 4 with that, as it did the one before: reply to AWS's mail about it"),
        (seen(1, quota_requests=granted_less(2)), {"request": "again"}, ASK, False, "granted 1 of 4"),
        (seen(1, quota_requests=granted_less(2, desired=2)), {}, ASK, False, "granted 1 of 4"),
        (seen(1, quota_requests=granted_less(1, REQUEST)), {}, [], False, "for 4 with that; request r1 asks for 4 once more and has been PENDING for 2 days"),
        (seen(1, quota_requests={CODE: [REQUEST, {**REQUEST, "status": "DENIED"}, *granted_less(1)[CODE]]}), {}, [], False, "not enough; request r1 for 4 has been PENDING"),
        (seen(1, quota_requests=asked_before(status="DENIED")), {"request": "again"}, ASK, False, "granted 1 of 4"),
        (seen(1, quota_requests=asked_before(status="DENIED", desired=2)), {}, ASK, False, "granted 1 of 4"),
        (seen(1, quota_requests=asked_before(status="INVALID_REQUEST")), {}, [], False, "as INVALID_REQUEST: reply to"),
        (seen(1, quota_requests={CODE: [REQUEST, {**REQUEST, "status": "DENIED"}]}), {}, [], False, "has been PENDING"),
        (seen(0, account_plan="FREE"), {}, [], False, "this account is on AWS's free plan"),
        (seen(0, instances=[RUNNING]), {}, [], True, "i-1 is running as g5.xlarge: it needs no more vCPUs"),
        (seen(0, instances=[{**RUNNING, "State": "pending"}]), {}, [], True, "needs no more vCPUs"),
        (seen(0, instances=[{**RUNNING, "State": "stopped"}]), {}, ASK, False, "granted 0 of 4"),
        (seen(4, instances=[{**RUNNING, "InstanceType": "g5.2xlarge"}]), {}, [], True, "4 of the 4 vCPUs"),
        (seen(0), {"instance_type": "hpc6a.48xlarge"}, [], True, "no vCPU quota is known for hpc6a.48xlarge"),
        (seen(4), {"instance_type": ["g5.2xlarge", "g5.xlarge"]}, [], True, "4 of the 4 vCPUs"),
        (seen(1), {"instance_type": ["g5.2xlarge", "g5.xlarge"]}, ASK, False, "granted 1 of 8 vCPUs"),
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


HERE = "ansible-playbook site.yml"


@pytest.mark.parametrize(
    ("picture", "params", "saved", "waiting", "said"),
    [
        pytest.param(seen(4), {}, {}, False, "", id="enough"),
        pytest.param(seen(1), {}, {f"{CODE}.id": "r2", f"{CODE}.status": "PENDING"}, True, f"come back with the same command, today or in days; it goes on from here: {HERE}", id="asked for now"),
        pytest.param(seen(1, quota_requests=asked_before()), {}, {}, True, "come back with the same command", id="open"),
        pytest.param(seen(1, quota_requests=asked_before(desired=2)), {}, {}, False, "come back with the same command", id="open, for too little"),
        pytest.param(seen(1, quota_requests=asked_before()), {"request": "again"}, {}, True, f"{HERE}, without box_quota_request=again", id="again: it must not stay in the command"),
        pytest.param(seen(1), {}, {}, False, f"nothing has been asked for yet: {HERE}, without --check, asks AWS", id="dry run"),
        pytest.param(seen(1, quota_requests=asked_before(status="DENIED")), {"request": "again"}, {}, False, f"nothing has been asked for yet: {HERE} -e box_quota_request=again, without --check", id="again, dry run"),
        pytest.param(seen(1), {"request": "false"}, {}, False, f"once AWS has granted what you ask for, or to have it asked for: {HERE}, the latter with -e", id="not to be asked for"),
        pytest.param(seen(1, quota_requests=asked_before()), {"request": "false"}, {}, True, "come back with the same command", id="not to be asked for, open"),
        pytest.param(seen(1, quota_requests=asked_before(status="DENIED")), {}, {}, False, f"once AWS has answered your reply: {HERE}; to have it asked once more: {HERE} -e box_quota_request=again", id="refused"),
        pytest.param(seen(0, account_plan="FREE"), {}, {}, False, f"once the account is on the paid plan: {HERE}", id="free plan"),
    ],
)  # fmt: skip
def test_what_to_do_next(
    picture: dict[str, Any], params: dict[str, Any], saved: dict[str, Any], waiting: bool, said: str
) -> None:
    result = plan_quota.result(want(**params), picture, saved)
    assert result["waiting"] == waiting
    assert said in result["next"]
    assert bool(said) == bool(result["next"])


FULL = [{**OWN, "Tags": {}}] * 5
LIMIT = {"code": "L-0263D0A3", "value": 5}


@pytest.mark.parametrize(
    ("addresses", "quota", "running", "made", "said"),
    [
        (FULL, LIMIT, False, ASK, "granted 5 of 6 addresses of quota L-0263D0A3 (Elastic IPs), of which others use 5: not enough"),
        (FULL, LIMIT, True, [], "needs no more vCPUs"),
        (FULL, {**LIMIT, "value": 6}, False, [], "4 of the 4 vCPUs"),
        (FULL, {**LIMIT, "value": None}, False, [], "4 of the 4 vCPUs"),
    ],
)  # fmt: skip
def test_the_address_has_a_quota_too(
    addresses: list[Any], quota: dict[str, Any], running: bool, made: list[str], said: str
) -> None:
    picture = seen(4, addresses=addresses, address_quota=quota, instances=[RUNNING] if running else [])
    planned, result = told(picture)
    assert (planned, result["enough"]) == (made, not made)
    assert said in result["message"]


@pytest.mark.parametrize(
    ("picture", "parts"),
    [
        ({}, {"account", "instances", "addresses"}),
        ({"account": ACCOUNT, "instances": [RUNNING], "addresses": [OWN]}, {"account", "instances", "addresses"}),
        ({"account": ACCOUNT, "instances": [RUNNING], "addresses": FULL}, {"account", "instances", "addresses", "address_quota"}),
        ({"account": ACCOUNT, "instances": [RUNNING], "addresses": [OWN, *FULL]}, {"account", "instances", "addresses"}),
        ({"account": ACCOUNT, "instances": [], "addresses": FULL[:4]}, {"account", "instances", "addresses", "types", "zones", "quotas", "others"}),
        (seen(4), {"account", "instances", "addresses", "types", "zones", "quotas", "others"}),
        (seen(1), {"account", "instances", "addresses", "types", "zones", "quotas", "others", "quota_requests", "account_plan", "market"}),
    ],
    ids=["first", "runs already", "runs, five addresses", "has its address", "to be launched", "enough", "lacking"],
)  # fmt: skip
def test_no_more_is_read_than_the_decision_takes(picture: dict[str, Any], parts: set[str]) -> None:
    assert plan_quota.needs(want(), picture) == parts


def test_needs_are_read_before_they_are_decided() -> None:
    asked = want(instance_type={"gpus": 1})
    assert plan_quota.needs(asked, {}) == {"account", "instances", "addresses", "types"}
    picture = {"account": ACCOUNT, "instances": [], "addresses": [OWN], "types": {"g5.xlarge": gpu_type(4)}}
    assert "prices" in plan_quota.needs(asked, picture)


def test_a_partial_grant_is_told_as_what_it_is() -> None:
    (change,) = plan_quota.plan(want(), seen(1, quota_requests=asked_before(status="APPROVED")))
    assert change.reason == "granted 1 of 4 vCPUs; AWS ended the request of 2026-11-20 for 4 with that"
    assert (change.before, change.after, change.bill) == (1, 4, "")


def test_the_text_for_the_case_gives_the_figures_and_a_reason() -> None:
    reply = told(seen(1))[1]["reply"]
    assert "Running On-Demand G and VT instances (L-DB2E81BA), region us-west-2" in reply
    assert "I need 4 vCPUs and have been granted 1. One g5.xlarge has 4 vCPUs: with 1, it cannot start at all." in reply
    beside_others = told(seen(7, others=beside(4)))[1]["reply"]
    assert "I need 8 vCPUs and have been granted 7. One more g5.xlarge needs 4 vCPUs beside the 4" in beside_others
    assert told(seen(4))[1]["reply"] == ""


SIZES = {
    "g4dn.xlarge": gpu_type(4, 16), "g5.xlarge": gpu_type(4), "g6.xlarge": gpu_type(4), "g6e.2xlarge": gpu_type(8, 45),
    "g5g.xlarge": gpu_type(4, 96, architectures=["arm64"]), "p4d.24xlarge": gpu_type(4, 40, 8), "p3.2xlarge": gpu_type(4, 99),
    "g6f.large": gpu_type(2, 99, 0),
}  # fmt: skip
PRICES = {"g5.xlarge": 1.006, "g6.xlarge": 0.8048, "g4dn.xlarge": 0.526}


@pytest.mark.parametrize(
    ("granted", "used", "best"),
    [(4, 0, "g6.xlarge"), (8, 0, "g6e.2xlarge"), (12, 8, "g6.xlarge"), (3, 0, None), (8, 5, None)],
)
def test_a_smaller_type_that_fits_is_offered_with_its_price(granted: int, used: int, best: str | None) -> None:
    picture = seen(granted, others=beside(used), market={"types": SIZES, "prices": PRICES})
    picture["types"]["g5.48xlarge"] = gpu_type(192)
    picture["zones"]["g5.48xlarge"] = ["us-west-2a"]
    result = told(picture, instance_type="g5.48xlarge")[1]
    assert (result["smaller"] or {}).get("type") == best
    assert ("$0.8048 an hour" in result["message"]) == (best == "g6.xlarge")


def test_a_request_that_was_just_made_is_in_the_result() -> None:
    result = plan_quota.result(want(), seen(1), {f"{CODE}.id": "r2", f"{CODE}.status": "PENDING"})
    assert result["requests"] == [
        {
            "id": "r2",
            "code": CODE,
            "status": "PENDING",
            "desired": 4,
            "case": None,
            "created": NOW,
            "age": "less than an hour",
        }
    ]
    assert (result["enough"], result["granted"], result["needed"], result["quota_code"]) == (False, 1, 4, CODE)
    assert "come back with `ansible-playbook site.yml` once AWS has decided" in result["message"]


@given(st.integers(0, 64), st.integers(1, 64), st.lists(st.integers(1, 32)))
def test_a_request_is_always_above_todays_value_and_just_what_is_needed(have: int, size: int, used: list[int]) -> None:
    picture = seen(have, types={"g5.xlarge": gpu_type(size)}, others=beside(*used))
    planned = plan_quota.plan(want(), picture)
    assert bool(planned) == (have < size + sum(used))
    for change in planned:
        assert change.calls[0].params["DesiredValue"] == size + sum(used) > have


@pytest.mark.parametrize(("kind", "said"), [("p2.xlarge", "is retired"), ("g5.huge", "knows no g5.huge")])
def test_a_type_that_cannot_be_had_is_refused_and_not_asked_for(kind: str, said: str) -> None:
    with pytest.raises(Refused, match=f"^box_instance_type: .*{said}"):
        plan_quota.plan(want(instance_type=kind), seen(0, types={}))


class Looks:
    """A look at the quota that is enough from a given one on."""

    def __init__(self, enough_at: int, requests: int = 1) -> None:
        self.count, self.enough_at, self.requests = 0, enough_at, [REQUEST] * requests

    def __call__(self, **more: Any) -> dict[str, Any]:
        self.count += 1
        first = {"changed": self.count == 1, "changes": ["asked"], "diff": [], "unverified": []}
        enough = self.count >= self.enough_at
        return {
            **first,
            "enough": enough,
            "message": f"look {self.count}; more",
            "requests": [] if enough else self.requests,
        }


@pytest.mark.parametrize(
    ("wait", "looks", "check", "count", "enough"),
    [
        ("0", Looks(2), False, 1, False),
        ("2h", Looks(1), False, 1, True),
        ("2h", Looks(3), False, 3, True),
        ("2h", Looks(3), True, 1, False),
        ("2h", Looks(9, requests=0), False, 1, False),
        ("50s", Looks(9), False, 3, False),
    ],
    ids=["no wait", "enough", "comes", "dry run", "nothing is open", "time is over"],
)
def test_waiting_ends_with_the_decision_or_the_time(
    monkeypatch: pytest.MonkeyPatch, wait: str, looks: Looks, check: bool, count: int, enough: bool
) -> None:
    clock = [0.0]
    monkeypatch.setattr("dlbox.quota_wait.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("dlbox.quota_wait.time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    said: list[str] = []
    answer = plan_quota.follow(want(wait=wait), looks, check, said.append)
    assert (looks.count, answer["enough"], answer["changed"]) == (count, enough, True)
    assert len(said) == count - 1


def test_a_quota_that_must_be_granted_fails_where_it_is_not() -> None:
    with pytest.raises(DlboxError, match=r"^look 1"):
        plan_quota.follow(want(state="granted"), Looks(2), False, print)
    assert not plan_quota.follow(want(state="granted"), Looks(2), True, print)["enough"]


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


P_OF_ALL = {
    "L-9": {"name": "All P Spot Instance Requests", "value": 64},
    "L-417A185B": {"name": "Running On-Demand P instances", "value": 8},
}


@pytest.mark.parametrize(
    ("kind", "spot", "found"),
    [
        ("p4d.24xlarge", True, {"code": "L-9", "value": 64}),
        ("p5.48xlarge", True, {"code": "L-9", "value": 64}),
        ("p5.48xlarge", False, {"code": "L-417A185B", "value": 8}),
        ("g5.xlarge", True, {"code": SPOT, "value": None}),
    ],
)
def test_a_quota_that_is_gone_is_found_where_the_table_of_quota_yml_finds_it(
    monkeypatch: pytest.MonkeyPatch, kind: str, spot: bool, found: dict[str, Any]
) -> None:
    """AWS documents both: P split by generation, and one quota for all of P."""

    def gone(*asked: Any, **more: Any) -> Any:
        raise AwsError("no", "NoSuchResourceException")

    aws = Aws("us-west-2")
    monkeypatch.setattr(aws, "call", gone)
    monkeypatch.setattr(observe_quota.observe_gpu, "quotas", lambda *asked: P_OF_ALL)
    asked = want(instance_type=kind, spot=spot)
    assert [*observe_quota.quotas(aws, asked, {}).values()] == [found]
    shown = listed(kind, spot, by_title(P_OF_ALL))
    assert (shown and shown.code) == found["code"]


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
    assert f"has been PENDING for {age}:" in told(seen(1, quota_requests=asked_before(created=created)))[1]["message"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("g5.xlarge", SPOT), ("gr6.4xlarge", SPOT), ("t3.large", "L-34B43A08"), ("p4d.24xlarge", "L-7212CCBC"),
        ("p5.48xlarge", "L-C4BD4855"), ("p6-b200.48xlarge", None), ("inf2.xlarge", None),
    ],
)  # fmt: skip
def test_spot_has_quotas_of_its_own(kind: str, code: str | None) -> None:
    family = family_of(kind, spot=True)
    assert (family.code if family else None) == code
