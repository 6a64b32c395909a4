"""The mail after so many hours: what is asked for, what differs and how it goes away, as tables."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from dlbox import alarm_form, plan_alarm
from dlbox.change import open_refs
from dlbox.errors import Refused
from unit.facts import PREFIX, STANDING, TAGS, is_sentence, planned, standing, told, wanted

NAME = f"{PREFIX}-hours"
TOPIC = f"arn:aws:sns:us-west-2:123456789012:{NAME}"
ME = "you@example.org"
ASKED = {"hours": 10, "email": ME}
MARKED = [{**STANDING["groups"][0], "Tags": {**TAGS, "dlbox:alarm": "true"}}]
ALARM: dict[str, Any] = {
    "AlarmName": NAME,
    "AlarmArn": f"arn:aws:cloudwatch:us-west-2:123456789012:alarm:{NAME}",
    "AlarmDescription": "lab ran more than 10 hours within 24. To stop it: ansible-playbook playbooks/stop.yml --limit lab",
    "ActionsEnabled": True,
    "OKActions": [],
    "AlarmActions": [TOPIC],
    "InsufficientDataActions": [],
    "MetricName": "StatusCheckFailed",
    "Namespace": "AWS/EC2",
    "Statistic": "SampleCount",
    "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
    "Period": 86400,
    "EvaluationPeriods": 1,
    "Threshold": 600.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "EvaluationWindow": {"SlidingWindow": {}},
    "Tags": TAGS,
}


def subscription(address: str = ME, arn: str = f"{TOPIC}:1") -> dict[str, str]:
    return {"Endpoint": address, "SubscriptionArn": arn}


def seen(**parts: Any) -> dict[str, Any]:
    """A box whose alarm stands as it should."""
    mails = {"alarm_topic": {"Tags": TAGS}, "alarm_subscriptions": [subscription()]}
    return standing(**{"groups": deepcopy(MARKED), "alarm": deepcopy(ALARM), **mails, **parts})


def alarm(**fields: Any) -> dict[str, Any]:
    """The same with fields of the alarm changed; one of None is not there."""
    return seen(alarm={key: value for key, value in {**ALARM, **fields}.items() if value is not None})


GONE = {"alarm": None, "alarm_topic": None, "alarm_subscriptions": []}
UNTAGGED = deepcopy(STANDING["groups"])
MARK, TOPIC_MADE, MAIL = "tag: ec2:create_tags", "create: sns:create_topic", "subscribe: sns:subscribe"
MADE, UPDATE = "create: cloudwatch:put_metric_alarm", "update: cloudwatch:put_metric_alarm"
END = "unsubscribe: sns:unsubscribe"
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str], str]] = {
    "as it should be": (seen(), ASKED, [], ""),
    "text after -e": (seen(), {"hours": "10", "email": ME}, [], ""),
    "the address in other letters": (seen(), {**ASKED, "email": "You@Example.org"}, [], ""),
    "nothing yet": (seen(groups=UNTAGGED, **GONE), ASKED, [MARK, TOPIC_MADE, MAIL, MADE], "later runs look for"),
    "no group yet": (
        seen(groups=[], instances=[], **GONE), ASKED, [MARK, TOPIC_MADE, MAIL, MADE], "later runs look for",
    ),
    "a run that ended after the tag": (seen(**GONE), ASKED, [TOPIC_MADE, MAIL, MADE], "there is none of this name"),
    "the tag removed by hand": (seen(groups=UNTAGGED), ASKED, [MARK], "later runs look for"),
    "made before and switched off": (
        seen(groups=[{**UNTAGGED[0], "Tags": {**TAGS, "dlbox:alarm": "false"}}], **GONE), ASKED,
        [MARK, TOPIC_MADE, MAIL, MADE], "later runs look for",
    ),
    "topic deleted": (seen(alarm_topic=None, alarm_subscriptions=[]), ASKED, [TOPIC_MADE, MAIL], "none of this name"),
    "topic's tags": (seen(alarm_topic={"Tags": {}}), ASKED, ["tag: sns:tag_resource"], "its tags differ"),
    "not confirmed yet": (seen(alarm_subscriptions=[subscription(arn="PendingConfirmation")]), ASKED, [], ""),
    "never confirmed, forgotten": (seen(alarm_subscriptions=[]), ASKED, [MAIL], "nobody would get the mail"),
    "another address": (seen(), {**ASKED, "email": "me@example.org"}, [MAIL, END], "box_alarm_email differs"),
    "another address, the old one not confirmed": (
        seen(alarm_subscriptions=[subscription(arn="PendingConfirmation")]), {**ASKED, "email": "me@example.org"},
        [MAIL], "nobody would get the mail",
    ),
    "an address of nobody's": (
        seen(alarm_subscriptions=[subscription(), subscription("x@example.org", f"{TOPIC}:2")]), ASKED, [END],
        "no setting asks for it",
    ),
    "alarm deleted": (seen(alarm=None), ASKED, [MADE], "there is none of this name"),
    "alarm's tags": (alarm(Tags={"Name": "x"}), ASKED, ["tag: cloudwatch:tag_resource"], "its tags differ"),
    "other hours": (seen(), {**ASKED, "hours": 11}, [UPDATE], "box_alarm_hours differs"),
    "threshold by hand": (alarm(Threshold=60.0), ASKED, [UPDATE], "box_alarm_hours differs"),
    "instance replaced": (alarm(Dimensions=[{"Name": "InstanceId", "Value": "i-0"}]), ASKED, [UPDATE], "another instance"),
    "no instance": (alarm(Dimensions=[]), ASKED, [UPDATE], "another instance"),
    "namespace": (alarm(Namespace="Mine"), ASKED, [UPDATE], "it counts something else"),
    "metric": (alarm(MetricName="CPUUtilization"), ASKED, [UPDATE], "it counts something else"),
    "statistic": (alarm(Statistic="Sum"), ASKED, [UPDATE], "it counts something else"),
    "percentile": (alarm(Statistic=None, ExtendedStatistic="p90"), ASKED, [UPDATE], "it counts something else"),
    "unit": (alarm(Unit="Count"), ASKED, [UPDATE], "it counts something else"),
    "period": (alarm(Period=3600), ASKED, [UPDATE], "it counts something else"),
    "periods": (alarm(EvaluationPeriods=2), ASKED, [UPDATE], "it counts something else"),
    "comparison": (alarm(ComparisonOperator="LessThanThreshold"), ASKED, [UPDATE], "it counts something else"),
    "by the calendar": (alarm(EvaluationWindow={"WallClockWindow": {}}), ASKED, [UPDATE], "it counts something else"),
    "window not told": (alarm(EvaluationWindow=None), ASKED, [], ""),
    "a metric query": (
        alarm(Namespace=None, MetricName=None, Statistic=None, Period=None, Dimensions=None, Threshold=None), ASKED,
        [UPDATE], "it counts something else",
    ),
    "missing data": (alarm(TreatMissingData="breaching"), ASKED, [UPDATE], "a stopped box for a running one"),
    "switched off": (alarm(ActionsEnabled=False), ASKED, [UPDATE], "its actions are switched off"),
    "mails nobody": (alarm(AlarmActions=[]), ASKED, [UPDATE], "something else than mail"),
    "also stops": (
        alarm(AlarmActions=[TOPIC, "arn:aws:automate:us-west-2:ec2:stop"]), ASKED, [UPDATE], "something else than mail",
    ),
    "mails when all is well": (alarm(OKActions=[TOPIC]), ASKED, [UPDATE], "something else than mail"),
    "mails without data": (alarm(InsufficientDataActions=[TOPIC]), ASKED, [UPDATE], "something else than mail"),
    "text": (alarm(AlarmDescription=None), ASKED, [UPDATE], "its text differs"),
    "no longer asked for": (
        seen(), {}, ["delete: cloudwatch:delete_alarms", "delete: sns:delete_topic", MARK], "box_alarm_hours is 0",
    ),
    "no longer asked for, half gone": (seen(alarm=None), {}, ["delete: sns:delete_topic", MARK], "box_alarm_hours is 0"),
    "no longer asked for, all but the tag gone": (seen(**GONE), {}, [MARK], "later runs look for"),
    "never asked for": (standing(), {}, [], ""),
    "box to be absent": (
        seen(), {"state": "absent"}, ["delete: cloudwatch:delete_alarms", "delete: sns:delete_topic", MARK],
        "the box is to be absent",
    ),
    "box to be absent, the group gone": (
        seen(groups=[]), {"state": "absent"}, ["delete: cloudwatch:delete_alarms", "delete: sns:delete_topic"],
        "the box is to be absent",
    ),
    "box to be absent, the tag removed": (
        seen(groups=UNTAGGED), {"state": "absent"}, ["delete: cloudwatch:delete_alarms", "delete: sns:delete_topic"],
        "the box is to be absent",
    ),
    "box to be absent, whatever the settings": (
        seen(groups=UNTAGGED, **GONE), {"state": "absent", "hours": "nonsense"}, [], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("there", "params", "changes", "reason"), CASES.values(), ids=CASES)
def test_what_differs_is_mended(there: dict[str, Any], params: dict[str, Any], changes: list[str], reason: str) -> None:
    plan = planned(plan_alarm, there, **params)
    assert told(plan) == changes
    assert reason in (plan[0].reason if plan else "")


def test_without_an_alarm_the_group_alone_is_looked_at() -> None:
    want = wanted(plan_alarm)
    assert plan_alarm.needs(want, {}) == {"groups"}
    assert plan_alarm.needs(want, standing()) == {"groups"}
    assert plan_alarm.needs(want, {"groups": []}) == {"groups"}


def test_before_the_launch_the_plan_waits_for_group_and_instance() -> None:
    plan = planned(plan_alarm, seen(groups=[], instances=[], **GONE), **ASKED)
    assert open_refs(plan) == ["the security group", "the box's instance"]
    assert plan[-1].after["instance"] == ["the instance to be launched"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"hours": 10}, "box_alarm_email is empty"),
        ({"hours": 24, "email": ME}, "box_alarm_hours: '24' is not a number of hours; write 1 to 23"),
        ({"hours": -1, "email": ME}, "box_alarm_hours: '-1'"),
        ({"hours": 1.5, "email": ME}, "box_alarm_hours: '1.5'"),
        ({"hours": True, "email": ME}, "box_alarm_hours: 'True'"),
        ({"hours": "ten", "email": ME}, "box_alarm_hours: 'ten'"),
        ({"hours": "", "email": ME}, "box_alarm_hours: ''"),
        ({"hours": [10], "email": ME}, r"box_alarm_hours: '[10]'"),
        ({"hours": 10, "email": "you"}, "box_alarm_email: 'you' is not one e-mail address"),
        ({"hours": 0, "email": "you@host"}, "box_alarm_email: 'you@host'"),
        ({"hours": 10, "email": f"{ME}, me@example.org"}, "is not one e-mail address; write it as in you@example.org"),
        ({"hours": 10, "email": f"You <{ME}>"}, "is not one e-mail address"),
        ({"hours": 10, "email": f"{ME}\n"}, "is not one e-mail address"),
        ({"hours": 10, "email": "dü@example.org"}, "is not one e-mail address"),
        ({"hours": 10, "email": "x" * 250 + "@example.org"}, "is not one e-mail address"),
    ],
)
def test_refused(params: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused) as refused:
        wanted(plan_alarm, **params)
    assert says in str(refused.value)
    assert is_sentence(str(refused.value))


PENDING = subscription(arn="PendingConfirmation")


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (seen(), f"{ME} gets a mail after 10 hours within 24"),
        (seen(alarm_subscriptions=[PENDING]), f"after 10 hours within 24: confirm the mail from AWS to {ME}"),
        (seen(alarm_subscriptions=[]), f": confirm the mail from AWS to {ME}"),
    ],
)
def test_the_result_says_what_is_left_to_do(there: dict[str, Any], message: str) -> None:
    told_so = plan_alarm.result(wanted(plan_alarm, **ASKED), there, {})
    assert told_so["message"].endswith(message)
    assert told_so["alarm_name"] == NAME
    assert plan_alarm.result(wanted(plan_alarm), standing(), {}) == {"alarm_name": None, "message": ""}


BOX = {"InstanceId": "i-1"}


@pytest.mark.parametrize(
    ("there", "box", "stands"),
    [
        (seen(), BOX, {"hours": 10, "mails": [ME], "unconfirmed": []}),
        (seen(alarm_subscriptions=[PENDING]), BOX, {"hours": 10, "mails": [], "unconfirmed": [ME]}),
        (alarm(Threshold=90.0), BOX, {"hours": 1.5, "mails": [ME], "unconfirmed": []}),
        (seen(), {"InstanceId": "i-2"}, None),
        (seen(), {}, None),
        (alarm(ActionsEnabled=False), BOX, None),
        (alarm(AlarmActions=[]), BOX, None),
        (seen(alarm=None), BOX, None),
        (standing(), BOX, None),
    ],
)
def test_the_receipt_tells_the_alarm_as_it_stands(there: dict[str, Any], box: dict[str, Any], stands: Any) -> None:
    assert alarm_form.standing(there, box) == stands
