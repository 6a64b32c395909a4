"""One rule of EventBridge that wakes the function: what differs of it, and how it goes away. Pure."""

from __future__ import annotations

from typing import Any

from . import timetable
from .change import Call, Change
from .names import Scope, lacking, tag_list

WHY = {
    "when": "it wakes the function at another time",
    "state": "it is disabled",
    "pattern": "it has a pattern",
}


def ensure(scope: Scope, seen: dict[str, Any], name: str, when: str, target: dict[str, Any]) -> list[Change]:
    """Changes that leave the rule with this expression, this one target and the box's tags."""
    found, thing = seen["rules"].get(name), f"rule {name}"
    aim = Call("events", "put_targets", {"Rule": name, "Targets": [target]})
    if found is None:
        make = Call("events", "put_rule", {**_put(name, when), "Tags": tag_list(scope.tags)})
        new = {"when": when, "state": "ENABLED", "target": target["Arn"]}
        return [Change("create", thing, "nothing would wake the function then", None, new, calls=(make, aim))]
    changes, before = [], _timing(found)
    after: dict[str, Any] = {"when": when, "state": "ENABLED", "pattern": None}
    if differing := [key for key in after if before[key] != after[key]]:
        reason = "; ".join(WHY[key] for key in differing)
        shown, wants = ({key: side[key] for key in differing} for side in (before, after))
        put = (Call("events", "put_rule", _put(name, when)),)
        changes.append(Change("update", thing, reason, shown, wants, calls=put))
    if found["Targets"] != [target]:
        others = [one["Id"] for one in found["Targets"] if one["Id"] != target["Id"]]
        drop = [Call("events", "remove_targets", {"Rule": name, "Ids": others})] if others else []
        reason = "it does something else than wake the function" if found["Targets"] else "it has no target"
        changes.append(Change("update", f"targets of {thing}", reason, found["Targets"], [target], calls=(*drop, aim)))
    if missing := lacking(scope, found["Tags"]):
        add = Call("events", "tag_resource", {"ResourceARN": found["Arn"], "Tags": tag_list(missing)})
        tags = {**found["Tags"], **missing}
        changes.append(Change("tag", thing, "its tags differ", found["Tags"], tags, calls=(add,)))
    return changes


def widened(seen: dict[str, Any], name: str, when: str) -> str:
    """The expression with the rule's own weekdays too: until the function is told of others, it acts on those."""
    found = timetable.entry("", seen["rules"].get(name, {}).get("Expression") or "")
    wanted = timetable.entry("", when)
    same = found and wanted and found.at == wanted.at
    return timetable.cron(wanted.at, {*found.days, *wanted.days}) if found and wanted and same else when


def narrow(seen: dict[str, Any], name: str, when: str) -> list[Change]:
    """The change that takes such weekdays away."""
    wide = widened(seen, name, when)
    put = (Call("events", "put_rule", _put(name, when)),)
    reason = "it wakes the function on other days too"
    return [] if wide == when else [Change("update", f"rule {name}", reason, {"when": wide}, {"when": when}, calls=put)]


def delete(seen: dict[str, Any], name: str, reason: str) -> Change:
    """The change that removes the rule with its targets."""
    found = seen["rules"][name]
    ids = [one["Id"] for one in found["Targets"]]
    clear = (Call("events", "remove_targets", {"Rule": name, "Ids": ids}),) if ids else ()
    before = {**_timing(found), "target": [one["Arn"] for one in found["Targets"]]}
    gone = Call("events", "delete_rule", {"Name": name})
    return Change("delete", f"rule {name}", reason, before, None, calls=(*clear, gone))


def _put(name: str, when: str) -> dict[str, Any]:
    return {"Name": name, "ScheduleExpression": when, "State": "ENABLED"}


def _timing(found: dict[str, Any]) -> dict[str, Any]:
    return {"when": found["Expression"], "state": found["State"], "pattern": found["Pattern"]}
