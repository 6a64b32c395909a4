"""One stop at one moment by the very role and target of every evening, for the proof: when, how it is set up and taken away. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from . import plan_schedule, snooze, stop_form, stop_rules, stop_wakes, timetable
from .change import Call
from .errors import Refused
from .function_role import function_name

# A run that is killed leaves it: the schedule deletes itself after it fired, the rule fires no second time.
NAME = "prove"
# A stop that came after the proof had given it up would be a surprise; AWS takes no less than a minute.
BRIEF = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 10}
# A schedule is exact to a minute; a rule that was just made needs "a short period of time" before it fires.
LEAD = {"scheduler": timedelta(seconds=90), "lambda": timedelta(seconds=210)}
# How long after its moment a stop may come: EventBridge is exact to a minute, and stop_handler takes none that comes later.
PATIENCE = timedelta(minutes=5)
# And how long a stop may take; a GPU box takes minutes.
SLOW = timedelta(minutes=10)


def moment(want: Any, now: datetime) -> datetime:
    """The full minute at which the proof stops the box: the last one within the lead."""
    return (now + LEAD[want.backend]).replace(second=0, microsecond=0)


def _coming(want: Any, seen: dict[str, Any]) -> Iterator[tuple[datetime, str]]:
    now = datetime.fromisoformat(seen["account"]["now"])
    return snooze.firings(want.table, now, plan_schedule.snoozed(want, seen))


def check_free(want: Any, seen: dict[str, Any], moment: datetime) -> None:
    """Refuse where the timetable itself acts meanwhile: one could not tell the two, and the start would undo the real stop."""
    due, verb = next(_coming(want, seen))
    if due <= moment + PATIENCE + SLOW:
        shown = timetable.told(due, want.table.zone)["local"]
        raise Refused(f"the regular {verb} of {shown} comes too soon to prove anything: run this again after it")


def overtaken(want: Any, seen: dict[str, Any], now: datetime) -> str:
    """The stop that fell due between the picture's time and now, in the box's zone, as all took longer than planned; else empty."""
    due = next(moment for moment, verb in _coming(want, seen) if verb == "stop")
    return timetable.told(due, want.table.zone)["local"] if due <= now else ""


def set_up(want: Any, seen: dict[str, Any], instance: str, moment: datetime) -> list[Call]:
    """The calls that have the box stopped at a full minute in UTC."""
    if want.backend == "scheduler":
        form = stop_form.once(want, seen, instance, moment)
        target = {**form["Target"], "RetryPolicy": BRIEF}
        return [Call("scheduler", "create_schedule", {**_place(want), **form, "Target": target})]
    name = stop_rules.prove_name(want)
    rule = {"Name": name, "ScheduleExpression": stop_wakes.once_at(moment), "State": "ENABLED"}
    # The function judges by its lines when it is woken; this has it stop at once, and not long after that moment.
    event = json.dumps({"prove": moment.isoformat()})
    aim = {**stop_rules.target(want, seen), "Input": event, "RetryPolicy": BRIEF}
    function = {"FunctionName": function_name(want.scope), "StatementId": name}
    return [
        Call("lambda", "add_permission", stop_rules.grant(want, seen, name)),
        Call("events", "put_rule", rule),
        Call("events", "put_targets", {"Rule": name, "Targets": [aim]}),
        Call("wait", "function_permitted", function),
    ]


def take_away(want: Any) -> list[Call]:
    """The calls that leave nothing of it; what is gone already is none of their errors."""
    if want.backend == "scheduler":
        return [Call("scheduler", "delete_schedule", _place(want))]
    name = stop_rules.prove_name(want)
    return [
        Call("lambda", "remove_permission", {"FunctionName": function_name(want.scope), "StatementId": name}),
        Call("events", "remove_targets", {"Rule": name, "Ids": [stop_rules.TARGET]}),
        Call("events", "delete_rule", {"Name": name}),
    ]


def _place(want: Any) -> dict[str, str]:
    return {"Name": NAME, "GroupName": want.scope.prefix}
