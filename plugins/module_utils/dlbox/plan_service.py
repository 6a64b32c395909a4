"""What a web service of the box needs: who holds its port, and what to do with its unit. Never runs anything."""

from __future__ import annotations

import re

from .change import Change


def listeners(text: str) -> list[tuple[str, int]]:
    """(process, pid) of each listener, from `ss -Hltnp`."""
    found = re.findall(r'\("([^"]+)",pid=(\d+),', text)
    return sorted({(name, int(pid)) for name, pid in found})


def belongs(cgroup: str, unit: str) -> bool:
    """Whether a process with this /proc/<pid>/cgroup is one of the unit's."""
    return re.search(rf"/{re.escape(unit)}(/|$)", cgroup, re.MULTILINE) is not None


def plan(unit: str, state: dict[str, str], stale: list[str]) -> list[Change]:
    """What to do with the unit, from systemd's words and the files that its server has not read."""
    changes, active = [], state.get("ActiveState", "")
    if active not in ("active", "activating", "reloading"):
        changes.append(Change("start", unit, "it does not run", active, "active"))
    elif stale:
        changes.append(Change("restart", unit, f"it has not read {', '.join(stale)}", None, None))
    if state.get("UnitFileState") != "enabled":
        changes.append(Change("enable", unit, "it does not start with the box", state.get("UnitFileState"), "enabled"))
    return changes
