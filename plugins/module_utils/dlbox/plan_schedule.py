"""When the box stops and starts by itself: EventBridge schedules in the user's zone, or a Lambda function with rules in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import (
    function_standing,
    snooze,
    stop_form,
    stop_function,
    stop_role,
    stop_schedule,
    stop_time,
    timetable,
    values,
)
from .change import Change
from .names import Scope, scope
from .spec import COMMON_SPEC
from .timetable import Timetable

SPEC = {
    **COMMON_SPEC,
    "backend": {"type": "str", "default": "scheduler"},
    "stop_time": {"type": "raw", "default": "20:00"},
    "stop_days": {"type": "raw", "default": "daily"},
    "start_time": {"type": "raw", "default": []},
    "start_days": {"type": "raw", "default": "weekdays"},
    "timezone": {"type": "str", "default": "Asia/Shanghai"},
    "dead_letters": {"type": "str", "default": ""},
    "snooze": {"type": "raw", "default": ""},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
_SCHEDULER = ("schedules", "schedule_group", "stop_role", "stop_policy", "stop_inline", "stop_attached")
OWNS = (*_SCHEDULER, *stop_function.OWNS)
BACKENDS = ("scheduler", "lambda")
FRESH = ()
UNVERIFIED = ("whether AWS can take the role on: it checks that when it takes the schedule or the function",)


@dataclass(frozen=True)
class Want:
    """The stops asked for; table means nothing when the state is absent. dead_letters is the ARN of an SQS queue, or empty."""

    scope: Scope
    backend: str
    table: Timetable
    dead_letters: str
    snooze: str
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses times, days and zones that AWS would misread or skip."""
    here, state = scope(params), params.get("state") or "present"
    if state == "absent":
        return Want(here, "", Timetable((), "UTC"), "", "", state)
    asked = {
        key: SPEC[key]["default"] if params.get(key) is None else params[key] for key in SPEC if key not in COMMON_SPEC
    }
    table = stop_time.wanted(asked, datetime.now(UTC).date())
    queue = stop_role.queue("box_dead_letter_queue", asked["dead_letters"], here.region)
    backend = values.choice("box_stop_backend", asked["backend"], BACKENDS)
    return Want(here, backend, table, queue, snooze.asked("snooze", asked["snooze"]), state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads. Each backend's role comes first and goes last: without it there is no more of it."""
    absent = want.state == "absent"
    parts = {"account", "stop_role"} | (set() if absent else {"instances"})
    ours, left = want.backend == "scheduler", want.backend == "lambda" and seen.get("stop_role")
    if ours or left or absent:
        parts |= {"schedule_group"}
    if "schedule_group" in parts and parts <= seen.keys():
        parts |= set(_SCHEDULER) - ({"stop_inline"} if ours else set())
    return parts | stop_function.needs(seen, wanted=want.backend == "lambda", absent=absent)


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave the wanted backend doing it to the box's instance, and then nothing of the other."""
    if want.state == "absent":
        reason = "the box is to be absent"
        return [*_remove_schedules(want, seen, reason), *stop_function.remove(want, seen, reason)]
    box = next(iter(seen["instances"]), None)
    instance = box["InstanceId"] if box else None
    until, reason = snoozed(want, seen), f"box_stop_backend is {want.backend}"
    if want.backend == "lambda":
        other = _remove_schedules(want, seen, reason) if seen["stop_role"] else []
        return [*stop_function.ensure(want, seen, instance, until), *other]
    other = stop_function.remove(want, seen, reason) if seen["function_role"] else []
    return [*stop_role.ensure(want, seen, instance), *stop_schedule.ensure(want, seen, instance, until), *other]


def _remove_schedules(want: Want, seen: dict[str, Any], reason: str) -> list[Change]:
    return [*stop_schedule.remove(want, seen, reason), *stop_role.remove(want.scope, seen, reason)]


def snoozed(want: Want, seen: dict[str, Any]) -> datetime | None:
    """The first stop that counts again, as asked for now or before."""
    ends = [
        stop_form.kept(seen) if "schedules" in seen else None,
        function_standing.kept(seen) if "function" in seen else None,
    ]
    return snooze.until(want.table, want.snooze, max((end for end in ends if end), default=None), _now(seen))


def _now(seen: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(seen["account"]["now"])


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The next five firings, and until when stops are skipped."""
    if want.state == "absent":
        return {"firings": [], "snoozed_until": None}
    until = snoozed(want, seen)
    coming = snooze.firings(want.table, _now(seen), until)
    return {
        "firings": timetable.next_five(coming, want.table.zone),
        "snoozed_until": timetable.told(until, want.table.zone) if until else None,
    }
