"""The box's daily stop: an EventBridge schedule in the user's zone that stops the instance itself, with a role for that alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from . import stop_role, stop_schedule, stop_time
from .change import Change
from .names import SCHEDULE, Scope, scope
from .spec import COMMON_SPEC

SPEC = {
    **COMMON_SPEC,
    "stop_time": {"type": "str", "default": "20:00"},
    "timezone": {"type": "str", "default": "Asia/Shanghai"},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
OWNS = ("schedule", "schedule_group", "stop_role", "stop_policy", "stop_attached")
FRESH = ()
UNVERIFIED = ("whether EventBridge Scheduler can take the role on: AWS checks that when it takes the schedule",)


@dataclass(frozen=True)
class Want:
    """The daily stop asked for; at and zone mean nothing when the state is absent."""

    scope: Scope
    at: time
    zone: str
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses a time or zone that AWS would misread or skip."""
    here, state = scope(params), params.get("state") or "present"
    if state == "absent":
        return Want(here, time(), "UTC", state)
    at = stop_time.clock_time("box_stop_time", params["stop_time"])
    zone = stop_time.zone_name("box_timezone", params["timezone"])
    stop_time.check_daily("box_stop_time", at, zone, datetime.now(UTC).date())
    return Want(here, at, zone, state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads; role and group first, because without them there is nothing in them."""
    parts = {"stop_role", "schedule_group"} | ({"account", "instances"} if want.state == "present" else set())
    inside = {"stop_policy", "schedule"} | ({"stop_attached"} if want.state == "absent" else set())
    return parts | (inside if parts <= seen.keys() else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave one enabled schedule on the box's instance, with a role that may do just that."""
    if want.state == "absent":
        return [*stop_schedule.remove(want, seen), *stop_role.remove(want.scope, seen)]
    box = next(iter(seen["instances"]), None)
    instance = box["InstanceId"] if box else None
    return [*stop_role.ensure(want.scope, seen, instance), *stop_schedule.ensure(want, seen, instance)]


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The schedule's name and when it stops the box next."""
    now = datetime.fromisoformat(seen["account"]["now"]) if want.state == "present" else None
    soon = stop_time.next_stop(now, f"{want.at:%H:%M}", want.zone) if now else None
    return {"schedule": f"{want.scope.prefix}/{SCHEDULE}", "next_stop": soon}
