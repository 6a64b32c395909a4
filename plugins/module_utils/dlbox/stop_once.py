"""One stop at one moment by the very role and target of every evening, for the proof: how it is set up and taken away. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import stop_form, stop_rules, stop_wakes
from .change import Call
from .function_role import function_name

# A run that is killed leaves it: the schedule deletes itself after it fired, the rule fires no second time.
NAME = "prove"
# The function judges by its lines when it is woken; this has it stop at once.
INPUT = '{"prove": true}'
# A stop that came after the proof had given it up would be a surprise; AWS takes no less than a minute.
BRIEF = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 10}
# A schedule is exact to a minute; a rule that was just made needs "a short period of time" before it fires.
LEAD = {"scheduler": timedelta(seconds=90), "lambda": timedelta(seconds=210)}


def moment(want: Any, now: datetime) -> datetime:
    """The full minute at which the proof stops the box: the last one within the lead."""
    return (now + LEAD[want.backend]).replace(second=0, microsecond=0)


def set_up(want: Any, seen: dict[str, Any], instance: str, moment: datetime) -> list[Call]:
    """The calls that have the box stopped at a full minute in UTC."""
    if want.backend == "scheduler":
        form = stop_form.once(want, seen, instance, moment)
        target = {**form["Target"], "RetryPolicy": BRIEF}
        return [Call("scheduler", "create_schedule", {**_place(want), **form, "Target": target})]
    name = stop_rules.prove_name(want)
    rule = {"Name": name, "ScheduleExpression": stop_wakes.once_at(moment), "State": "ENABLED"}
    aim = {**stop_rules.target(want, seen), "Input": INPUT, "RetryPolicy": BRIEF}
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
