"""Whether the machine may power itself off: what was read, one look after another, in; a verdict out. Nothing here reads.

Times are seconds. A moment is the kernel's CLOCK_BOOTTIME, which only goes forward and counts suspended time; the wall
clock plays no part, so it may jump.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Settings:
    """How long is long: all in seconds."""

    limit: float  # idle for this long: power off
    warn: float  # the first warning comes this long ahead
    last: float  # the last one this long ahead, and never less
    grace: float  # no stop in this first part of the machine's uptime
    blind: float  # since the last sign of use, signals that cannot be read hold it for this long in all
    gap: float  # two looks further apart than this say nothing about the time between them


@dataclass(frozen=True)
class Reading:
    """One signal at one look; `busy` is None where it could not be read. `value` says what was seen, or why not."""

    busy: bool | None
    value: str


@dataclass(frozen=True)
class Memory:
    """What one look leaves for the next: when it was, and what has gathered since the last sign of use."""

    at: float | None = None
    idle: float = 0.0
    held: float = 0.0
    announced: int = 0  # 0 none, 1 the first warning, 2 the last
    final: float | None = None  # how long it had been idle at the last warning


@dataclass(frozen=True)
class Verdict:
    """`kind` is busy, held, idle or stop; `left` is the time until the stop if nothing happens, None while in use."""

    kind: str
    reason: str
    left: float | None = None
    warn: bool = False


def decide(
    settings: Settings, memory: Memory, now: float, up: float, readings: Mapping[str, Reading]
) -> tuple[Memory, Verdict]:
    """Judge one look at the moment `now`, the machine being up for `up` seconds."""
    if memory.at is None or not 0 <= now - memory.at <= settings.gap:
        # The first look, another boot, a resumed or stalled machine: nothing is known of the time before.
        memory = Memory(at=now)
    step = now - (memory.at or 0.0)
    busy = {name: reading for name, reading in readings.items() if reading.busy}
    unread = {name: reading for name, reading in readings.items() if reading.busy is None}
    if busy:
        return Memory(at=now), Verdict("busy", f"in use: {words(busy)}")
    if unread and (memory.held + step <= settings.blind or len(unread) == len(readings)):
        # Unknown time is not idle time: the count waits, and what was announced is off.
        waiting = replace(memory, at=now, held=memory.held + step, announced=0)
        left = max(settings.limit - memory.idle, settings.grace - up) + max(0.0, settings.blind - waiting.held)
        return waiting, Verdict("held", f"cannot be read, which counts as use for now: {words(unread)}", left)
    return _idle(settings, replace(memory, at=now, idle=memory.idle + step), up, unread)


def _idle(settings: Settings, memory: Memory, up: float, unread: Mapping[str, Reading]) -> tuple[Memory, Verdict]:
    """Nothing is in use: wait, warn or stop."""
    left = max(settings.limit - memory.idle, settings.grace - up)
    stage = 2 if left <= settings.last else 1 if left <= settings.warn else 0
    final = memory.idle if stage == 2 and memory.final is None else memory.final
    if final is not None:
        left = max(left, settings.last - (memory.idle - final))
    warn = stage > memory.announced
    reason = "nothing is in use"
    if unread:
        reason += f"; left out, because it could not be read for too long: {words(unread)}"
    memory = replace(memory, announced=max(stage, memory.announced), final=final)
    # Looks are not exactly as far apart as they should be.
    if left <= 0.1 * settings.last and not warn:
        return memory, Verdict("stop", reason, 0.0)
    return memory, Verdict("idle", reason, max(0.0, left), warn)


def words(readings: Mapping[str, Reading]) -> str:
    """`gpu (72 %), load (3.10 on 4 cores)`."""
    return ", ".join(f"{name} ({reading.value})" for name, reading in readings.items())
