"""The box's schedules in the form that EventBridge Scheduler takes and gives, and what of it is compared. Pure."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from . import snooze, stop_role, timetable
from .change import Ref

# By default AWS retries for a day, and a late retry would stop the next working day.
RETRIES = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10}
# The stop at the end of a snooze, where the timetable itself has none then.
ONCE = "stop-once"
OURS = re.compile(r"(stop|start)(-\d+)?|" + ONCE)


def names(table: timetable.Timetable) -> dict[str, timetable.Entry]:
    """The timetable's lines under their schedules' names: stop, stop-2, start, start-2."""
    named: dict[str, timetable.Entry] = {}
    for line in table.entries:
        number = sum(other.verb == line.verb for other in named.values()) + 1
        named[line.verb if number == 1 else f"{line.verb}-{number}"] = line
    return named


def kept(seen: dict[str, Any]) -> datetime | None:
    """The end of the snooze that the schedules carry, in UTC; it may have passed."""
    marked = [one for one in seen["schedules"].values() if one["Description"] == snooze.MARK and one["StartDate"]]
    return max((datetime.fromisoformat(one["StartDate"]) + snooze.AHEAD for one in marked), default=None)


def wanted(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> dict[str, dict[str, Any]]:
    """The schedules by name, in the form that CreateSchedule takes and GetSchedule gives."""
    # First, for a run that is killed in between must not leave the stop skipped and nothing at its end.
    ends = until and not snooze.regular(want.table, until)
    forms = {ONCE: once(want, seen, instance, until)} if until and ends else {}
    for name, line in names(want.table).items():
        forms[name] = _form(want, seen, instance, line.verb, timetable.cron(line.at, line.days), want.table.zone)
        if until and line.verb == "stop":
            forms[name] |= {"StartDate": (until - snooze.AHEAD).isoformat(), "Description": snooze.MARK}
    return forms


def once(want: Any, seen: dict[str, Any], instance: str | None, moment: datetime) -> dict[str, Any]:
    """A stop at one moment, with the very role and target of every evening, that deletes itself."""
    form = _form(want, seen, instance, "stop", f"at({moment:%Y-%m-%dT%H:%M:%S})", "UTC")
    return {**form, "ActionAfterCompletion": "DELETE"}


def _form(want: Any, seen: dict[str, Any], instance: str | None, verb: str, when: str, zone: str) -> dict[str, Any]:
    target = {
        "Arn": f"arn:{seen['account']['partition']}:scheduler:::aws-sdk:ec2:{verb}Instances",
        "RoleArn": stop_role.role_arn(want.scope, seen),
        "Input": json.dumps({"InstanceIds": [instance]}) if instance else Ref("the box's instance"),
        "RetryPolicy": RETRIES,
        **({"DeadLetterConfig": {"Arn": want.dead_letters}} if want.dead_letters else {}),
    }
    timing = {"ScheduleExpression": when, "ScheduleExpressionTimezone": zone}
    return {**timing, "State": "ENABLED", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}


def view(schedule: dict[str, Any], now: str) -> dict[str, Any]:
    """What is compared of a schedule and shown to the user; a start date that has passed means nothing any more."""
    target, begins = schedule["Target"], schedule.get("StartDate")
    return {
        "when": schedule["ScheduleExpression"],
        "zone": schedule["ScheduleExpressionTimezone"],
        "state": schedule["State"],
        "window": schedule["FlexibleTimeWindow"]["Mode"],
        "begins": begins if begins and datetime.fromisoformat(begins) > datetime.fromisoformat(now) else None,
        "ends": schedule.get("EndDate"),
        "target": target["Arn"],
        "role": target["RoleArn"],
        "input": _input(target.get("Input")),
        "retries": target.get("RetryPolicy"),
        "dead_letters": (target.get("DeadLetterConfig") or {}).get("Arn"),
    }


def _input(text: Any) -> Any:
    if isinstance(text, Ref):
        return {"InstanceIds": ["the instance to be launched"]}
    try:
        return json.loads(text or "null")
    except ValueError:
        return text
