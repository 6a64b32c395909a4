"""The schedule itself and the group that carries its tags: what is wanted, what differs, and how it goes away."""

from __future__ import annotations

import json
from typing import Any

from . import stop_role, stop_time
from .change import Call, Change, Ref
from .names import SCHEDULE, tag_list

# By default AWS retries for a day, and a late retry would stop the next working day.
RETRIES = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10}
WHY = {
    "cron": "box_stop_time differs",
    "zone": "box_timezone differs",
    "state": "it is disabled",
    "window": "it may fire late",
    "begins": "it would not begin before a date",
    "ends": "it would end on a date",
    "target": "it does something else than stop an instance",
    "role": "it uses another role",
    "input": "it would stop another instance",
    "retries": "a late retry could stop the next working day",
    "dead_letters": "no setting asks for a dead-letter queue",
}


def wanted(want: Any, seen: dict[str, Any], instance: str | None) -> dict[str, Any]:
    """The schedule in the form that CreateSchedule takes and GetSchedule gives."""
    target = {
        "Arn": f"arn:{seen['account']['partition']}:scheduler:::aws-sdk:ec2:stopInstances",
        "RoleArn": stop_role.role_arn(want.scope, seen),
        "Input": json.dumps({"InstanceIds": [instance]}) if instance else Ref("the box's instance"),
        "RetryPolicy": RETRIES,
    }
    when = {"ScheduleExpression": stop_time.cron(want.at), "ScheduleExpressionTimezone": want.zone}
    return {**when, "State": "ENABLED", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}


def view(schedule: dict[str, Any]) -> dict[str, Any]:
    """What is compared of a schedule and shown to the user."""
    target = schedule["Target"]
    return {
        "cron": schedule["ScheduleExpression"],
        "zone": schedule["ScheduleExpressionTimezone"],
        "state": schedule["State"],
        "window": schedule["FlexibleTimeWindow"]["Mode"],
        "begins": schedule.get("StartDate"),
        "ends": schedule.get("EndDate"),
        "target": target["Arn"],
        "role": target["RoleArn"],
        "input": _input(target.get("Input")),
        "retries": target.get("RetryPolicy"),
        "dead_letters": target.get("DeadLetterConfig"),
    }


def _input(text: Any) -> Any:
    if isinstance(text, Ref):
        return {"InstanceIds": ["the instance to be launched"]}
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def ensure(want: Any, seen: dict[str, Any], instance: str | None) -> list[Change]:
    """Changes of the group and the schedule in it."""
    group, form = want.scope.prefix, wanted(want, seen, instance)
    thing, after = f"schedule {group}/{SCHEDULE}", view(form)
    params = {"Name": SCHEDULE, "GroupName": group, **form}
    if seen["schedule"] is None:
        calls = (Call("scheduler", "create_schedule", params),)
        changes = [] if (seen["schedule_group"] or {}).get("State") == "ACTIVE" else [_group(want, seen)]
        shown_new = {key: value for key, value in after.items() if value is not None}
        return [*changes, Change("create", thing, "nothing would stop the box", None, shown_new, calls=calls)]
    before = view(seen["schedule"])
    differing = [key for key in after if before[key] != after[key]]
    if not differing:
        return []
    calls = (Call("scheduler", "update_schedule", params),)
    reason = "; ".join(WHY[key] for key in differing)
    shown, wants = ({key: side[key] for key in differing} for side in (before, after))
    return [Change("update", thing, reason, shown, wants, calls=calls)]


def _group(want: Any, seen: dict[str, Any]) -> Change:
    group, tags = want.scope.prefix, want.scope.tags
    make = Call("scheduler", "create_schedule_group", {"Name": group, "Tags": tag_list(tags)})
    if seen["schedule_group"] is None:
        return Change("create", f"schedule group {group}", "there is none of this name", None, tags, calls=(make,))
    reason = "AWS is still deleting the one before"
    return Change("create", f"schedule group {group}", reason, None, tags, calls=(_gone(want), make))


def _gone(want: Any) -> Call:
    return Call("wait", "schedule_group_gone", {"Name": want.scope.prefix})


def remove(want: Any, seen: dict[str, Any]) -> list[Change]:
    """Changes that remove the schedule, and then the group with whatever else is in it."""
    group, reason, changes = want.scope.prefix, "the box is to be absent", []
    if seen["schedule"] is not None:
        calls = (Call("scheduler", "delete_schedule", {"Name": SCHEDULE, "GroupName": group}),)
        thing = f"schedule {group}/{SCHEDULE}"
        changes.append(Change("delete", thing, reason, view(seen["schedule"]), None, calls=calls))
    if seen["schedule_group"] is not None:
        deleting = seen["schedule_group"]["State"] == "DELETING"
        drop = () if deleting else (Call("scheduler", "delete_schedule_group", {"Name": group}),)
        verb = "await" if deleting else "delete"
        thing = f"schedule group {group}"
        changes.append(Change(verb, thing, reason, seen["schedule_group"], None, calls=(*drop, _gone(want))))
    return changes
