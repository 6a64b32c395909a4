"""What two looks side by side say of each signal: facts in, readings out. Nothing here reads.

Facts are plain JSON: `{signal: {...}}`, or `{signal: {"error": why}}` where it could not be read. What has a time stamp
counts when the stamp changed since the look before, whatever the wall clock says, so that a clock that jumps is no use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .decide import Reading

Payload = Mapping[str, Any]
# Two samples of a look: one alone may be the driver's own, as when it wakes the GPU to be asked.
GPU_PERCENT, GPU_SAMPLES = 5, 2
# One busy process is a load of 1, so more cores than these do not raise the bar.
CORES = 4
# A page's bytes become this many more in an SSH tunnel (measured with an open JupyterLab: 4 to 5 % more).
TUNNEL = 1.05


@dataclass(frozen=True)
class Levels:
    """From where on it counts: load average per core, and bytes per minute (both directions together)."""

    load_per_core: float
    bytes_per_minute: float


def readings(
    before: Mapping[str, Payload], now: Mapping[str, Payload], seconds: float, levels: Levels
) -> dict[str, Reading]:
    """A reading for each signal of this look, `seconds` after the one before."""
    found = {}
    for name, payload in now.items():
        old = before.get(name, {})
        if "error" in payload:
            found[name] = Reading(None, str(payload["error"]))
        else:
            found[name] = JUDGES[name]({} if "error" in old else old, payload, max(0.0, seconds), levels)
    return found


def carry(before: Mapping[str, Payload], now: Mapping[str, Payload]) -> dict[str, Payload]:
    """The facts for the next look to compare with: the last ones that could be read."""
    return {name: before.get(name, payload) if "error" in payload else payload for name, payload in now.items()}


def gpu(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Use of each GPU, in percent, several times; memory alone is no use."""
    if not new["gpus"]:
        return Reading(False, "no NVIDIA GPU")
    busy = any(sum(one >= GPU_PERCENT for one in samples) >= GPU_SAMPLES for samples in new["gpus"])
    shown = ", ".join(f"{max(samples, default=0)} %" for samples in new["gpus"])
    return Reading(busy, f"at most {shown}")


def jupyter(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Kernels that execute, or were active since the last look; an open tab is neither."""
    if new["kernels"] is None:
        return Reading(False, "no JupyterLab runs")
    known = (old["kernels"] or {}) if "kernels" in old else None
    executing = sum(kernel["state"] == "busy" for kernel in new["kernels"].values())
    moved = moved_stamps(known, {name: kernel["last"] for name, kernel in new["kernels"].items()}, "last")
    kernels = f"{len(new['kernels'])} kernel{'' if len(new['kernels']) == 1 else 's'}"
    return Reading(
        bool(executing or moved), f"{kernels}, {executing} executing, {len(moved)} active since the last look"
    )


def moved_stamps(old: Mapping[str, Any] | None, new: Mapping[str, Any], key: str = "") -> list[str]:
    """The names whose stamp is new or another one; none where there was no look before."""
    if old is None:
        return []
    stamps = {name: item[key] if key else item for name, item in old.items()}
    return [name for name, stamp in new.items() if stamps.get(name) != stamp]


def terminals(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Terminals that were typed in, or opened; what programs print into them is no input."""
    typed = moved_stamps(old.get("read"), new["read"])
    return Reading(bool(typed), f"input in {', '.join(typed)}" if typed else f"{len(new['read'])} open, no input")


def grown(old: Mapping[str, int] | None, new: Mapping[str, int]) -> int:
    """Bytes that moved on what both looks saw; a counter that starts anew is taken as it is."""
    shared = [(name, count) for name, count in new.items() if name in (old or {})]
    return sum(count - (old or {})[name] if count >= (old or {})[name] else count for name, count in shared)


def rate(moved: float, what: str, seconds: float, levels: Levels) -> Reading:
    """Whether so many bytes are more than keepalives."""
    return Reading(moved > levels.bytes_per_minute * seconds / 60, f"{what}, {moved / 1000:.1f} kB in {seconds:.0f} s")


def ssh(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Bytes on logged-in connections, less those that an open web page sends through a tunnel."""
    moved = grown(old.get("connections"), new["connections"]) - TUNNEL * grown(old.get("pages"), new["pages"])
    return rate(max(0.0, moved), f"{len(new['connections'])} logged in", seconds, levels)


def transfers(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Bytes that rsync, scp and the like moved."""
    names = ", ".join(sorted({name.split()[0] for name in new["bytes"]})) or "none"
    return rate(grown(old.get("bytes"), new["bytes"]), names, seconds, levels)


def code_server(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """code-server's heartbeat, which comes each minute; an older one has no weight."""
    if new["beat"] is None:
        return Reading(False, "no heartbeat file")
    beats = "beat" in old and old["beat"] != new["beat"]
    return Reading(beats, "its heart beats" if beats else "no heartbeat since the last look")


def desktop(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Keys and pointer on the desktop; an open tab is neither, nor is the display's own start."""
    if new["started"] is None:
        return Reading(False, "no desktop runs")
    # The moment is reckoned from how long ago it was, so it wavers a little.
    used = old.get("started") == new["started"] and new["input"] - old["input"] > 2
    return Reading(used, "keys or pointer since the last look" if used else "no input since the last look")


def load(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """The load average of the last minute."""
    least = levels.load_per_core * min(new["cores"], CORES)
    return Reading(new["load"] >= least, f"{new['load']:.2f} on {new['cores']} cores, counts from {least:.2f}")


def listed(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """Something that counts as long as it is there."""
    return Reading(bool(new["found"]), ", ".join(new["found"]) or "none")


def keep(old: Payload, new: Payload, seconds: float, levels: Levels) -> Reading:
    """What `dlbox keep` asked for."""
    left = new["left"]
    return Reading(left > 0, f"for another {left / 60:.0f} minutes" if left > 0 else "not asked for")


JUDGES: dict[str, Callable[[Payload, Payload, float, Levels], Reading]] = {
    "gpu": gpu, "jupyter": jupyter, "terminals": terminals, "ssh": ssh, "code-server": code_server, "desktop": desktop,
    "load": load, "packages": listed, "transfers": transfers, "ansible": listed, "keep": keep,
}  # fmt: skip
