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
QUEUE = "arn:aws:sqs:us-west-2:123456789012:missed"
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
            "Action": ["ec2:StopInstances"],
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
    "stop_inline": {},
    "stop_attached": [],
    "schedules": {"stop": None},
    "function_role": None,
}
SCHEDULE: dict[str, Any] = {
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
    "Description": None,
    "LastModificationDate": NOW,
}
STANDING["schedules"] = {"stop": SCHEDULE}
NO_FUNCTION = dict.fromkeys(
    (
        "function_role",
        "function_policy",
        "function_inline",
        "function_attached",
        "function",
        "function_permissions",
        "function_retries",
        "function_log",
    )
) | {"rules": {}}
GONE = {
    "schedules": {},
    "schedule_group": None,
    "stop_role": None,
    "stop_policy": None,
    "stop_inline": {},
    "stop_attached": [],
}


def changes(seen: dict[str, Any], **params: Any) -> list[Change]:
    """The plan for box lab on what was seen."""
    asked = {"box": "lab", "region": "us-west-2", "stop_time": "20:00", "timezone": "Asia/Shanghai"}
    want = plan_schedule.want({**asked, **params})
    assert plan_schedule.needs(want, seen) <= seen.keys()
    return plan_schedule.plan(want, seen)


def standing(**parts: Any) -> dict[str, Any]:
    """The picture in which nothing differs, but for the parts given."""
    return deepcopy(STANDING) | parts


def schedule(**fields: Any) -> dict[str, Any]:
    return standing(schedules={"stop": {**deepcopy(SCHEDULE), **fields}})


def target(**fields: Any) -> dict[str, Any]:
    return schedule(Target={**deepcopy(SCHEDULE["Target"]), **fields})


def test_nothing_differs() -> None:
    assert changes(standing()) == []


@pytest.mark.parametrize(
    "document",
    [
        json.loads(json.dumps(POLICY, sort_keys=True)),
        {**POLICY, "Statement": POLICY["Statement"][0]},
        {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "ec2:StopInstances"}]},  # type: ignore[dict-item]
    ],
    ids=["order", "statement without list", "action without a list"],
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
        (schedule(ScheduleExpression="cron(0 20 ? * MON *)"), [UPDATE], "box_stop_days differs"),
        (schedule(ScheduleExpression="rate(1 day)"), [UPDATE], "box_stop_time differs"),
        (schedule(ScheduleExpressionTimezone="UTC"), [UPDATE], "box_timezone differs"),
        (schedule(State="DISABLED"), [UPDATE], "it is disabled"),
        (schedule(State="DISABLED", EndDate="2030-01-01T00:00:00+00:00"), [UPDATE], "it is disabled; it would end on a date"),
        (schedule(StartDate="2030-01-01T00:00:00+00:00"), [UPDATE], "it would not begin before a date"),
        (schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE"}), [UPDATE], "it may fire late"),
        (target(Arn="arn:aws:lambda:us-west-2:1:function:x"), [UPDATE], "it does something else than stop an instance"),
        (target(RoleArn="arn:aws:iam::1:role/other"), [UPDATE], "it uses another role"),
        (target(Input='{"InstanceIds":["i-1","i-2"]}'), [UPDATE], "it would stop another instance"),
        (target(Input="?"), [UPDATE], "it would stop another instance"),
        (target(RetryPolicy={"MaximumEventAgeInSeconds": 86400}), [UPDATE], "a late retry could stop the box"),
        (target(DeadLetterConfig={"Arn": "x"}), [UPDATE], "box_dead_letter_queue differs"),
        (standing(instances=[{"InstanceId": "i-2"}]), [PERMIT, UPDATE], "it does not allow exactly what the schedules do"),
        (standing(stop_policy=None), [PERMIT], "the role has no policy of this name"),
        (standing(stop_policy={**POLICY, "Statement": []}), [PERMIT], "it does not allow exactly what the schedules do"),
        (
            standing(stop_role={**STANDING["stop_role"], "Trust": {**TRUST, "Statement": []}}),
            ["iam:update_assume_role_policy"],
            "it is not trusted to the box's schedule group alone",
        ),
        (standing(stop_attached=["arn:aws:iam::aws:policy/AdministratorAccess"]), ["iam:detach_role_policy"], "the role is to do what its policy stop says"),
        (standing(stop_role={**STANDING["stop_role"], "Tags": {"Name": "lab"}}), ["iam:tag_role"], "its tags differ"),
        (standing(stop_role=None, stop_policy=None), ["iam:create_role", PERMIT], "the schedule needs it to stop the box"),
        (standing(schedules={}, schedule_group={"State": "ACTIVE"}), CREATE[1:], "nothing would stop the box"),
        (standing(schedules={}, schedule_group=None), CREATE, "there is none of this name"),
        (standing(schedules={}, schedule_group={"State": "DELETING"}), CREATE, "AWS is still deleting the one before"),
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
    group, _ = changes(standing(schedules={}, schedule_group={"State": "DELETING"}))
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
        (
            {
                "stop_policy": None,
                "stop_inline": {"more": {}},
                "stop_attached": ["arn:aws:iam::aws:policy/AdministratorAccess"],
            },
            [*DELETE, "iam:delete_role_policy", "iam:detach_role_policy", "iam:delete_role"],
        ),
        ({"schedule_group": {"State": "ACTIVE"}, "stop_role": None, "stop_policy": None}, DELETE),
        ({"schedule_group": {"State": "ACTIVE"}, "stop_role": {"Arn": ROLE_ARN, "Trust": {}, "Tags": {}}}, DELETE),
        ({**GONE, "schedule_group": {"State": "ACTIVE"}}, DELETE[1:]),
        ({**GONE, "schedule_group": {"State": "DELETING"}}, []),
        (GONE, []),
    ],
    ids=[
        "all",
        "no policy",
        "policies by hand",
        "no role",
        "role of nobody",
        "group alone",
        "group on its way",
        "nothing",
    ],
)
def test_only_what_is_the_boxs_own_is_removed(parts: dict[str, Any], made: list[str]) -> None:
    planned = changes(standing(**parts, **NO_FUNCTION), state="absent", stop_time="nonsense", timezone="CST")
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
        ({"backend": "cron"}, "box_stop_backend: 'cron' is not one of scheduler, lambda"),
        ({"dead_letters": "arn:aws:sqs:us-west-2:123456789012:missed.fifo"}, "box_dead_letter_queue"),
        ({"dead_letters": "arn:aws:sqs:us-east-1:123456789012:missed"}, "box_dead_letter_queue"),
    ],
)
def test_bad_input_is_one_sentence_that_names_the_key(params: dict[str, str], key: str) -> None:
    with pytest.raises(Refused, match=f"^{key}") as refused:
        changes(standing(), **params)
    assert "\n" not in str(refused.value)


def test_the_result_tells_what_comes() -> None:
    want = plan_schedule.want({"box": "lab", "region": "us-west-2"})
    told = plan_schedule.result(want, standing(), {})
    assert (told["snoozed_until"], len(told["firings"])) == (None, 5)
    first = {"verb": "stop", "local": "Sun 2026-11-22 20:00 Asia/Shanghai", "utc": "2026-11-22T12:00:00Z"}
    assert told["firings"][0] == first


def test_every_time_has_a_schedule_and_the_role_may_do_what_they_do() -> None:
    asked = {"stop_time": ["12:30", "20:00"], "start_time": "08:00", "dead_letters": QUEUE}
    planned = changes(standing(**GONE), **asked)
    made = [call.params for change in planned for call in change.calls if call.operation == "create_schedule"]
    named = {form["Name"]: (form["ScheduleExpression"], form["Target"]["Arn"].rpartition(":")[2]) for form in made}
    assert named == {
        "stop": ("cron(30 12 * * ? *)", "stopInstances"),
        "stop-2": ("cron(0 20 * * ? *)", "stopInstances"),
        "start": ("cron(0 8 ? * MON,TUE,WED,THU,FRI *)", "startInstances"),
    }
    assert {form["Target"]["DeadLetterConfig"]["Arn"] for form in made} == {QUEUE}
    permit = next(item for item in planned if item.thing.startswith("policy"))
    own, letters = json.loads(permit.calls[0].params["PolicyDocument"])["Statement"]
    assert own["Action"] == ["ec2:StopInstances", "ec2:StartInstances"]
    assert (letters["Action"], letters["Resource"]) == ("sqs:SendMessage", QUEUE)


def test_a_schedule_that_no_setting_asks_for_goes() -> None:
    seen = standing(schedules={"stop": SCHEDULE, "stop-2": SCHEDULE, "start": SCHEDULE})
    assert [(one.thing, one.reason) for one in changes(seen)] == [
        (f"schedule {PREFIX}/stop-2", "no setting asks for it"),
        (f"schedule {PREFIX}/start", "no setting asks for it"),
    ]


def snoozed(begins: str, description: str | None = "snoozed by dlbox", **more: Any) -> dict[str, Any]:
    found = schedule(StartDate=begins, Description=description)
    return found | {"schedules": found["schedules"] | more}


@pytest.mark.parametrize(
    ("seen", "text", "made"),
    [
        (standing(), "tonight", [UPDATE]),
        (standing(), "23:30", ["scheduler:create_schedule", UPDATE]),
        (snoozed("2026-11-23T11:59:00+00:00"), "tonight", []),
        (snoozed("2026-11-23T11:59:00+00:00"), "", []),
        (snoozed("2026-11-23T11:59:00+00:00"), "off", [UPDATE]),
        (snoozed("2026-11-23T11:59:00+00:00", None), "", [UPDATE]),
        (snoozed("2026-11-21T11:59:00+00:00"), "", []),
        (snoozed("2026-11-22T15:29:00+00:00"), "", ["scheduler:create_schedule"]),
        (standing(schedules={"stop": SCHEDULE, "stop-once": SCHEDULE}), "", ["scheduler:delete_schedule"]),
    ],
    ids=["tonight", "until a time", "again", "kept", "off", "a date of somebody's", "it has passed", "the stop at its end is gone", "left over"],
)  # fmt: skip
def test_a_snooze_is_kept_until_it_has_passed(seen: dict[str, Any], text: str, made: list[str]) -> None:
    assert writes(changes(seen, snooze=text)) == made


def test_a_snooze_lives_through_another_change_and_ends_with_a_stop_that_deletes_itself() -> None:
    seen = snoozed("2026-11-22T15:29:00+00:00")
    seen["schedules"]["stop"]["State"] = "DISABLED"
    once, update = changes(seen)
    assert (update.calls[0].params["StartDate"], update.reason) == ("2026-11-22T15:29:00+00:00", "it is disabled")
    form = once.calls[0].params
    assert (form["ScheduleExpression"], form["ScheduleExpressionTimezone"]) == ("at(2026-11-22T15:30:00)", "UTC")
    assert form["ActionAfterCompletion"] == "DELETE"
