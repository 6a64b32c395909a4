"""What EventBridge Scheduler and IAM hold for the box."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import Any

from .aws import Aws, if_there
from .observe_role import attached, inline, policy, role
from .stop_form import OURS
from .stop_role import role_name

_TIMING = ("ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target")
_DATES = ("StartDate", "EndDate", "LastModificationDate")


def schedules(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The box's schedules by name, in AWS's own form; none where their group is not or goes."""
    if "schedule_group" in seen and (seen["schedule_group"] or {}).get("State") != "ACTIVE":
        return {}
    group = want.scope.prefix
    listed = if_there(aws.pages, "scheduler", "list_schedules", "Schedules", GroupName=group) or []
    names = sorted(one["Name"] for one in listed if OURS.fullmatch(one["Name"]))
    tasks = [partial(if_there, aws.call, "scheduler", "get_schedule", Name=name, GroupName=group) for name in names]
    # One that fired for the last time may be gone by now.
    return {name: _form(one) for name, one in zip(names, aws.together(tasks), strict=True) if one}


def _form(one: dict[str, Any]) -> dict[str, Any]:
    dates = {key: one[key].astimezone(UTC).isoformat() if one.get(key) else None for key in _DATES}
    return {key: one[key] for key in _TIMING} | dates | {"Description": one.get("Description")}


def schedule_group(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The box's schedule group and whether it is ACTIVE or DELETING; None where there is none."""
    group = if_there(aws.call, "scheduler", "get_schedule_group", Name=want.scope.prefix)
    return group and {"State": group["State"]}


def stop_role(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The role that the schedule uses, with its trust policy and tags; None where there is none."""
    return role(aws, role_name(want.scope))


def stop_policy(aws: Aws, want: Any, seen: dict[str, Any]) -> Any:
    """What the role's inline policy allows; None where it has none of that name."""
    return None if seen.get("stop_role", "not looked for") is None else policy(aws, role_name(want.scope))


def stop_inline(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """What inline policies allow that somebody gave the role by hand, by their names: AWS deletes no role that has one."""
    return {} if seen["stop_role"] is None else inline(aws, role_name(want.scope))


def stop_attached(aws: Aws, want: Any, seen: dict[str, Any]) -> list[str]:
    """ARNs of managed policies that somebody attached to the role by hand: AWS deletes no role that has one."""
    return [] if seen["stop_role"] is None else attached(aws, role_name(want.scope))


SCHEDULE_PARTS: dict[str, Any] = {
    part.__name__: part for part in (schedules, schedule_group, stop_role, stop_policy, stop_inline, stop_attached)
}
