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


def address(unit: str, port: int, page: str, tls: bool, socket: str) -> str:
    """Where a service answers: a page at its port, its Unix socket, or else its unit, for which systemd does."""
    return f"{'https' if tls else 'http'}://127.0.0.1:{port}{page}" if port else socket or unit


def unsteady(state: dict[str, str], now: float, least: float = 2) -> str:
    """Why a unit is not yet known to stay, at this time of the kernel's clock; a start of the last seconds may be one of many."""
    active, again = state.get("ActiveState", ""), state.get("NRestarts", "0")
    if active == "active" and now - int(state.get("ActiveEnterTimestampMonotonic") or 0) / 1e6 >= least:
        return ""
    times = f", started anew {again} times" if again != "0" else ""
    return f"it is {active or 'unknown'}{times}"


def taken(port: int, others: list[str], setting: str) -> str:
    """That a port is another process's."""
    return f"Port {port} is taken by {', '.join(others)}: stop that, or set another {setting}."


def silent(unit: str, port: int, where: str, seconds: int, why: str, lines: list[str]) -> str:
    """That a service is not ready, in one sentence with its last lines."""
    what = f"did not stay up for 2 s within {seconds} s" if where == unit else ""
    what = what or f"did not answer at {f'port {port}' if port else where} within {seconds} s"
    return f"{unit} {what} ({why}): correct what its last lines say, then run this again. {' | '.join(lines)}"


def unvouched(unit: str, ca: str, error: OSError) -> str:
    """That there is nothing to judge its certificate by."""
    return f"{ca}, which vouches for {unit}, cannot be read ({error}): run this again with --tags certificate."


def plan(unit: str, state: dict[str, str], stale: list[str]) -> list[Change]:
    """What to do with the unit, from systemd's words and the files that its server has not read."""
    changes, active = [], state.get("ActiveState", "")
    if active not in ("active", "activating", "reloading"):
        changes.append(Change("start", unit, "it does not run", active, "active"))
    elif stale:
        changes.append(Change("restart", unit, f"it has not read {', '.join(stale)}", None, None))
    elif state.get("NeedDaemonReload") == "yes":
        # It has restarted by itself since its unit changed, with the old one.
        changes.append(Change("restart", unit, "systemd has not read its unit", None, None))
    if state.get("UnitFileState") != "enabled":
        changes.append(Change("enable", unit, "it does not start with the box", state.get("UnitFileState"), "enabled"))
    return changes


def hold_back(changes: list[Change], why: str) -> tuple[list[Change], str]:
    """(what is done now, what waits and why): a restart waits where there is a reason to."""
    waits = [change for change in changes if why and change.verb == "restart"]
    held = "; ".join(f"{one.thing} goes on as it was, though {one.reason}: {why}" for one in waits)
    return [change for change in changes if change not in waits], held
