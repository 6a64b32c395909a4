"""The chain that stops the box, as the proof looks it over: what is broken, and what was looked at. Pure."""

from __future__ import annotations

from typing import Any

from .change import Change


def reasons(changes: list[Change], shutdown: str, elsewhere: list[str]) -> list[str]:
    """Why the stops are broken, one sentence for each thing that site.yml would mend. `shutdown`: what a power-off does, stop or terminate."""
    found = _by_the_other(changes) or [f"{change.thing}: {change.reason}" for change in changes if _matters(change)]
    found += [f"there is one in {region}, but it stops nothing of another region" for region in elsewhere]
    lost = f"shutdown behaviour of the instance: it is {shutdown}, so the idle stop would delete the box with its disk"
    return found if shutdown == "stop" else [*found, lost]


def _by_the_other(changes: list[Change]) -> list[str]:
    """One sentence instead of one for each thing, where box_stop_backend was changed and not yet applied."""
    made, gone = (
        {change.thing.partition(" ")[0] for change in changes if change.verb == verb} for verb in ("create", "delete")
    )
    for wanted, other in (("function", "schedule"), ("schedule", "function")):
        if wanted in made and other in gone:
            told = "lambda" if wanted == "function" else "scheduler"
            return [
                f"box_stop_backend is {told}, and what stands on AWS is a {other}: run playbooks/provision.yml, then this again"
            ]
    return []


def _matters(change: Change) -> bool:
    """Whether a stop could fail to come, or be undone, while this change is not made: not for want of a tag or a log, nor by a rest."""
    if change.verb == "delete":
        # A rule or permission too many only wakes the function, which judges for itself, and a stop too many stops.
        return change.thing.startswith("function ") or "/start" in change.thing
    # Whether a policy of somebody else's denies the stop is found by trying.
    return change.verb not in ("tag", "await", "detach") and not change.thing.startswith("log group ")


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
        "shutdown_behavior": seen["shutdown_behavior"],
        **{part: seen[part] for part in parts or ("schedules", "schedule_group", "stop_role", "stop_policy")},
    }
