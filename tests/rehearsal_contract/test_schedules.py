"""Contracts of EventBridge Scheduler."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from .world import World, code, setup, trust

GROUP = "arn:aws:scheduler:us-west-2:000000000000:schedule-group/g"


def asked(role: str, **more: Any) -> dict[str, Any]:
    """The parameters of a stop schedule."""
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
        "RoleArn": role,
        "Input": '{"InstanceIds":["i-1"]}',
    }
    least = {"Name": "stop", "GroupName": "g", "ScheduleExpression": "cron(0 20 * * ? *)", "Target": target}
    return {**least, "FlexibleTimeWindow": {"Mode": "OFF"}, **more}


@setup
def ready(aws: World, **condition: Any) -> str:
    """A group and a role that the scheduler may assume; the role's ARN."""
    aws.client("scheduler").create_schedule_group(Name="g", Tags=[{"Key": "dlbox:box", "Value": "lab"}])
    return aws.role(trust("scheduler.amazonaws.com", **condition))


def test_a_sound_schedule_is_taken_and_its_group_is_tagged(world: World) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "000000000000"}, "ArnEquals": {"aws:SourceArn": GROUP}}
    role, scheduler = ready(world, Condition=condition), world.client("scheduler")
    scheduler.create_schedule(**asked(role, ScheduleExpressionTimezone="Asia/Shanghai"))
    found = scheduler.get_schedule(GroupName="g", Name="stop")
    assert (found["State"], found["ScheduleExpressionTimezone"]) == ("ENABLED", "Asia/Shanghai")
    assert scheduler.list_tags_for_resource(ResourceArn=GROUP)["Tags"] == [{"Key": "dlbox:box", "Value": "lab"}]
    assert [one["kind"] for one in world.server.inventory("dlbox:box", "lab")] == ["schedule-group"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ScheduleExpression": "cron(0 20 * * *)"}, {"ScheduleExpression": "cron(0 25 * * ? *)"},
        {"ScheduleExpression": "20:00"}, {"ScheduleExpressionTimezone": "CST"},
    ],
)  # fmt: skip
def test_a_wrong_expression_or_zone_is_refused(aws: World, wrong: dict[str, str]) -> None:
    role = ready(aws)
    assert code(aws.client("scheduler").create_schedule, **asked(role, **wrong)) == "ValidationException"


@pytest.mark.parametrize(
    "document",
    [
        trust("lambda.amazonaws.com"),
        trust("scheduler.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}}),
        trust(
            "scheduler.amazonaws.com", Condition={"ArnEquals": {"aws:SourceArn": GROUP.replace("-group/g", "/g/stop")}}
        ),
    ],
)
def test_a_role_that_the_scheduler_may_not_assume_is_refused(aws: World, document: str) -> None:
    aws.client("scheduler").create_schedule_group(Name="g")
    with pytest.raises(Exception, match="must allow AWS EventBridge Scheduler to assume the role"):
        aws.client("scheduler").create_schedule(**asked(aws.role(document)))


def test_a_role_that_is_not_there_is_refused(aws: World) -> None:
    ready(aws)
    wrong = asked("arn:aws:iam::000000000000:role/none")
    assert code(aws.client("scheduler").create_schedule, **wrong) == "ValidationException"


def test_a_fresh_role_is_not_assumable_yet(aws: World) -> None:
    aws.server.post("knobs", {"role_delay_s": 60})
    role, scheduler = ready(aws), aws.client("scheduler")
    assert code(scheduler.create_schedule, **asked(role)) == "ValidationException"
    aws.server.post("knobs", {"role_delay_s": 0})
    scheduler.create_schedule(**asked(role))


def test_the_same_token_is_the_same_schedule(aws: World) -> None:
    role, scheduler = ready(aws), aws.client("scheduler")
    first = scheduler.create_schedule(**asked(role, ClientToken="t"))
    assert scheduler.create_schedule(**asked(role, ClientToken="t"))["ScheduleArn"] == first["ScheduleArn"]


def test_the_same_name_with_another_token_conflicts(world: World) -> None:
    role, scheduler = ready(world), world.client("scheduler")
    scheduler.create_schedule(**asked(role, ClientToken="t"))
    assert code(scheduler.create_schedule, **asked(role, ClientToken="u")) == "ConflictException"
    assert code(scheduler.create_schedule, **asked(role, ClientToken="t", State="DISABLED")) == "ConflictException"


def test_an_update_without_a_state_enables(aws: World) -> None:
    role, scheduler = ready(aws), aws.client("scheduler")
    scheduler.create_schedule(**asked(role, State="DISABLED"))
    scheduler.update_schedule(**asked(role))
    assert scheduler.get_schedule(GroupName="g", Name="stop")["State"] == "ENABLED"


def test_a_schedule_in_no_group_is_refused(aws: World) -> None:
    role = ready(aws)
    wrong = asked(role, GroupName="none")
    assert code(aws.client("scheduler").create_schedule, **wrong) == "ResourceNotFoundException"


def test_a_group_is_made_once_and_deleted_once_with_its_schedules(aws: World) -> None:
    role, scheduler = ready(aws), aws.client("scheduler")
    scheduler.create_schedule(**asked(role))
    assert code(scheduler.create_schedule_group, Name="g") == "ConflictException"
    scheduler.delete_schedule_group(Name="g")
    assert scheduler.list_schedules()["Schedules"] == []
    assert code(scheduler.delete_schedule_group, Name="g") == "ResourceNotFoundException"


def test_the_schedules_of_no_group_are_not_an_empty_list(aws: World) -> None:
    assert code(aws.client("scheduler").list_schedules, GroupName="none") == "ResourceNotFoundException"


def test_the_default_group_stays(aws: World) -> None:
    assert code(aws.client("scheduler").delete_schedule_group, Name="default") == "ValidationException"


def test_its_dates_follow_the_rehearsal_s_clock(world: World) -> None:
    role, scheduler = ready(world), world.client("scheduler")
    world.server.post("clock", {"now": "2030-01-05T20:00:00+00:00"})
    begins = datetime(2030, 1, 6, tzinfo=UTC)
    scheduler.create_schedule(**asked(role, StartDate=begins, Description="later"))
    found = scheduler.get_schedule(GroupName="g", Name="stop")
    assert (found["StartDate"], found["Description"]) == (begins, "later")
    assert found["LastModificationDate"].date() == date(2030, 1, 5)
    assert (
        code(scheduler.create_schedule, **asked(role, Name="past", StartDate=datetime(2030, 1, 5, tzinfo=UTC)))
        == "ValidationException"
    )
    world.server.post("clock", {"advance_s": 86400})
    scheduler.update_schedule(**asked(role))
    found = scheduler.get_schedule(GroupName="g", Name="stop")
    assert found["LastModificationDate"].date() == date(2030, 1, 6)
    assert not found.get("StartDate")
    later = begins + timedelta(days=2)
    scheduler.update_schedule(**asked(role, StartDate=later))
    assert scheduler.get_schedule(GroupName="g", Name="stop")["StartDate"] == later
