"""The rules that wake the function, each with its permission to: what differs, and how they go away. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import iam_policy, iam_role, rule_form, stop_wakes
from .change import Call, Change
from .function_form import RULE_RETRIES
from .function_role import function_name

TARGET = "box"


def function_arn(want: Any, seen: dict[str, Any]) -> str:
    """The function's ARN, also before the function exists."""
    return iam_role.arn(seen, "lambda", want.scope.region, f"function:{function_name(want.scope)}")


def prove_name(want: Any) -> str:
    """The rule with which playbooks/prove_stop.yml wakes the function once; the next run removes what a killed one left."""
    return f"{want.scope.prefix}-at-prove"


def wake(want: Any, seen: dict[str, Any], until: datetime | None) -> list[Change]:
    """Changes that leave the wanted rules, each with its permission; one that stands keeps its days until `drop`."""
    named, changes = _named(want, seen, until), []
    for name, when in named.items():
        changes += rule_form.ensure(want.scope, seen, name, rule_form.widened(seen, name, when), target(want, seen))
    return changes + [change for name in named for change in _permit(want, seen, name)]


def drop(want: Any, seen: dict[str, Any], until: datetime | None) -> list[Change]:
    """Changes that leave no other rule, no other day and no other permission."""
    named = _named(want, seen, until)
    changes = [change for name, when in named.items() for change in rule_form.narrow(seen, name, when)]
    unwanted = [name for name in seen["rules"] if name not in named]
    whys = ("no line needs it", "no snooze ends then")
    changes += [rule_form.delete(seen, name, whys[stop_wakes.ends_snooze(name)]) for name in unwanted]
    return changes + [_forbid(want, seen, sid) for sid in _statements(seen) if sid not in named]


def remove(want: Any, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the rules; their permissions go with the function."""
    return [rule_form.delete(seen, name, reason) for name in seen["rules"]]


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


def _statements(seen: dict[str, Any]) -> dict[str, Any]:
    """The function's policy; a function that is made anew has none."""
    return seen["function_permissions"] if seen["function"] else {}


def _rule_arn(want: Any, seen: dict[str, Any], name: str) -> str:
    return iam_role.arn(seen, "events", want.scope.region, f"rule/{name}")
