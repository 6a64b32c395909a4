"""What the function and its rules will do by themselves as they stand on AWS, whatever the settings say. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from . import iam_policy, stop_handler, stop_rules, stop_wakes, timetable, zone_data
from .function_form import told

# Rules that never meet a line would be looked at for ever.
HORIZON = timedelta(days=400)


def kept(seen: dict[str, Any]) -> datetime | None:
    """The end of the snooze that the function is told, in UTC; it may have passed."""
    known = told(seen["function"])
    return datetime.fromisoformat(known["until"]).astimezone(UTC) if known and known["until"] else None


def firings(want: Any, seen: dict[str, Any], box: dict[str, Any], after: datetime) -> Iterator[tuple[datetime, str]]:
    """(moment, verb) after a moment, of every rule that is enabled, aims at the function and may wake it, for this very instance."""
    known = told(seen["function"])
    if not known or not box or box["InstanceId"] not in known["instances"] or seen["function"]["Throttled"]:
        return iter(())
    zone = zone_data.zone(known["zone"])
    woken = timetable.merged([_woken(want, seen, name, after) for name in seen["rules"]])
    soon = takewhile(lambda one: one[0] < after + HORIZON, woken)
    return ((moment, verb) for moment, _ in soon for verb in stop_handler.due(known, moment, zone))


def _woken(want: Any, seen: dict[str, Any], name: str, after: datetime) -> Iterator[tuple[datetime, str]]:
    rule, statement = seen["rules"][name], seen["function_permissions"].get(name)
    plain = stop_rules.target(want, seen) | {"RetryPolicy": None}
    aimed = any({**target, "Id": plain["Id"], "RetryPolicy": None} == plain for target in rule["Targets"])
    permitted = statement and iam_policy.same(statement, stop_rules.permission(want, seen, name))
    if rule["State"] != "ENABLED" or not aimed or not permitted:
        return iter(())
    expression = rule["Expression"] or ""
    if moment := stop_wakes.once(expression):
        return iter([(moment, "")] if moment > after else [])
    line = timetable.entry("", expression)
    return timetable.stream(line, "UTC", after) if line else iter(())
