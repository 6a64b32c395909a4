"""What is said of a quota that is not enough: how it stands, what to do next, and the text for AWS's case."""

from __future__ import annotations

from typing import Any

from .families import family_of
from .fit import unfit, unsold
from .quota_lines import APPROVED, OPEN, Line, refused


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
        short = _short(past)
        asks = f"asks for {request['desired']} once more and" if short else f"for {request['desired']}"
        who = f"{short}request {request['id']}{case} {asks} has been {request['status']} for {request['age']}"
        if request["desired"] < line.needed:
            return f"{who} and asks for too little: reply to AWS's mail about it that you need {line.needed}, then come back with `ansible-playbook site.yml`"
        return f"{who}: answer AWS's mail about it with the text below, and come back with `ansible-playbook site.yml` once AWS has decided"
    if want.request == "false":
        return f"set box_quota_request: true, or ask for {line.needed} under Service Quotas in the AWS console, then run the same command"
    if (no := refused(line, past)) and want.request != "again":
        case = f"case {no['case']}" if no["case"] else "AWS's mail about it"
        twice = ", as it did the one before" if no["status"] == APPROVED else ""
        return (
            f"AWS ended {_ended(no)}{twice}: reply to {case} with the text below, "
            "or have it asked once more with -e box_quota_request=again"
        )
    return f"`ansible-playbook site.yml` asks AWS for {line.needed}"


def next_step(want: Any, lacking: list[Line], now: dict[str, Any], past: dict[str, list[dict[str, Any]]]) -> str:
    """What the user does next, after message()."""
    site = "ansible-playbook site.yml"
    asked = [line for line in lacking if not now[line.code]]
    if not asked and want.request == "again":
        return f"come back today or in days; it goes on from here, and asks no more: {site}, without box_quota_request=again"
    if not asked:
        return f"come back with the same command, today or in days; it goes on from here: {site}"
    if want.request == "false":
        return f"once AWS has granted what you ask for, or to have it asked for: {site}, the latter with -e box_quota_request=true"
    if want.request == "true" and any(refused(line, past.get(line.code, [])) for line in asked):
        return (
            f"once AWS has answered your reply: {site}; to have it asked once more: {site} -e box_quota_request=again"
        )
    again = " -e box_quota_request=again" if want.request == "again" else ""
    return f"nothing has been asked for yet: {site}{again}, without --check, asks AWS"


def _ended(item: dict[str, Any]) -> str:
    """A request and how it ended: AWS calls it approved even where it granted less."""
    how = "with that" if item["status"] == APPROVED else f"as {item['status']}"
    return f"the request of {item['created'][:10]} for {item['desired']} {how}"


def _short(past: list[dict[str, Any]]) -> str:
    """That the request before the open one was approved, and yet is not enough."""
    before = next((item for item in past if item["status"] not in OPEN), None)
    return f"AWS ended {_ended(before)}; " if before and before["status"] == APPROVED else ""


def last(requests: list[dict[str, Any]]) -> str:
    """How the last request ended, for the reason of the next."""
    return f"; AWS ended {_ended(requests[0])}" if requests else ""


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
