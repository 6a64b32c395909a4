"""The daily stop's plan: facts in, changes out; no AWS."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from dlbox import iam_policy, plan_schedule
from dlbox.change import Change, Ref, open_refs, writes
from dlbox.errors import Refused

PREFIX = "dlbox-us-west-2-lab"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{PREFIX}-stop"
TAGS = {"dlbox:box": "lab", "Name": "lab"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": "123456789012",
                    "aws:SourceArn": f"arn:aws:scheduler:us-west-2:123456789012:schedule-group/{PREFIX}",
                }
            },
        }
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "ec2:StopInstances",
            "Resource": "arn:aws:ec2:us-west-2:123456789012:instance/i-1",
            "Condition": {"StringEquals": {"ec2:ResourceTag/dlbox:box": "lab"}},
        }
    ],
}
NOW = "2026-11-22T00:00:00+00:00"
STANDING: dict[str, Any] = {
    "account": {"account": "123456789012", "partition": "aws", "rehearsal": False, "now": NOW},
    "instances": [{"InstanceId": "i-1", "State": "stopped"}],
    "schedule_group": {"State": "ACTIVE"},
    "stop_role": {"Arn": ROLE_ARN, "Trust": TRUST, "Tags": TAGS},
    "stop_policy": POLICY,
    "stop_attached": [],
    "schedule": {
        "ScheduleExpression": "cron(0 20 * * ? *)",
        "ScheduleExpressionTimezone": "Asia/Shanghai",
        "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "StartDate": None,
        "EndDate": None,
        "Target": {
            "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
            "RoleArn": ROLE_ARN,
            "Input": '{"InstanceIds":["i-1"]}',
            "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 900},
        },
    },
}
GONE = {"schedule": None, "schedule_group": None, "stop_role": None, "stop_policy": None, "stop_attached": []}


def changes(seen: dict[str, Any], **params: str) -> list[Change]:
    """The plan for box lab on what was seen."""
    asked = {"box": "lab", "region": "us-west-2", "stop_time": "20:00", "timezone": "Asia/Shanghai"}
    want = plan_schedule.want({**asked, **params})
    assert plan_schedule.needs(want, seen) <= seen.keys()
    return plan_schedule.plan(want, seen)


def standing(**parts: Any) -> dict[str, Any]:
    """The picture in which nothing differs, but for the parts given."""
    return deepcopy(STANDING) | parts


def schedule(**fields: Any) -> dict[str, Any]:
    return standing(schedule={**deepcopy(STANDING["schedule"]), **fields})


def target(**fields: Any) -> dict[str, Any]:
    return schedule(Target={**deepcopy(STANDING["schedule"]["Target"]), **fields})


def test_nothing_differs() -> None:
    assert changes(standing()) == []


@pytest.mark.parametrize(
    "document",
    [
        json.loads(json.dumps(POLICY, sort_keys=True)),
        {**POLICY, "Statement": POLICY["Statement"][0]},
        {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": ["ec2:StopInstances"]}]},  # type: ignore[dict-item]
    ],
    ids=["order", "statement without list", "action in a list"],
)
def test_the_same_policy_in_other_words_is_no_drift(document: dict[str, Any]) -> None:
    assert changes(standing(stop_policy=document)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Action": ["a", "b"]}, {"Action": ["b", "a"]}),
        ({"Action": ["a", "a"]}, {"Action": "a"}),
        ({"Condition": {"Bool": {"aws:SecureTransport": True}}}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ({"Statement": [{"Sid": "1"}, {"Sid": "2"}]}, {"Statement": [{"Sid": "2"}, {"Sid": "1"}]}),
    ],
)  # fmt: skip
def test_policies_are_compared_by_meaning(one: Any, other: Any) -> None:
    assert iam_policy.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Action": ["a", "b"]}, {"Action": "a"}),
        ({"Action": "a", "Condition": {}}, {"Action": "a"}),
        ({"Resource": "*"}, {"NotResource": "*"}),
        ("%7B%7D", {}),
        (None, {}),
    ],
)
def test_policies_that_differ_differ(one: Any, other: Any) -> None:
    assert not iam_policy.same(one, other)


UPDATE, PERMIT = "scheduler:update_schedule", "iam:put_role_policy"
CREATE = ["scheduler:create_schedule_group", "scheduler:create_schedule"]


@pytest.mark.parametrize(
    ("seen", "made", "reason"),
    [
        (schedule(ScheduleExpression="cron(0 3 * * ? *)"), [UPDATE], "box_stop_time differs"),
        (schedule(ScheduleExpressionTimezone="UTC"), [UPDATE], "box_timezone differs"),
        (schedule(State="DISABLED"), [UPDATE], "it is disabled"),
        (schedule(State="DISABLED", EndDate="2030"), [UPDATE], "it is disabled; it would end on a date"),
        (schedule(StartDate="2030-01-01"), [UPDATE], "it would not begin before a date"),
        (schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE"}), [UPDATE], "it may fire late"),
        (target(Arn="arn:aws:lambda:us-west-2:1:function:x"), [UPDATE], "it does something else than stop an instance"),
        (target(RoleArn="arn:aws:iam::1:role/other"), [UPDATE], "it uses another role"),
        (target(Input='{"InstanceIds":["i-1","i-2"]}'), [UPDATE], "it would stop another instance"),
        (target(Input="?"), [UPDATE], "it would stop another instance"),
        (target(RetryPolicy={"MaximumEventAgeInSeconds": 86400}), [UPDATE], "a late retry could stop the next"),
        (target(DeadLetterConfig={"Arn": "x"}), [UPDATE], "no setting asks for a dead-letter queue"),
        (standing(instances=[{"InstanceId": "i-2"}]), [PERMIT, UPDATE], "it does not allow exactly the stop of this box"),
        (standing(stop_policy=None), [PERMIT], "the role has no policy of this name"),
        (standing(stop_policy={**POLICY, "Statement": []}), [PERMIT], "it does not allow exactly the stop of this box"),
        (
            standing(stop_role={**STANDING["stop_role"], "Trust": {**TRUST, "Statement": []}}),
            ["iam:update_assume_role_policy"],
            "it is not trusted to the box's schedule group alone",
        ),
        (standing(stop_role={**STANDING["stop_role"], "Tags": {"Name": "lab"}}), ["iam:tag_role"], "its tags differ"),
        (standing(stop_role=None, stop_policy=None), ["iam:create_role", PERMIT], "the schedule needs it to stop the box"),
        (standing(schedule=None, schedule_group={"State": "ACTIVE"}), CREATE[1:], "nothing would stop the box"),
        (standing(schedule=None, schedule_group=None), CREATE, "there is none of this name"),
        (standing(schedule=None, schedule_group={"State": "DELETING"}), CREATE, "AWS is still deleting the one before"),
        (standing(**GONE), ["iam:create_role", PERMIT, *CREATE], "the schedule needs it to stop the box"),
    ],
)  # fmt: skip
def test_each_difference_is_its_own_writes_with_its_reason(seen: dict[str, Any], made: list[str], reason: str) -> None:
    planned = changes(seen)
    assert writes(planned) == made
    assert planned[0].reason.startswith(reason)
    assert not open_refs(planned)


def test_an_update_shows_what_differs_and_sends_everything() -> None:
    (update,) = changes(schedule(State="DISABLED"))
    assert (update.before, update.after) == ({"state": "DISABLED"}, {"state": "ENABLED"})
    sent = update.calls[0].params
    assert sent["ScheduleExpression"] == "cron(0 20 * * ? *)"
    assert sent["Target"]["RoleArn"] == ROLE_ARN


def test_a_group_that_is_being_deleted_is_waited_for() -> None:
    group, _ = changes(standing(schedule=None, schedule_group={"State": "DELETING"}))
    assert [call.operation for call in group.calls] == ["schedule_group_gone", "create_schedule_group"]


def test_before_the_launch_everything_is_listed_and_nothing_can_run() -> None:
    planned = changes(standing(**GONE, instances=[]))
    assert writes(planned) == ["iam:create_role", PERMIT, *CREATE]
    assert planned[-1].after["input"] == {"InstanceIds": ["the instance to be launched"]}
    assert set(open_refs(planned)) == {"the box's instance"}
    assert isinstance(planned[-1].calls[0].params["Target"]["Input"], Ref)


def test_a_china_region_has_its_own_partition() -> None:
    china = {"account": "123456789012", "partition": "aws-cn", "rehearsal": False, "now": NOW}
    planned = changes(standing(**GONE, account=china), region="cn-north-1")
    form = planned[-1].calls[0].params
    assert form["Target"]["Arn"] == "arn:aws-cn:scheduler:::aws-sdk:ec2:stopInstances"
    assert form["Target"]["RoleArn"].startswith("arn:aws-cn:iam::123456789012:role/dlbox-cn-north-1-lab-stop")


def test_the_role_may_stop_this_instance_of_this_box_and_nothing_else() -> None:
    permit = next(item for item in changes(standing(**GONE)) if item.thing.startswith("policy"))
    assert json.loads(permit.calls[0].params["PolicyDocument"]) == POLICY


DELETE = ["scheduler:delete_schedule", "scheduler:delete_schedule_group"]


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        ({"schedule_group": {"State": "ACTIVE"}}, [*DELETE, "iam:delete_role_policy", "iam:delete_role"]),
        ({"schedule_group": {"State": "ACTIVE"}, "stop_policy": None}, [*DELETE, "iam:delete_role"]),
        ({"schedule_group": {"State": "ACTIVE"}, "stop_role": None, "stop_policy": None}, DELETE),
        ({"schedule_group": {"State": "ACTIVE"}, "stop_role": {"Arn": ROLE_ARN, "Trust": {}, "Tags": {}}}, DELETE),
        ({**GONE, "schedule_group": {"State": "ACTIVE"}}, DELETE[1:]),
        ({**GONE, "schedule_group": {"State": "DELETING"}}, []),
        (GONE, []),
    ],
    ids=["all", "no policy", "no role", "role of nobody", "group alone", "group on its way", "nothing"],
)
def test_only_what_is_the_boxs_own_is_removed(parts: dict[str, Any], made: list[str]) -> None:
    planned = changes(standing(**parts), state="absent", stop_time="nonsense", timezone="CST")
    assert writes(planned) == made
    assert bool(planned) == (parts != GONE)


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"stop_time": "25:00"}, "box_stop_time"),
        ({"stop_time": "1200"}, "box_stop_time"),
        ({"timezone": "CST"}, "box_timezone"),
        ({"stop_time": "02:30", "timezone": "America/New_York"}, "box_stop_time"),
        ({"box": "Lab"}, "the box name"),
    ],
)
def test_bad_input_is_one_sentence_that_names_the_key(params: dict[str, str], key: str) -> None:
    with pytest.raises(Refused, match=f"^{key}") as refused:
        changes(standing(), **params)
    assert "\n" not in str(refused.value)


def test_the_result_tells_the_next_stop() -> None:
    want = plan_schedule.want({"box": "lab", "region": "us-west-2", "stop_time": "20:00", "timezone": "Asia/Shanghai"})
    soon = {"local": "2026-11-22 20:00 Asia/Shanghai", "utc": "2026-11-22T12:00:00Z"}
    assert plan_schedule.result(want, standing(), {}) == {"schedule": f"{PREFIX}/stop", "next_stop": soon}
