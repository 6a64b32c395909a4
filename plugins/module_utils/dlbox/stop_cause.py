"""What stopped an instance, and whether that was the planned stop, by what EC2 tells of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# StateReason.Code as the EC2 API reference lists them; StopInstances leaves the first, whoever called it.
ASKED = "Client.UserInitiatedShutdown"
OTHERS = {
    "Client.InstanceInitiatedShutdown": "it powered itself off",
    "Server.ScheduledStop": "AWS retires its hardware",
    "Server.SpotInstanceShutdown": "AWS took its Spot capacity back",
}
# Has a time after StopInstances alone, "User initiated (2026-11-22 12:00:03 GMT)"; one that powers itself off has none.
_WHEN = re.compile(r"\((\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) GMT\)")


def cause(instance: Mapping[str, Any], noticed: datetime) -> dict[str, str]:
    """{"stopped_by": code, "stopped_at": ISO in UTC} of an instance as DescribeInstances gives it; `noticed` where EC2 tells no time."""
    when = _WHEN.search(instance.get("StateTransitionReason") or "")
    moment = datetime.fromisoformat(when[1]).replace(tzinfo=UTC) if when else noticed
    code = (instance.get("StateReason") or {}).get("Code") or ""
    return {"stopped_by": code, "stopped_at": moment.isoformat(timespec="seconds")}


def never_came(instance: str, moment: datetime, log: str) -> str:
    """The sentence about a stop that did not come though nothing is wrong with the chain; `log` is what the function says, if any."""
    said = (
        f"every part of the chain is as it should be, and yet AWS did not stop {instance} at {moment:%H:%M} UTC: look in "
        "CloudTrail for StopInstances, where a permission boundary or an organization's policy shows; until then stop it by hand"
    )
    return f"{said} ({log})" if log else said


def unplanned(told: Mapping[str, str], state: str, moment: datetime) -> str:
    """Why a stop is not the one that was planned for a moment; empty where it is. Who else calls StopInstances then cannot be told."""
    code, at = told["stopped_by"], datetime.fromisoformat(told["stopped_at"])
    shown = f"{at:%H:%M:%S} UTC"
    if state not in ("stopping", "stopped"):
        return f"it is {state} since {shown} ({code or 'EC2 does not say why'})"
    if code != ASKED:
        return f"{OTHERS.get(code, 'something else stopped it')} at {shown} ({code or 'EC2 does not say why'})"
    return f"somebody or something else stopped it at {shown}" if at < moment else ""
