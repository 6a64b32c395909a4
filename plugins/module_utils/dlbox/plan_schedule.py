"""When the box stops and starts by itself: EventBridge schedules in the user's zone, or a Lambda function with rules in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import snooze, stop_form, stop_role, stop_schedule, stop_time, timetable
from .change import Change
from .names import Scope, scope
from .spec import COMMON_SPEC
from .timetable import Timetable

SPEC = {
    **COMMON_SPEC,
    "stop_time": {"type": "raw", "default": "20:00"},
    "stop_days": {"type": "raw", "default": "daily"},
    "start_time": {"type": "raw", "default": []},
    "start_days": {"type": "raw", "default": "weekdays"},
    "timezone": {"type": "str", "default": "Asia/Shanghai"},
    "dead_letters": {"type": "str", "default": ""},
    "snooze": {"type": "raw", "default": ""},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
OWNS = ("schedules", "schedule_group", "stop_role", "stop_policy", "stop_attached")
FRESH = ()
UNVERIFIED = ("whether EventBridge Scheduler can take the role on: AWS checks that when it takes the schedule",)


@dataclass(frozen=True)
class Want:
    """The stops asked for; table means nothing when the state is absent. dead_letters is the ARN of an SQS queue, or empty."""

    scope: Scope
    table: Timetable
    dead_letters: str
    snooze: str
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses times, days and zones that AWS would misread or skip."""
    here, state = scope(params), params.get("state") or "present"
    if state == "absent":
        return Want(here, Timetable((), "UTC"), "", "", state)
    asked = {
        key: SPEC[key]["default"] if params.get(key) is None else params[key] for key in SPEC if key not in COMMON_SPEC
    }
    table = stop_time.wanted(asked, datetime.now(UTC).date())
    queue = stop_role.queue("box_dead_letter_queue", asked["dead_letters"], here.region)
    return Want(here, table, queue, snooze.asked("snooze", asked["snooze"]), state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads; role and group first, because without them there is nothing in them."""
    parts = {"account", "stop_role", "schedule_group"} | ({"instances"} if want.state == "present" else set())
    inside = {"stop_policy", "schedules"} | ({"stop_attached"} if want.state == "absent" else set())
    return parts | (inside if parts <= seen.keys() else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave the wanted schedules on the box's instance, with a role that may do just that."""
    if want.state == "absent":
        reason = "the box is to be absent"
        return [*stop_schedule.remove(want, seen, reason), *stop_role.remove(want.scope, seen, reason)]
    box = next(iter(seen["instances"]), None)
    instance = box["InstanceId"] if box else None
    until = snoozed(want, seen)
    return [*stop_role.ensure(want, seen, instance), *stop_schedule.ensure(want, seen, instance, until)]


def snoozed(want: Want, seen: dict[str, Any]) -> datetime | None:
    """The first stop that counts again, as asked for now or before."""
    return snooze.until(want.table, want.snooze, stop_form.kept(seen), _now(seen))


def _now(seen: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(seen["account"]["now"])


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The schedules' group, the next five firings, and until when the stop is snoozed."""
    if want.state == "absent":
        return {"schedule_group": want.scope.prefix, "firings": [], "snoozed_until": None}
    until = snoozed(want, seen)
    coming = snooze.firings(want.table, _now(seen), until)
    return {
        "schedule_group": want.scope.prefix,
        "firings": timetable.next_five(coming, want.table.zone),
        "snoozed_until": timetable.told(until, want.table.zone) if until else None,
    }
