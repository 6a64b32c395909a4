"""One look: read, decide, remember, and act on it. The timer starts it as root."""

from __future__ import annotations

import contextlib
import subprocess
import time
from dataclasses import asdict
from typing import Any

from . import facts, signals, state
from .decide import Memory, Reading, Verdict, decide
from .show import length


def compare(before: dict[str, Any], now: dict[str, Any], seconds: float, levels: signals.Levels) -> dict[str, Reading]:
    """The readings; where the facts of the last look have another form, as if there had been none."""
    try:
        return signals.readings(before, now, seconds, levels)
    except (ArithmeticError, AttributeError, KeyError, TypeError):
        return signals.readings({}, now, seconds, levels)


def look() -> None:
    """Look once."""
    config = state.config()
    settings, levels = state.settings(config)
    last = state.load(state.STATE)
    before, memory = state.facts(last.get("facts")), state.memory(last.get("memory"))
    seen, now, wall = facts.read(config), facts.now(), time.time()
    readings = compare(before, seen, now - memory.at if memory.at is not None else 0.0, levels)
    after, verdict = decide(settings, memory, now, facts.up(), readings)
    said = topic(verdict, readings)
    state.save(state.STATE, {
        "wall": wall, "idle_since": wall - after.idle, "said": said, "limit": settings.limit, "verdict": asdict(verdict),
        "signals": {name: asdict(reading) for name, reading in readings.items()},
        "memory": asdict(after), "facts": signals.carry(before, seen),
    })  # fmt: skip
    act(verdict, after, wall, said != last.get("said"))


def topic(verdict: Verdict, readings: dict[str, Reading]) -> str:
    """What must change for the journal to have another line: the verdict, and the signals behind it, without numbers."""
    behind = {"busy": True, "held": None}.get(verdict.kind, "none")
    return " ".join([verdict.kind, *(name for name, reading in readings.items() if reading.busy is behind)])


def act(verdict: Verdict, memory: Memory, wall: float, news: bool) -> None:
    """Log, warn, power off."""
    if verdict.kind == "stop":
        # A full disk is no reason to stay up.
        with contextlib.suppress(OSError):
            state.save(state.STOPPED, {"wall": wall, "idle": memory.idle, "reason": verdict.reason})
        log(f"powering off: {verdict.reason} for {length(memory.idle)}")
        subprocess.run(["systemctl", "poweroff"], check=True, timeout=30)  # noqa: S607
    elif verdict.warn and verdict.left is not None:
        text = f"this machine has not been used for {length(memory.idle)} and powers off in {length(verdict.left)}"
        log(f"warning: {text}")
        tell(f"dlbox: {text}.\nTo keep it: dlbox keep 2h. Why: dlbox idle.")
    elif news:
        rest = f"; it powers off in {length(verdict.left)} if this stays so" if verdict.left is not None else ""
        log(f"{verdict.kind}: {verdict.reason}{rest}")


def tell(text: str) -> None:
    """Write into the terminals of those who are logged in; that it fails must not keep the machine up."""
    try:
        subprocess.run(["wall", text], check=True, capture_output=True, text=True, timeout=30)  # noqa: S603, S607
    except (OSError, subprocess.SubprocessError) as error:
        log(f"the warning did not reach the terminals: {error}")


def log(text: str) -> None:
    """A line for the journal."""
    print(text, flush=True)
