"""The vCPU quota against the rehearsal: enough, requested once, followed, granted in part, never doubled."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from rehearsal.testing import REGION, Server

from .conftest import Module, check_apply_again, predicted
from .in_process import in_process

CODE = "L-DB2E81BA"
TYPE = {"instance_type": "g5.xlarge"}
REQUEST = "RequestServiceQuotaIncrease"


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process."""
    return in_process(aws_server, monkeypatch)


def grant(server: Server, value: int) -> None:
    server.post("quota", {"region": REGION, "code": CODE, "value": value})


def decide(server: Server, status: str, **more: Any) -> None:
    server.post("quota", {"region": REGION, "code": CODE, "status": status, **more})


def launch(server: Server, kind: str = "g5.xlarge", box: str = "") -> str:
    """A running instance, with a box's tag or without; returns its id."""
    ec2 = server.client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "dlbox:box", "Value": box}]}] if box else []
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType=kind, MinCount=1, MaxCount=1, TagSpecifications=tags)
    return str(made["Instances"][0]["InstanceId"])


def test_it_is_requested_once_and_followed(here: Module, aws_server: Server) -> None:
    grant(aws_server, 1)
    aws_server.forget_calls()
    asked = check_apply_again(here, aws_server, "dlbox_quota", **TYPE)
    assert (asked["enough"], asked["granted"], asked["needed"], asked["quota_code"]) == (False, 1, 4, CODE)
    assert asked["message"].startswith(f"granted 1 of 4 vCPUs of quota {CODE} (G and VT): not enough")
    assert "come back with `ansible-playbook site.yml`" in asked["message"]
    again = here("dlbox_quota", **TYPE)
    assert [item["id"] for item in again["requests"]] == [item["id"] for item in asked["requests"]]
    assert (again["requests"][0]["status"], again["requests"][0]["desired"]) == ("PENDING", 4)
    assert "I need 4 vCPUs and have been granted 1" in again["reply"]


def test_enough_is_silent(here: Module, aws_server: Server) -> None:
    grant(aws_server, 4)
    aws_server.forget_calls()
    done = here("dlbox_quota", **TYPE)
    assert (done["changed"], done["enough"], done["requests"]) == (False, True, [])
    read = Counter(call["action"] for call in aws_server.calls())
    once = (
        "DescribeAddresses",
        "DescribeInstanceTypes",
        "DescribeInstanceTypeOfferings",
        "GetServiceQuota",
        "GetCallerIdentity",
    )
    assert read == {"DescribeInstances": 2, **dict.fromkeys(once, 1)}


def test_a_box_that_runs_asks_nothing(here: Module, aws_server: Server) -> None:
    launch(aws_server, box="lab")
    grant(aws_server, 0)
    seen = here("dlbox_quota", **TYPE)["seen"]
    aws_server.forget_calls()
    done = here("dlbox_quota", **TYPE, observed=seen)
    assert (done["changed"], done["enough"]) == (False, True)
    assert not aws_server.calls()


def test_others_of_the_family_count_and_other_families_do_not(here: Module, aws_server: Server) -> None:
    launch(aws_server, "g4dn.2xlarge", box="lab-2")
    launch(aws_server, "m5.large")
    grant(aws_server, 11)
    done = here("dlbox_quota", check=True, **TYPE)
    assert (done["enough"], done["needed"]) == (False, 12)
    grant(aws_server, 12)
    assert here("dlbox_quota", **TYPE)["enough"]


def test_a_partial_grant_is_never_called_approved(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    here("dlbox_quota", **TYPE)
    decide(aws_server, "APPROVED", value=1)
    done = here("dlbox_quota", **TYPE, check=True)
    assert done["message"].startswith("granted 1 of 4")
    assert not done["enough"]
    assert "for 4 with that" in done["changes"][0]["reason"]
    assert predicted(done) == ["service-quotas:request_service_quota_increase"]


def test_a_grant_lets_the_same_command_go_on(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    here("dlbox_quota", **TYPE)
    decide(aws_server, "APPROVED")
    done = here("dlbox_quota", **TYPE)
    assert (done["changed"], done["enough"]) == (False, True)


def test_an_open_request_for_too_little_is_said(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    here("dlbox_quota", instance_type="g5.xlarge")
    done = here("dlbox_quota", instance_type="g5.4xlarge")
    assert not done["changed"]
    assert "reply to AWS's mail about it that you need 16" in done["message"]


def test_without_leave_nothing_is_requested(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    done = here("dlbox_quota", **TYPE, request="false")
    assert (done["changed"], done["enough"]) == (False, False)
    assert "set box_quota_request: true" in done["message"]


@pytest.mark.parametrize("fault", [{"kind": "drop", "when": "after"}, {"kind": "error", "when": "after"}])
def test_a_lost_reply_ends_with_one_request(here: Module, aws_server: Server, fault: dict[str, str]) -> None:
    grant(aws_server, 0)
    aws_server.fault(REQUEST, **fault)
    done = here("dlbox_quota", **TYPE)
    assert done["requests"][0]["status"] == "PENDING"
    assert len(aws_server.calls(REQUEST)) == 1


def test_a_request_that_another_run_made_meanwhile_is_followed(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    quotas = aws_server.client("service-quotas")
    made = quotas.request_service_quota_increase(ServiceCode="ec2", QuotaCode=CODE, DesiredValue=4)["RequestedQuota"]
    aws_server.fault("ListRequestedServiceQuotaChangeHistoryByQuota", kind="stale")
    done = here("dlbox_quota", **TYPE)
    assert done["requests"][0]["id"] == made["Id"]


def test_what_was_observed_earlier_is_read_again_before_a_request(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    seen = here("dlbox_quota", **TYPE, check=True)["seen"]
    grant(aws_server, 4)
    done = here("dlbox_quota", **TYPE, observed=seen)
    assert (done["changed"], done["enough"]) == (False, True)
    assert not aws_server.calls(REQUEST)


def test_an_account_without_a_value_of_its_own_has_the_default(here: Module, aws_server: Server) -> None:
    aws_server.fault("GetServiceQuota", code="NoSuchResourceException", message="none", status=400)
    assert here("dlbox_quota", instance_type="t3.large")["granted"] == 5


def test_what_aws_refused_is_asked_for_again_only_where_that_is_meant(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    here("dlbox_quota", **TYPE)
    decide(aws_server, "DENIED")
    aws_server.forget_calls()
    done = here("dlbox_quota", **TYPE)
    assert (done["changed"], done["enough"]) == (False, False)
    assert "as DENIED: reply to" in done["message"]
    assert not aws_server.calls(REQUEST)
    assert here("dlbox_quota", **TYPE, request="again")["changed"]
    assert len(aws_server.calls(REQUEST)) == 1


def test_waiting_sees_the_grant_come(
    here: Module, aws_server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grant(aws_server, 0)

    def decided_meanwhile(seconds: float) -> None:
        decide(aws_server, "APPROVED", value=4)

    monkeypatch.setattr("dlbox.quota_wait.time.sleep", decided_meanwhile)
    done = here("dlbox_quota", **TYPE, wait="2h")
    assert (done["changed"], done["enough"], done["granted"]) == (True, True, 4)
    assert len(aws_server.calls(REQUEST)) == 1


def test_a_quota_whose_code_has_changed_is_found_by_its_name(here: Module, aws_server: Server) -> None:
    aws_server.post("knobs", {"quota_codes": {CODE: "L-0000TEST"}})
    aws_server.post("quota", {"region": REGION, "code": "L-0000TEST", "value": 1})
    done = here("dlbox_quota", **TYPE)
    assert (done["quota_code"], done["granted"], done["enough"]) == ("L-0000TEST", 1, False)
    assert aws_server.calls(REQUEST)[0]["params"]["QuotaCode"] == "L-0000TEST"


def test_spot_has_a_quota_of_its_own(here: Module, aws_server: Server) -> None:
    done = here("dlbox_quota", **TYPE, spot=True, check=True)
    assert (done["quota_code"], done["granted"], done["enough"]) == ("L-3819A6DF", 0, False)


def test_a_free_plan_is_told_before_anything_is_asked_for(here: Module, aws_server: Server) -> None:
    grant(aws_server, 0)
    aws_server.post("knobs", {"account_plan": "FREE"})
    done = here("dlbox_quota", **TYPE)
    assert (done["changed"], done["enough"]) == (False, False)
    assert "this account is on AWS's free plan" in done["message"]


def test_the_addresses_have_a_quota_too(here: Module, aws_server: Server) -> None:
    ec2 = aws_server.client("ec2")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    done = here("dlbox_quota", **TYPE)
    assert "granted 5 of 6 addresses of quota L-0263D0A3" in done["message"]
    assert aws_server.calls(REQUEST)[0]["params"]["DesiredValue"] == 6
    aws_server.post("quota", {"region": REGION, "code": "L-0263D0A3", "status": "APPROVED"})
    assert here("dlbox_quota", **TYPE)["enough"]


def test_what_the_grant_is_enough_for_is_offered_with_its_price(here: Module, aws_server: Server) -> None:
    grant(aws_server, 4)
    done = here("dlbox_quota", instance_type="g5.12xlarge", check=True)
    assert done["smaller"]["vcpus"] <= 4
    assert done["smaller"]["hourly_usd"] > 0
    assert f"box_instance_type: {done['smaller']['type']} (" in done["message"]


def test_a_retired_type_is_refused_and_not_asked_for(here: Module, aws_server: Server) -> None:
    assert "p2.xlarge is retired" in here("dlbox_quota", instance_type="p2.xlarge")["msg"]
    assert not aws_server.calls(writes=True)
