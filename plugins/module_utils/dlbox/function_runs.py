"""The function's runs, as its log tells them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# What Lambda itself writes where a run ends without a line of ours.
BROKEN = ("[ERROR]", "Task timed out")


def runs(events: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """{"at", "did", "why", "outcome"} of each decision in a log's events, {"timestamp": ms, "message": text}, in their order."""
    return [{"at": _moment(event), **told} for event in events if (told := _told(event["message"]))]


def words(found: list[dict[str, str]]) -> str:
    """What the function did, for a sentence about a stop that did not come."""
    if not found:
        return "the function's log has no run of it, so nothing woke it, or its role may not write there"
    last = found[-1]
    return f"the function's log says: {last['did']}, {last['outcome'] or last['why']}"


def _told(message: str) -> dict[str, str]:
    text = message.strip()
    try:
        line = json.loads(text)
        return {"did": line["did"], "why": line["why"], "outcome": line.get("outcome", "")}
    except (ValueError, TypeError, KeyError):
        return {"did": "failed", "why": text, "outcome": ""} if any(one in text for one in BROKEN) else {}


def _moment(event: Mapping[str, Any]) -> str:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="seconds")
