"""The report: verdict, one sentence, and what of it is news. Nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from . import check_gpu, check_host, check_torch
from .finding import FAIL, PASS, SKIP, WARN, Finding

# Faults of the machine, for which a run ends; an environment's are shown, and it goes on.
STOPPING = ("driver", "gpus", "ecc", "xid")


def findings(facts: Mapping[str, Any]) -> list[Finding]:
    """All checks, in the order in which they are shown."""
    return [*check_gpu.check(facts), *check_torch.check(facts), *check_host.check(facts)]


def verdict(facts: Mapping[str, Any], found: Sequence[Finding]) -> str:
    """failed, no-gpu or ok."""
    if any(one.status == FAIL for one in found):
        return "failed"
    return "ok" if check_gpu.gpus(facts) else "no-gpu"


def sentence(facts: Mapping[str, Any], found: Sequence[Finding]) -> str:
    """What to know first: the first thing that failed, else the GPUs."""
    if failed := [one for one in found if one.status == FAIL]:
        one = failed[0]
        return f"{one.check}{' of ' + one.about if one.about else ''}: {one.says}: {one.fix}"
    gpus = next(one.says for one in found if one.check == "gpus")
    if not check_gpu.gpus(facts):
        return gpus
    return f"{gpus}; driver {next(one.says for one in found if one.check == 'driver')}"


def make(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The whole report, as JSON."""
    found = findings(facts)
    return {
        "verdict": verdict(facts, found),
        "sentence": sentence(facts, found),
        "stops": [asdict(one) for one in found if one.status == FAIL and one.check in STOPPING],
        "counts": {status: sum(one.status == status for one in found) for status in (FAIL, WARN, PASS, SKIP)},
        "findings": [asdict(one) for one in found],
        "facts": dict(facts),
    }


def essence(report: Mapping[str, Any]) -> list[Any]:
    """What of a report is news when it differs; free space and the like move on their own."""
    return [report.get("verdict"), [[one["check"], one["about"], one["status"]] for one in report.get("findings", [])]]
