"""What AWS will do by itself, and what it should have done, as the schedules stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from dlbox import standing

NOW = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
BOX = {"InstanceId": "i-1", "State": "running", "LaunchTime": "2026-11-21T08:00:00+00:00"}


STOPS = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
STARTS = {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:startInstances", "Input": '{"InstanceIds":["i-1"]}'}


def schedule(**fields: Any) -> dict[str, Any]:
    """A stop at 11:00 UTC of i-1."""
    return {
        "ScheduleExpression": "cron(0 11 * * ? *)",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "StartDate": None,
        "Description": None,
        "LastModificationDate": "2026-11-01T00:00:00+00:00",
        "Target": {"Arn": STOPS, "Input": '{"InstanceIds":["i-1"]}'},
        **fields,
    }


def planned(schedules: dict[str, Any], box: dict[str, Any] = BOX, now: datetime = NOW) -> dict[str, Any]:
    return standing.planned(None, {"schedules": schedules, "function_role": None}, box, now)


def test_the_next_five_of_all_schedules() -> None:
    start = schedule(
        ScheduleExpression="cron(30 8 ? * MON *)", ScheduleExpressionTimezone="Asia/Shanghai", Target=STARTS
    )
    once = schedule(ScheduleExpression="at(2026-11-22T15:30:00)")
    told = planned({"stop": schedule(), "start": start, "stop-once": once})
    assert [(one["verb"], one["utc"]) for one in told["firings"]] == [
        ("stop", "2026-11-22T15:30:00Z"),
        ("start", "2026-11-23T00:30:00Z"),
        ("stop", "2026-11-23T11:00:00Z"),
        ("stop", "2026-11-24T11:00:00Z"),
        ("stop", "2026-11-25T11:00:00Z"),
    ]
    assert told["next_stop"]["utc"] == "2026-11-22T15:30:00Z"


@pytest.mark.parametrize(
    "one",
    [
        schedule(State="DISABLED"),
        schedule(Target={"Arn": STOPS, "Input": '{"InstanceIds":["i-2"]}'}),
        schedule(Target={"Arn": STOPS.replace("stop", "start"), "Input": '{"InstanceIds":["i-1"]}'}),
        schedule(EndDate="2026-11-22T00:00:00+00:00"),
        schedule(ScheduleExpression="rate(1 day)"),
        schedule(ScheduleExpression="at(2026-11-20T15:30:00)"),
    ],
    ids=["disabled", "another instance", "it starts", "it has ended", "a rate", "passed"],
)
def test_nothing_is_promised_where_it_is_not_sure(one: dict[str, Any]) -> None:
    told = planned({"stop": one})
    assert (told["firings"], told["next_stop"]) == ([], None)


def test_a_snooze_is_told() -> None:
    told = planned({"stop": schedule(StartDate="2026-11-24T10:59:00+00:00", Description="snoozed by dlbox")})
    assert told["snoozed_until"]["utc"] == told["next_stop"]["utc"] == "2026-11-24T11:00:00Z"


@pytest.mark.parametrize(
    ("box", "fields", "missed"),
    [
        ({}, {}, "2026-11-21T11:00:00Z"),
        ({"State": "stopped"}, {}, None),
        ({"LaunchTime": "2026-11-22T11:05:00+00:00"}, {}, None),
        ({}, {"LastModificationDate": "2026-11-22T11:30:00+00:00"}, None),
        ({}, {"State": "DISABLED"}, None),
        ({}, {"StartDate": "2026-11-22T11:59:00+00:00", "Description": "snoozed by dlbox"}, None),
        ({"LaunchTime": "2026-11-22T10:00:00+00:00"}, {}, "2026-11-22T11:00:00Z"),
        ({"LaunchTime": "2026-11-22T10:00:00+00:00"}, {"ScheduleExpression": "cron(50 11 * * ? *)"}, None),
    ],
    ids=["ran through", "stopped", "started since", "set since", "none was due", "snoozed", "today", "AWS may still be trying"],
)  # fmt: skip
def test_a_stop_that_did_not_come_is_told(box: dict[str, Any], fields: dict[str, Any], missed: str | None) -> None:
    told = planned({"stop": schedule(**fields)}, BOX | box)["missed_stop"]
    assert (told and told["utc"]) == missed


@pytest.mark.parametrize(
    ("begins", "fields", "missed"),
    [
        ("2026-11-22T11:29:00+00:00", {}, "2026-11-22T11:30:00Z"),
        ("2026-11-21T22:29:00+00:00", {}, "2026-11-21T22:30:00Z"),
        ("2026-11-22T11:29:00+00:00", {"LastModificationDate": "2026-11-22T11:35:00+00:00"}, None),
        ("2026-11-22T11:49:00+00:00", {}, None),
        ("2026-11-22T11:29:00+00:00", {"Description": "mine"}, None),
        ("2026-11-21T07:29:00+00:00", {"State": "DISABLED"}, None),
    ],
    ids=["it did not", "nor the next evening", "set since", "AWS may still be trying", "no snooze", "it came: the box was started since"],
)  # fmt: skip
def test_the_stop_at_the_end_of_a_snooze_is_missed_although_its_schedule_is_gone(
    begins: str, fields: dict[str, Any], missed: str | None
) -> None:
    one = schedule(**{"StartDate": begins, "Description": "snoozed by dlbox", **fields})
    told = planned({"stop": one})["missed_stop"]
    assert (told and told["utc"]) == missed


def test_starts_without_a_stop_are_told_and_no_stop_is_promised() -> None:
    told = planned({"stop": schedule(State="DISABLED"), "start": schedule(Target=STARTS)})
    assert [one["verb"] for one in told["firings"]] == ["start"] * 5
    assert told["next_stop"] is None
