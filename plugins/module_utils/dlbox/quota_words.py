"""What is said of a quota that is not enough: how it stands, what to do next, and the text for AWS's case."""

from __future__ import annotations

from typing import Any

from .families import family_of
from .fit import unfit, unsold
from .quota_lines import Line, refused


def message(
    want: Any,
    lacking: list[Line],
    now: dict[str, Any],
    past: dict[str, list[dict[str, Any]]],
    smaller: dict[str, Any] | None,
) -> str:
    """One sentence for all quotas that are not enough."""
    parts = [f"{line}: not enough; {_advice(want, line, now[line.code], past.get(line.code, []))}" for line in lacking]
    return "; ".join(parts) + (f"; {offer(smaller)}" if smaller else "")


def _advice(want: Any, line: Line, request: dict[str, Any] | None, past: list[dict[str, Any]]) -> str:
    if request:
        case = f" (case {request['case']})" if request["case"] else ""
        who = f"{_short(past)}request {request['id']}{case} for {request['desired']} has been {request['status']} for {request['age']}"
        if request["desired"] < line.needed:
            return f"{who} and asks for too little: reply to AWS's mail about it that you need {line.needed}, then come back with the same command"
        return f"{who}: answer AWS's mail about it with the text below, and come back with the same command once AWS has decided"
    if want.request == "false":
        return f"set box_quota_request: true, or ask for {line.needed} under Service Quotas in the AWS console, then run the same command"
    if (no := refused(line, past)) and want.request != "again":
        case = f"case {no['case']}" if no["case"] else "AWS's mail about it"
        return (
            f"AWS ended the request of {no['created'][:10]} for {no['desired']} as {no['status']}: reply to {case} with the text below, "
            "or have it asked once more with -e box_quota_request=again"
        )
    return f"`ansible-playbook site.yml` asks AWS for {line.needed}"


def _short(past: list[dict[str, Any]]) -> str:
    """That an earlier request was approved, and yet is not enough."""
    granted = next((item for item in past if item["status"] == "APPROVED"), None)
    return f"AWS ended the request of {granted['created'][:10]} for {granted['desired']} with that; " if granted else ""


def last(requests: list[dict[str, Any]]) -> str:
    """How the last request ended: AWS calls it approved even where it granted less."""
    past = next(iter(requests), None)
    if not past:
        return ""
    how = "with that" if past["status"] == "APPROVED" else f"as {past['status']}"
    return f"; the request of {past['created'][:10]} for {past['desired']} ended {how}"


def reply(want: Any, line: Line, kind: str) -> str:
    """The text for the reply to AWS's case: the request itself has no field for a reason."""
    if line.unit != "vCPUs":
        why = f"Each of my {line.used} addresses is in use, and one more machine needs one."
    elif line.used:
        why = f"One more {kind} needs {line.wanted} vCPUs beside the {line.used} that already run."
    else:
        why = f"One {kind} has {line.wanted} vCPUs: with {line.granted}, it cannot start at all."
    return (
        f"Quota: {line.family.title} ({line.code}), region {want.scope.region}.\n"
        f"I need {line.needed} {line.unit} and have been granted {line.granted}. {why}\n"
        "I use the machine by myself for deep learning, in notebooks and for training; a schedule stops it every day.\n"
        f"Please raise the quota to {line.needed}. Thank you.\n"
    )


def smaller(want: Any, seen: dict[str, Any], line: Line) -> dict[str, Any] | None:
    """The GPU type with most GPU memory that fits what was granted: {"type", "vcpus", "gpu", "hourly_usd"}; None where none does."""
    free, prices = line.granted - line.used, seen["market"]["prices"]
    fitting = [
        kind
        for kind, facts in seen["market"]["types"].items()
        if facts["vcpus"] <= free
        and family_of(kind, want.spot) == line.family
        and not (unfit(kind, facts) or unsold(facts, want.spot))
    ]
    if not fitting:
        return None
    best = min(
        fitting, key=lambda kind: (-_memory(seen["market"]["types"][kind]), prices.get(kind, float("inf")), kind)
    )
    facts = seen["market"]["types"][best]
    gpu = f"{facts['gpus'][0]['count']} {facts['gpus'][0]['name']} of {facts['gpus'][0]['memory_mib'] / 1024:.0f} GiB"
    return {"type": best, "vcpus": facts["vcpus"], "gpu": gpu, "hourly_usd": prices.get(best)}


def offer(smaller: dict[str, Any]) -> str:
    """What fits, as an offer."""
    price = f", ${smaller['hourly_usd']:g} an hour" if smaller["hourly_usd"] else ""
    return f"what was granted is enough for box_instance_type: {smaller['type']} ({smaller['vcpus']} vCPUs, {smaller['gpu']}{price})"


def free_plan(kind: str) -> str:
    """What an account on AWS's free plan is told before anything is asked for."""
    return (
        f"this account is on AWS's free plan, which launches free-tier types alone and so no {kind}: upgrade it to the paid plan under Billing "
        "in the AWS console (unused credits stay), then run the same command"
    )


def _memory(facts: dict[str, Any]) -> int:
    return sum(gpu["count"] * gpu["memory_mib"] for gpu in facts["gpus"])
