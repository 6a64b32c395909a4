"""The status as text: JSON in, lines out. Nothing here reads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

NONE = (
    "No look was taken since this machine started: `systemctl status dlbox-idle.timer` says whether the timer runs, and "
    "`journalctl -u dlbox-idle` what it said."
)
STALE = 600
WORDS = {True: "in use", False: "idle", None: "unreadable"}


def clock(wall: float) -> str:
    """A moment in the machine's own time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(wall))


def length(seconds: float) -> str:
    """`12 minutes`; below two minutes in seconds."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def show(status: Mapping[str, Any], stopped: Mapping[str, Any], kept: float, wall: float) -> str:
    """The verdict, each signal with its value, and the last stop; `kept` is how long `dlbox keep` holds from now on."""
    lines = []
    if not status:
        lines.append(NONE)
    else:
        kept_text = f"Kept: no power-off by itself before {clock(wall + kept)}; the daily stop comes all the same."
        lines += [kept_text if kept > 0 else headline(status), ""]
        lines += [f"  {name:<13}{WORDS[one['busy']]:<12}{one['value']}" for name, one in status["signals"].items()]
        lines += [
            "",
            f"Looked at {clock(status['wall'])}; it powers off after {length(status['limit'])} without use.",
        ]
        if abs(wall - status["wall"]) > STALE:
            lines.append("That is long ago, or the clock was set: `systemctl status dlbox-idle.timer` says why.")
    if stopped:
        lines.append(
            f"Last power-off by itself: {clock(stopped['wall'])}, {stopped['reason']} for {length(stopped['idle'])}."
        )
    return "\n".join([*lines, "To hold that off: dlbox keep 2h (at most 24h); dlbox keep off ends that."])


def headline(status: Mapping[str, Any]) -> str:
    """One sentence: in use, or since when not, and when it would power off."""
    verdict = status["verdict"]
    if verdict["kind"] == "busy":
        return (
            f"In use now: no power-off; if use ended now, at {clock(status['wall'] + status['limit'])} at the earliest."
        )
    if verdict["kind"] == "stop":
        return "Powering off."
    until = clock(status["wall"] + verdict["left"])
    if verdict["kind"] == "held":
        return f"Not in use as far as can be seen, and some signals cannot be read: power-off at {until} at the latest."
    return f"Not in use since {clock(status['idle_since'])}: power-off at {until} if it stays so."
