"""Whether a box may be stopped to prove its stop, by what `dlbox idle --json` said there. Pure."""

from __future__ import annotations

import json
from typing import Any

# From the question to the planned minute, at most: nearer, the idle stop may come first.
AHEAD_S = 300.0


def refusal(box: str, said: str) -> str:
    """One sentence why the box is left alone; empty where it may be stopped. `said` may be empty or no JSON."""
    found = _read(said)
    verdict = found.get("verdict") or {}
    kind, reason = verdict.get("kind", "unknown"), verdict.get("reason", "")
    force = "save your work and add -e force=yes"
    if (found.get("kept") or 0) > 0:
        return f"{box} is to be kept up, as `dlbox keep` asked: {force}"
    if kind == "busy":
        return f"{box} is in use ({reason.removeprefix('in use: ')}): {force}"
    if kind == "held":
        return f"{box} may be in use, as some of its signals cannot be read ({reason.rpartition(': ')[2]}): {force}"
    if kind == "stop" or (kind == "idle" and verdict.get("left", 0.0) < AHEAD_S):
        return (
            f"{box} is about to power itself off, because nobody uses it, and that would prove nothing: "
            "run `dlbox keep 30m` on it, and add -e force=yes"
        )
    return "" if kind == "idle" else f"{box} did not say whether it is in use: {force}"


def _read(said: str) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
