"""What a restart of JupyterLab would end: facts in, one sentence's part out. Never runs anything."""

from __future__ import annotations

from typing import Any, NamedTuple


class Process(NamedTuple):
    """A process of JupyterLab's unit; `terminal` is its controlling terminal's number, 0 for none."""

    pid: int
    parent: int
    terminal: int
    name: str


def process(stat: str) -> Process:
    """One from /proc/<pid>/stat, whose name may hold blanks and brackets (proc(5))."""
    pid, _, rest = stat.partition(" (")
    name, _, fields = rest.rpartition(") ")
    _, parent, _, _, terminal, *_ = fields.split()
    return Process(int(pid), int(parent), int(terminal), name)


def programs(listed: list[Process]) -> list[str]:
    """What a terminal's shell has started: it has a parent in the same terminal, which the shell has not."""
    terminals = {one.pid: one.terminal for one in listed if one.terminal}
    return sorted(one.name for one in listed if one.terminal and terminals.get(one.parent) == one.terminal)


def mute(listed: list[Process], first: int) -> str:
    """Why a server that has not written where it listens is left alone; one that has just started has no other processes."""
    return "JupyterLab does not say where it listens" if any(one.pid != first for one in listed) else ""


def said(kernels: list[dict[str, Any]], started: list[str]) -> str:
    """What a restart would end, or nothing; kernels as the API lists them."""
    busy = sorted(str(one["name"]) for one in kernels if one["execution_state"] == "busy")
    parts = [f"kernel {name} runs code" for name in busy]
    parts += [f"{name} runs in a terminal" for name in started]
    return ", ".join(parts)
