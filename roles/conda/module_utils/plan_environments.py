"""What to do with a conda environment: facts in, changes out. Never runs anything."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.conda_graph import conda_name, pip_name
from ansible.module_utils.dlbox.change import Change

Declared = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """An environment as it is: where, what conda and pip installed ("version build" and version), and the last run's note.

    The note is {"asked": {"channels", "conda", "pip"}, "ours": names, "installed": {"conda", "pip"}}, or {"unfinished": true}.
    """

    prefix: str = ""
    conda: dict[str, str] = field(default_factory=dict)
    pip: dict[str, str] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)


def asked(declared: Declared) -> dict[str, list[str]]:
    """What is asked of conda, and of uv after it."""
    return {"channels": declared["channels"], "conda": declared["packages"], "pip": declared["pip"]}


def wanted(declared: Declared) -> set[str]:
    """The names of the declared packages; python stays where it is not declared but needed by uv."""
    names = {conda_name(spec) for spec in declared["packages"]} | {pip_name(line) for line in declared["pip"]}
    return names - {""}


def drift(noted: dict[str, str], installed: dict[str, str]) -> list[str]:
    """What left or changed since the last run; what the user added is no drift."""
    found = {name: installed.get(name, "gone") for name, version in noted.items() if installed.get(name) != version}
    return [f"{name} is {now}, was {noted[name]}" for name, now in sorted(found.items())]


def moved(seen: Seen, part: str) -> list[str]:
    """The drift of the conda or the pip part since the last run's note."""
    return drift(seen.note.get("installed", {}).get(part, {}), seen.conda if part == "conda" else seen.pip)


def solves(declared: Declared, seen: Seen) -> bool:
    """Whether conda has to solve: not where packages only go, or only the pip part is another."""
    before, want = seen.note.get("asked", {}), asked(declared)
    new = set(want["conda"]) - set(before.get("conda", []))
    return bool(new) or before.get("channels") != want["channels"] or bool(moved(seen, "conda"))


def plan(declared: Declared, seen: Seen) -> list[Change]:
    """The changes that bring one environment to what is declared; it is removed only where that is declared."""
    want, thing, before = asked(declared), f"conda environment {declared['name']}", seen.note.get("asked")
    if declared["state"] == "absent":
        return [Change("remove", thing, "it is declared absent", seen.conda, None)] if seen.prefix else []
    if not seen.prefix:
        return [Change("create", thing, "it does not exist", None, want)]
    if seen.note.get("unfinished"):
        return [Change("create", thing, "an earlier run did not finish it", None, want)]
    if before is None:
        return [Change("update", thing, "no earlier run noted what it holds", None, want)]
    if before != want:
        old, new = ({line for part in each.values() for line in part} for each in (before, want))
        parts = [("it lacks", sorted(new - old)), ("no longer declared:", sorted(old - new))]
        reason = "; ".join(f"{word} {', '.join(lines)}" for word, lines in parts if lines) or "the order differs"
        return [Change("update", thing, reason, before, want)]
    if lines := moved(seen, "conda") + moved(seen, "pip"):
        return [Change("update", thing, "; ".join(lines[:5]), lines, want)]
    return []


def named(name: str, prefixes: list[str]) -> str:
    """The prefix whose folder has exactly this name; conda lists the one that `activate` takes first."""
    return next((prefix for prefix in prefixes if pathlib.PurePath(prefix).name == name), "")
