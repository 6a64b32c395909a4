"""The alarm against the rehearsal: created, every drift mended with exactly what was predicted, removed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsal.testing import Server

from .conftest import Module, check_apply_again, predicted
from .in_process import in_process
from .test_schedule import launch, replace

NAME = "dlbox-us-west-2-lab-hours"
TOPIC = f"arn:aws:sns:us-west-2:000000000000:{NAME}"
ALARM = f"arn:aws:cloudwatch:us-west-2:000000000000:alarm:{NAME}"
ME = "you@example.org"
ASKED = {"hours": 10, "email": ME}
MARK, PUT, SUBSCRIBE = "ec2:create_tags", "cloudwatch:put_metric_alarm", "sns:subscribe"
MADE = [MARK, "sns:create_topic", SUBSCRIBE, PUT]
GONE = ["cloudwatch:delete_alarms", "sns:delete_topic", MARK]
KINDS = ("alarm", "topic", "subscription")


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process, with a box whose group it marks."""
    made = in_process(aws_server, monkeypatch)
    prepare(aws_server)
    return made


def prepare(server: Server, box: str = "lab") -> None:
    """A box's group and instance."""
    tags = [{"Key": "dlbox:box", "Value": box}, {"Key": "Name", "Value": box}]
    spec = [{"ResourceType": "security-group", "Tags": tags}]
    name = f"dlbox-us-west-2-{box}"
    server.client("ec2").create_security_group(GroupName=name, Description=box, TagSpecifications=spec)
    launch(server, box)
    server.forget_calls()


def left(server: Server) -> list[str]:
    """What there is of alarms."""
    return sorted(one["kind"] for one in server.inventory() if one["kind"] in KINDS)


def put(server: Server, **fields: Any) -> None:
    """Change the alarm by hand."""
    cloudwatch = server.client("cloudwatch")
    (now,) = cloudwatch.describe_alarms(AlarmNames=[NAME])["MetricAlarms"]
    kept = (
        "AlarmName", "AlarmDescription", "ActionsEnabled", "AlarmActions", "MetricName", "Namespace", "Statistic", "Dimensions",
        "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData",
    )  # fmt: skip
    cloudwatch.put_metric_alarm(**{key: now[key] for key in kept} | fields)


def subscribe(server: Server, address: str) -> None:
    """Subscribe somebody by hand, who confirms."""
    server.client("sns").subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=address)
    server.post("confirm", {"topic": TOPIC, "email": address})


DRIFT: dict[str, tuple[Callable[[Server], Any], list[str], str]] = {
    "threshold": (lambda s: put(s, Threshold=6.0), [PUT], "box_alarm_hours differs"),
    "metric": (lambda s: put(s, MetricName="CPUUtilization"), [PUT], "it counts something else"),
    "missing data": (lambda s: put(s, TreatMissingData="breaching"), [PUT], "a stopped box for a running one"),
    "switched off": (
        lambda s: s.client("cloudwatch").disable_alarm_actions(AlarmNames=[NAME]), [PUT], "actions are switched off",
    ),
    "mails nobody": (lambda s: put(s, AlarmActions=[]), [PUT], "something else than mail"),
    "text": (lambda s: put(s, AlarmDescription="x"), [PUT], "its text differs"),
    "instance replaced": (replace, [PUT], "it watches another instance"),
    "alarm deleted": (lambda s: s.client("cloudwatch").delete_alarms(AlarmNames=[NAME]), [PUT], "none of this name"),
    "alarm untagged": (
        lambda s: s.client("cloudwatch").untag_resource(ResourceARN=ALARM, TagKeys=["dlbox:box"]),
        ["cloudwatch:tag_resource"], "its tags differ",
    ),
    "topic deleted": (
        lambda s: s.client("sns").delete_topic(TopicArn=TOPIC), ["sns:create_topic", SUBSCRIBE], "none of this name",
    ),
    "topic untagged": (
        lambda s: s.client("sns").untag_resource(ResourceArn=TOPIC, TagKeys=["Name"]),
        ["sns:tag_resource"], "its tags differ",
    ),
    "never confirmed": (lambda s: s.post("clock", {"advance_s": 172801}), [SUBSCRIBE], "nobody would get the mail"),
    "another's address": (lambda s: subscribe(s, "x@example.org"), ["sns:unsubscribe"], "no setting asks for it"),
    "group's tag removed": (
        lambda s: s.client("ec2").delete_tags(Resources=[group(s)], Tags=[{"Key": "dlbox:alarm"}]), [MARK], "later runs",
    ),
}  # fmt: skip


def group(server: Server) -> str:
    """The id of the box's group."""
    found = server.client("ec2").describe_security_groups(GroupNames=["dlbox-us-west-2-lab"])
    return str(found["SecurityGroups"][0]["GroupId"])


def test_it_is_made_and_asks_for_the_confirmation(here: Module, aws_server: Server) -> None:
    done = check_apply_again(here, aws_server, "dlbox_alarm", **ASKED)
    assert predicted(done) == MADE
    assert done["message"].endswith(f"confirm the mail from AWS to {ME}")
    aws_server.post("confirm", {"topic": TOPIC, "email": ME})
    assert here("dlbox_alarm", **ASKED)["message"] == f"{ME} gets a mail after 10 hours within 24"
    (alarm,) = aws_server.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["AlarmActions"], alarm["Threshold"]) == (NAME, [TOPIC], 600.0)
    tagged = {one["kind"] for one in aws_server.inventory("dlbox:box", "lab")}
    assert tagged >= {"alarm", "topic"}


@pytest.mark.parametrize("case", DRIFT)
def test_drift_is_predicted_mended_and_then_silent(here: Module, aws_server: Server, case: str) -> None:
    here("dlbox_alarm", **ASKED)
    meddle, writes, reason = DRIFT[case]
    meddle(aws_server)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_alarm", **ASKED)
    assert predicted(done) == writes
    assert reason in done["changes"][0]["reason"]
    assert left(aws_server) == ["alarm", "subscription", "topic"]


def test_another_address_takes_the_place_of_a_confirmed_one(here: Module, aws_server: Server) -> None:
    here("dlbox_alarm", **ASKED)
    aws_server.post("confirm", {"topic": TOPIC, "email": ME})
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_alarm", hours=10, email="me@example.org")
    assert predicted(done) == [SUBSCRIBE, "sns:unsubscribe"]
    assert [one["to"] for one in aws_server.inventory() if one["kind"] == "subscription"] == ["me@example.org"]


def test_a_subscription_that_is_no_mail_stays(here: Module, aws_server: Server) -> None:
    here("dlbox_alarm", **ASKED)
    aws_server.client("sns").subscribe(TopicArn=TOPIC, Protocol="sms", Endpoint="+15555550100")
    assert not here("dlbox_alarm", **ASKED)["changed"]


def test_without_an_alarm_the_group_alone_is_read(here: Module, aws_server: Server) -> None:
    for _ in range(2):
        assert not here("dlbox_alarm")["changed"]
    assert [call["action"] for call in aws_server.calls()] == ["DescribeSecurityGroups"] * 2


def test_one_that_is_no_longer_asked_for_goes_and_is_not_looked_for_again(here: Module, aws_server: Server) -> None:
    here("dlbox_alarm", **ASKED)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_alarm")
    assert predicted(done) == GONE
    assert left(aws_server) == []
    assert [call["action"] for call in aws_server.calls()] == ["DescribeSecurityGroups"]


@pytest.mark.parametrize("action", ["CreateTags", "CreateTopic", "Subscribe", "PutMetricAlarm"])
def test_a_lost_reply_leaves_one_of_each(here: Module, aws_server: Server, action: str) -> None:
    aws_server.fault(action, kind="drop", when="after")
    assert "changes" in here("dlbox_alarm", **ASKED)
    assert not here("dlbox_alarm", **ASKED)["changed"]
    assert left(aws_server) == ["alarm", "subscription", "topic"]


@pytest.mark.parametrize("number", range(len(MADE)))
def test_what_a_run_left_half_made_is_found_without_the_setting(here: Module, aws_server: Server, number: int) -> None:
    action = ["CreateTags", "CreateTopic", "Subscribe", "PutMetricAlarm"][number]
    aws_server.fault(action, code="AccessDenied", message="no", status=403, times=-1)
    assert "is not allowed" in here("dlbox_alarm", **ASKED)["msg"]
    aws_server.post("faults", [])
    assert "msg" not in here("dlbox_alarm")
    assert left(aws_server) == []


@pytest.mark.parametrize("action", ["DeleteAlarms", "DeleteTopic", "CreateTags"])
def test_what_a_run_left_half_removed_is_found(here: Module, aws_server: Server, action: str) -> None:
    here("dlbox_alarm", **ASKED)
    aws_server.fault(action, code="AccessDenied", message="no", status=403, times=-1)
    assert "is not allowed" in here("dlbox_alarm")["msg"]
    aws_server.post("faults", [])
    assert "msg" not in here("dlbox_alarm")
    assert left(aws_server) == []
    assert not here("dlbox_alarm")["changed"]


def test_it_goes_with_the_box_and_leaves_its_neighbour(here: Module, aws_server: Server) -> None:
    prepare(aws_server, "lab-2")
    for box in ("lab", "lab-2"):
        here("dlbox_alarm", box=box, **ASKED)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_alarm", state="absent", hours="nonsense")
    assert predicted(done) == GONE
    assert not here("dlbox_alarm", box="lab-2", **ASKED)["changed"]


def test_info_tells_it_as_it_stands_and_that_it_bills(here: Module, aws_server: Server) -> None:
    here("dlbox_alarm", **ASKED)
    found = here("dlbox_info")
    assert found["alarm"] == {"hours": 10, "mails": [], "unconfirmed": [ME]}
    assert f"alarm {NAME} ($0.10 a month, the account's first ten free)" in found["bills"]
    aws_server.post("confirm", {"topic": TOPIC, "email": ME})
    assert here("dlbox_info")["alarm"] == {"hours": 10, "mails": [ME], "unconfirmed": []}
    here("dlbox_alarm")
    aws_server.forget_calls()
    found = here("dlbox_info")
    assert found["alarm"] is None
    assert not [one for one in found["bills"] if one.startswith("alarm")]
    assert "DescribeAlarms" not in {call["action"] for call in aws_server.calls()}


def test_info_sees_an_alarm_that_outlived_its_group(here: Module, aws_server: Server) -> None:
    here("dlbox_alarm", **ASKED)
    aws_server.client("ec2").delete_security_group(GroupId=group(aws_server))
    assert f"alarm {NAME} ($0.10 a month, the account's first ten free)" in here("dlbox_info")["bills"]
