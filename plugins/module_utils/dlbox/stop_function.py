"""The box's Lambda function and what is around it: what is wanted, what differs, and how it goes away. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import function_code, function_log, function_role, stop_rules
from .change import Call, Change
from .function_form import RETRIES, settings, view, wanted
from .function_role import function_name
from .names import lacking

_ROLE = ("function_role", "function_policy", "function_inline", "function_attached")
OWNS = (*_ROLE, "function", "function_permissions", "function_retries", "function_log", "rules")
CODE = ("code", "architecture")
WHY = {
    "role": "it runs with another role",
    "runtime": "its runtime differs",
    "handler": "it would run something else",
    "timeout": "its time limit differs",
    "memory": "its memory differs",
    "variables": "its environment has other variables",
    "dead_letters": "box_dead_letter_queue differs",
    "layers": "a layer could replace its code",
    "subnets": "it is in a VPC, where it may not reach EC2",
    "failed": "AWS could not apply its last update",
    "architecture": "its architecture differs",
    "code": "its code is not that of this dlbox and zone",
}


def needs(seen: dict[str, Any], wanted: bool, absent: bool) -> set[str]:
    """The parts to read: the role alone tells whether there may be more of an unwanted function, for it comes first and goes last."""
    if "function_role" not in seen:
        return {"function_role"}
    if wanted:
        return set(OWNS) - {"function_inline"}
    return set(OWNS) if absent or seen["function_role"] else set()


def ensure(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> list[Change]:
    """Changes of the role, the log group, the function, its retries and its rules with their permissions."""
    first = function_role.ensure(want, seen, instance)
    if seen["function"] and not seen["function_role"]:
        # The key that its environment is encrypted with was granted to the role that is gone, not to one of the same name.
        first += [_drop(want, seen, "its role is gone, and with a new one it could not read what it is told")]
        seen = {**seen, "function": None}
    wake = stop_rules.wake(want, seen, until)
    tell = [*_function(want, seen, instance, until), *_retries(want, seen)]
    # A function that stands is told of a snooze only when the rule that ends it does too: a run may be killed in between.
    order = wake + tell if seen["function"] else tell + wake
    return [*first, *function_log.ensure(want, seen), *order, *stop_rules.drop(want, seen, until)]


def remove(want: Any, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove all of it, the role last."""
    changes = stop_rules.remove(want, seen, reason) + ([_drop(want, seen, reason)] if seen["function"] else [])
    changes += function_log.remove(want, seen, reason)
    return changes + function_role.remove(want.scope, seen, reason)


def _drop(want: Any, seen: dict[str, Any], reason: str) -> Change:
    name, before = function_name(want.scope), view(seen["function"], seen["account"]["now"])
    drop = Call("lambda", "delete_function", {"FunctionName": name})
    return Change("delete", f"function {name}", reason, before, None, calls=(drop,))


def _function(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> list[Change]:
    name, found = function_name(want.scope), seen["function"]
    thing, form, after = f"function {name}", settings(want, seen, instance, until), wanted(want, seen, instance, until)
    zone, machine = want.table.zone, [after["architecture"]]
    ready = Call("wait", "function_ready", {"FunctionName": name})
    if found is None:
        code = {
            "Code": {"ZipFile": function_code.package(zone)},
            "Architectures": machine,
            "PackageType": "Zip",
            "Tags": want.scope.tags,
        }
        make = Call("lambda", "create_function", {"FunctionName": name, **_letters(form), **code})
        return [Change("create", thing, "nothing would stop the box", None, after, calls=(make, ready))]
    before = view(found, seen["account"]["now"])

    def recode(*zones: str) -> list[Call]:
        code = {"ZipFile": function_code.package(*zones), "Architectures": machine}
        return [Call("lambda", "update_function_code", {"FunctionName": name, **code}), ready]

    differing, update = [key for key in after if before[key] != after[key]], []
    old_zone = (before["told"] or after["told"])["zone"]
    if old_zone != zone and "code" in differing:
        # It goes by the zone that it is told, so it has the rules of both while that changes: a run may be killed in between.
        update += recode(old_zone, zone)
    if set(differing) - set(CODE):
        alone = {"Layers": [], "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}}
        update += [Call("lambda", "update_function_configuration", {"FunctionName": name, **form, **alone}), ready]
    if set(differing) & {*CODE, "failed"}:
        update += recode(zone)
    shown, wants = ({key: side[key] for key in differing} for side in (before, after))
    reason = "; ".join(WHY.get(key) or _why(before["told"], after["told"]) for key in differing)
    changes = [Change("update", thing, reason, shown, wants, calls=(*update,))] if differing else []
    if found["Throttled"]:
        calls = (Call("lambda", "delete_function_concurrency", {"FunctionName": name}),)
        changes.append(Change("update", f"concurrency of {thing}", "nothing can wake it", 0, None, calls=calls))
    if missing := lacking(want.scope, found["Tags"]):
        calls = (Call("lambda", "tag_resource", {"Resource": stop_rules.function_arn(want, seen), "Tags": missing}),)
        tags = {**found["Tags"], **missing}
        changes.append(Change("tag", thing, "its tags differ", found["Tags"], tags, calls=calls))
    return changes


def _letters(form: dict[str, Any]) -> dict[str, Any]:
    """Without a queue: an empty ARN takes one away from a function, but makes none."""
    return (
        form if form["DeadLetterConfig"]["TargetArn"] else {key: form[key] for key in form if key != "DeadLetterConfig"}
    )


def _why(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    if before is None:
        return "it is not told what to do"
    whys = {"instances": "it would act on another instance", "zone": "box_timezone differs"}
    found = [why for key, why in whys.items() if before[key] != after[key]]
    for verb in ("stop", "start"):
        old, new = ([line[1:] for line in side["lines"] if line[0] == verb] for side in (before, after))
        if old != new:
            found.append(f"box_{verb}_{'days' if [at for at, _ in old] == [at for at, _ in new] else 'time'} differs")
    if before["until"] != after["until"]:
        found.append(f"stops are skipped until {after['until']}" if after["until"] else "no stop is to be skipped")
    return "; ".join(found)


def _retries(want: Any, seen: dict[str, Any]) -> list[Change]:
    name, found = function_name(want.scope), seen["function_retries"] if seen["function"] else None
    if found == RETRIES:
        return []
    calls = (Call("lambda", "put_function_event_invoke_config", {"FunctionName": name, **RETRIES}),)
    reason = "a late retry could stop the box on the next working day"
    return [Change("update" if found else "create", f"retries of function {name}", reason, found, RETRIES, calls=calls)]
