"""The rules that wake the function, each with its permission to: what differs, and how they go away. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import iam_policy, iam_role, stop_wakes
from .change import Call, Change
from .function_form import RULE_RETRIES
from .function_role import function_name
from .names import lacking, tag_list

TARGET = "box"
ONCE_OVER = "the snooze that it was for has ended"


def function_arn(want: Any, seen: dict[str, Any]) -> str:
    """The function's ARN, also before the function exists."""
    return iam_role.arn(seen, "lambda", want.scope.region, f"function:{function_name(want.scope)}")


def prove_name(want: Any) -> str:
    """The rule with which playbooks/prove_stop.yml wakes the function once; the next run removes what a killed one left."""
    return f"{want.scope.prefix}-at-prove"


def wake(want: Any, seen: dict[str, Any], until: datetime | None) -> list[Change]:
    """Changes that leave the wanted rules, each with its permission."""
    named = _named(want, seen, until)
    changes = [change for name, when in named.items() for change in _rule(want, seen, name, when)]
    return changes + [change for name in named for change in _permit(want, seen, name)]


def drop(want: Any, seen: dict[str, Any], until: datetime | None) -> list[Change]:
    """Changes that leave no other rule and no other permission."""
    named = _named(want, seen, until)
    unwanted = [name for name in seen["rules"] if name not in named]
    changes = [_delete(seen, name, ONCE_OVER if name.endswith("-once") else "no line needs it") for name in unwanted]
    return changes + [_forbid(want, seen, sid) for sid in _statements(seen) if sid not in named]


def remove(want: Any, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the rules; their permissions go with the function."""
    return [_delete(seen, name, reason) for name in seen["rules"]]


def target(want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """The one target of each rule."""
    return {"Id": TARGET, "Arn": function_arn(want, seen), "RetryPolicy": RULE_RETRIES}


def permission(want: Any, seen: dict[str, Any], name: str) -> dict[str, Any]:
    """The statement in the function's policy that lets a rule wake it, as Lambda writes it."""
    return {
        "Sid": name,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function_arn(want, seen),
        "Condition": {"ArnLike": {"AWS:SourceArn": _rule_arn(want, seen, name)}},
    }


def grant(want: Any, seen: dict[str, Any], name: str) -> dict[str, Any]:
    """That statement as AddPermission takes it."""
    source = {"Principal": "events.amazonaws.com", "SourceArn": _rule_arn(want, seen, name)}
    whose = {"FunctionName": function_name(want.scope), "StatementId": name}
    return {**whose, "Action": "lambda:InvokeFunction", **source}


def _named(want: Any, seen: dict[str, Any], until: datetime | None) -> dict[str, str]:
    return stop_wakes.rules(want.scope.prefix, want.table, datetime.fromisoformat(seen["account"]["now"]), until)


def _rule(want: Any, seen: dict[str, Any], name: str, when: str) -> list[Change]:
    found, thing = seen["rules"].get(name), f"rule {name}"
    put = {"Name": name, "ScheduleExpression": when, "State": "ENABLED"}
    aim = Call("events", "put_targets", {"Rule": name, "Targets": [target(want, seen)]})
    if found is None:
        make = Call("events", "put_rule", {**put, "Tags": tag_list(want.scope.tags)})
        new = {"when": when, "state": "ENABLED", "target": function_arn(want, seen)}
        return [Change("create", thing, "nothing would wake the function then", None, new, calls=(make, aim))]
    changes, before = [], _timing(found)
    after: dict[str, Any] = {"when": when, "state": "ENABLED", "pattern": None}
    if differing := [key for key in after if before[key] != after[key]]:
        why = {
            "when": "it wakes the function at another time",
            "state": "it is disabled",
            "pattern": "it has a pattern",
        }
        reason = "; ".join(why[key] for key in differing)
        shown, wants = ({key: side[key] for key in differing} for side in (before, after))
        changes.append(Change("update", thing, reason, shown, wants, calls=(Call("events", "put_rule", put),)))
    if found["Targets"] != [target(want, seen)]:
        others = [one["Id"] for one in found["Targets"] if one["Id"] != TARGET]
        drop = [Call("events", "remove_targets", {"Rule": name, "Ids": others})] if others else []
        reason = "it does something else than wake the function" if found["Targets"] else "it has no target"
        only = [target(want, seen)]
        changes.append(Change("update", f"targets of rule {name}", reason, found["Targets"], only, calls=(*drop, aim)))
    if missing := lacking(want.scope, found["Tags"]):
        add = Call("events", "tag_resource", {"ResourceARN": found["Arn"], "Tags": tag_list(missing)})
        tags = {**found["Tags"], **missing}
        changes.append(Change("tag", thing, "its tags differ", found["Tags"], tags, calls=(add,)))
    return changes


def _timing(found: dict[str, Any]) -> dict[str, Any]:
    return {"when": found["Expression"], "state": found["State"], "pattern": found["Pattern"]}


def _permit(want: Any, seen: dict[str, Any], name: str) -> list[Change]:
    found, after = _statements(seen).get(name), permission(want, seen, name)
    if found and iam_policy.same(found, after):
        return []
    function = {"FunctionName": function_name(want.scope), "StatementId": name}
    drop = (Call("lambda", "remove_permission", function),) if found else ()
    add = Call("lambda", "add_permission", grant(want, seen, name))
    # Without it AWS drops the event, and says so nowhere but in a metric.
    check = Call("wait", "function_permitted", function)
    reason = "it allows something else than this rule" if found else "the rule may not wake the function"
    verb, thing = "update" if found else "create", f"permission {name} of function {function_name(want.scope)}"
    return [Change(verb, thing, reason, found, after, calls=(*drop, add, check))]


def _forbid(want: Any, seen: dict[str, Any], sid: str) -> Change:
    params = {"FunctionName": function_name(want.scope), "StatementId": sid}
    calls = (Call("lambda", "remove_permission", params),)
    thing = f"permission {sid} of function {function_name(want.scope)}"
    return Change("delete", thing, "no rule of the box needs it", _statements(seen)[sid], None, calls=calls)


def _delete(seen: dict[str, Any], name: str, reason: str) -> Change:
    found = seen["rules"][name]
    ids = [one["Id"] for one in found["Targets"]]
    clear = (Call("events", "remove_targets", {"Rule": name, "Ids": ids}),) if ids else ()
    before = {**_timing(found), "target": [one["Arn"] for one in found["Targets"]]}
    return Change(
        "delete", f"rule {name}", reason, before, None, calls=(*clear, Call("events", "delete_rule", {"Name": name}))
    )


def _statements(seen: dict[str, Any]) -> dict[str, Any]:
    """The function's policy; a function that is made anew has none."""
    return seen["function_permissions"] if seen["function"] else {}


def _rule_arn(want: Any, seen: dict[str, Any], name: str) -> str:
    return iam_role.arn(seen, "events", want.scope.region, f"rule/{name}")
