"""The chain that stops the box, as the proof looks it over: what is broken, where else it may be, what was looked at."""

from __future__ import annotations

from functools import partial
from typing import Any

from .aws import Aws
from .change import Change
from .errors import DlboxError
from .function_role import function_name
from .observe_gpu import regions


def reasons(changes: list[Change], elsewhere: list[str]) -> list[str]:
    """Why the chain is broken, one sentence for each thing that site.yml would mend."""
    # What a proof that was killed left is in nobody's way; whether a policy of others denies the stop is found by trying.
    others = [change for change in changes if change.verb != "detach"]
    mine = [change for change in others if not change.thing.partition(" of ")[0].endswith("-at-prove")]
    found = [f"{change.thing}: {change.reason}" for change in mine]
    return found + [f"there is one in {region}, but it stops nothing of another region" for region in elsewhere]


def missing(changes: list[Change]) -> bool:
    """Whether the stop is missing altogether, which may be because it was made in another region."""
    return any(change.verb == "create" and change.thing.startswith(("schedule ", "function ")) for change in changes)


def evidence(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> dict[str, Any]:
    """What was looked at, for the record."""
    lamda = want.backend == "lambda"
    parts = ("function", "rules", "function_permissions", "function_role", "function_policy") if lamda else ()
    return {
        "looked_at": seen["account"]["now"],
        "account": seen["account"]["account"],
        "region": want.scope.region,
        "instance_id": box["InstanceId"],
        "backend": want.backend,
        **{part: seen[part] for part in parts or ("schedules", "schedule_group", "stop_role", "stop_policy")},
    }


def elsewhere(aws: Aws, want: Any) -> list[str]:
    """Other regions of the account that hold the box's stop."""
    names = {"Name": "stop", "GroupName": want.scope.prefix}
    ask: tuple[str, str, dict[str, str]] = ("scheduler", "get_schedule", names)
    if want.backend == "lambda":
        ask = ("lambda", "get_function", {"FunctionName": function_name(want.scope)})

    def holds(region: str) -> bool:
        try:
            return bool(aws.call(ask[0], ask[1], region=region, **ask[2]))
        except DlboxError:
            return False

    others = [region for region, enabled in regions(aws).items() if enabled and region != want.scope.region]
    return [
        one for one, found in zip(others, aws.together([partial(holds, one) for one in others]), strict=True) if found
    ]
