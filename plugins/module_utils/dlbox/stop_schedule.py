"""The box's schedules and the group that carries their tags: what is wanted, what differs, and how they go away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import timetable
from .change import Call, Change
from .names import tag_list
from .snooze import MARK
from .stop_form import ONCE, view, wanted

WHY = {
    "zone": "box_timezone differs",
    "state": "it is disabled",
    "window": "it may fire late",
    "ends": "it would end on a date",
    "target": "it does something else than {verb} an instance",
    "role": "it uses another role",
    "input": "it would {verb} another instance",
    "retries": "a late retry could {verb} the box on the next working day",
    "dead_letters": "box_dead_letter_queue differs",
}


def ensure(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> list[Change]:
    """Changes of the group and the schedules in it."""
    forms = wanted(want, seen, instance, until)
    changes = [change for name, form in forms.items() for change in _ensure(want, seen, name, form)]
    changes += [_delete(want, seen, name, "no setting asks for it") for name in seen["schedules"] if name not in forms]
    standing = (seen["schedule_group"] or {}).get("State") == "ACTIVE"
    return changes if standing else [_group(want, seen), *changes]


def _ensure(want: Any, seen: dict[str, Any], name: str, form: dict[str, Any]) -> list[Change]:
    group, found, now = want.scope.prefix, seen["schedules"].get(name), seen["account"]["now"]
    thing, after, verb = f"schedule {group}/{name}", view(form, now), name.partition("-")[0]
    params = {"Name": name, "GroupName": group, **form}
    if found is None:
        calls = (Call("scheduler", "create_schedule", params),)
        shown_new = {key: value for key, value in after.items() if value is not None}
        reason = "the snooze ends with a stop" if name == ONCE else f"nothing would {verb} the box"
        return [Change("create", thing, reason, None, shown_new, calls=calls)]
    before = view(found, now)
    differing = [key for key in after if before[key] != after[key]]
    if not differing:
        return []
    calls = (Call("scheduler", "update_schedule", params),)
    reason = "; ".join(_why(key, name, before, after, found["Description"] == MARK) for key in differing)
    shown, wants = ({key: side[key] for key in differing} for side in (before, after))
    return [Change("update", thing, reason, shown, wants, calls=calls)]


def _why(key: str, name: str, before: dict[str, Any], after: dict[str, Any], snoozed: bool) -> str:
    verb = name.partition("-")[0]
    if key == "begins":
        ends = "the snooze ends" if snoozed else "it would not begin before a date"
        return "the stop is skipped until then" if after[key] else ends
    if key == "when" and name == ONCE:
        return "the snooze ends at another time"
    if key == "when":
        old, new = timetable.entry(verb, before[key]), timetable.entry(verb, after[key])
        return f"box_{verb}_{'days' if old and new and old.at == new.at else 'time'} differs"
    return WHY[key].format(verb=verb)


def _group(want: Any, seen: dict[str, Any]) -> Change:
    group, tags = want.scope.prefix, want.scope.tags
    make = Call("scheduler", "create_schedule_group", {"Name": group, "Tags": tag_list(tags)})
    if seen["schedule_group"] is None:
        return Change("create", f"schedule group {group}", "there is none of this name", None, tags, calls=(make,))
    reason = "AWS is still deleting the one before"
    return Change("create", f"schedule group {group}", reason, None, tags, calls=(_gone(want), make))


def _gone(want: Any) -> Call:
    return Call("wait", "schedule_group_gone", {"Name": want.scope.prefix})


def _delete(want: Any, seen: dict[str, Any], name: str, reason: str) -> Change:
    group = want.scope.prefix
    calls = (Call("scheduler", "delete_schedule", {"Name": name, "GroupName": group}),)
    before = view(seen["schedules"][name], seen["account"]["now"])
    return Change("delete", f"schedule {group}/{name}", reason, before, None, calls=calls)


def remove(want: Any, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the schedules, and then the group with whatever else is in it."""
    group = want.scope.prefix
    changes = [_delete(want, seen, name, reason) for name in seen["schedules"]]
    if seen["schedule_group"] is not None:
        deleting = seen["schedule_group"]["State"] == "DELETING"
        drop = () if deleting else (Call("scheduler", "delete_schedule_group", {"Name": group}),)
        verb = "await" if deleting else "delete"
        thing = f"schedule group {group}"
        changes.append(Change(verb, thing, reason, seen["schedule_group"], None, calls=(*drop, _gone(want))))
    return changes
