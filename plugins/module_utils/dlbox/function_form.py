"""The function in the form that Lambda takes, and what of it is compared and shown. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

from . import function_code, function_role, zone_data
from .change import Ref
from .errors import Refused
from .timetable import DAILY

# Lambda's own retries after the first failure; with the age they end before the next working day.
RETRIES = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 2}
# EventBridge's, when Lambda does not take the event.
RULE_RETRIES = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10}
RUNTIME, ARCHITECTURE = "python3.13", "x86_64"
TIMEOUT_S, MEMORY_MIB = 60, 128
VARIABLE = "DLBOX"


def config(want: Any, instance: str, until: datetime | None) -> dict[str, Any]:
    """What stop_handler is told, in the form that it takes."""
    table = want.table
    return {
        "instances": [instance],
        "zone": table.zone,
        "lines": [[line.verb, f"{line.at:%H:%M}", list(line.days)] for line in table.entries],
        "until": until.astimezone(UTC).isoformat() if until else None,
    }


def told(function: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the function is told as it stands; None where there is none, or where it could not use what it is told."""
    try:
        known = json.loads(function["Variables"][VARIABLE]) if function else None
        return known if known and _usable(known) else None
    except (KeyError, TypeError, ValueError, Refused):
        return None


def _usable(known: Any) -> bool:
    """Whether stop_handler can go by it; what is nonsense to read raises as it would there."""
    zone_data.zone(known["zone"])
    lines = [(verb, time.fromisoformat(at), set(days)) for verb, at, days in known["lines"]]
    plain = all(verb in ("stop", "start") and days <= set(DAILY) for verb, _, days in lines)
    instances, until = known["instances"], known["until"]
    listed = isinstance(instances, list) and all(isinstance(one, str) for one in instances)
    return plain and listed and (until is None or datetime.fromisoformat(until).utcoffset() is not None)


def settings(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> dict[str, Any]:
    """The configuration as UpdateFunctionConfiguration takes it; before the launch it holds a Ref."""
    text = json.dumps(config(want, instance, until)) if instance else Ref("the box's instance")
    return {
        "Role": function_role.role_arn(want.scope, seen),
        "Runtime": RUNTIME,
        "Handler": function_code.HANDLER,
        "Timeout": TIMEOUT_S,
        "MemorySize": MEMORY_MIB,
        "Environment": {"Variables": {VARIABLE: text}},
        "DeadLetterConfig": {"TargetArn": want.dead_letters},
    }


def wanted(want: Any, seen: dict[str, Any], instance: str | None, until: datetime | None) -> dict[str, Any]:
    """What the function should be, as view() shows one."""
    form = settings(want, seen, instance, until)
    return {
        "role": form["Role"],
        "runtime": RUNTIME,
        "handler": form["Handler"],
        "timeout": TIMEOUT_S,
        "memory": MEMORY_MIB,
        "told": config(want, instance or "the instance to be launched", until),
        "variables": [VARIABLE],
        "dead_letters": want.dead_letters,
        "layers": [],
        "subnets": [],
        "failed": False,
        "architecture": ARCHITECTURE,
        "code": function_code.sha256(want.table.zone),
    }


def view(function: dict[str, Any], now: str) -> dict[str, Any]:
    """What is compared of a function and shown to the user; a snooze that has ended means nothing any more."""
    config = told(function)
    if config and config["until"] and datetime.fromisoformat(config["until"]) <= datetime.fromisoformat(now):
        config = {**config, "until": None}
    return {
        "role": function["Role"],
        "runtime": function["Runtime"],
        "handler": function["Handler"],
        "timeout": function["Timeout"],
        "memory": function["MemorySize"],
        "told": config,
        "variables": sorted(function["Variables"]),
        "dead_letters": function["DeadLetters"],
        "layers": function["Layers"],
        "subnets": function["Subnets"],
        "failed": function["Failed"],
        "architecture": (function["Architectures"] or [None])[0],
        "code": function["CodeSha256"],
    }
