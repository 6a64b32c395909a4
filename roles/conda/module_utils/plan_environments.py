"""What to do with a conda environment: facts in, changes out. Never runs anything."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.dlbox.change import Change


@dataclass(frozen=True)
class Seen:
    """An environment as it is: where, what it holds, and the note of the last run."""

    prefix: str = ""
    installed: dict[str, str] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)


def specs(declared: dict[str, Any]) -> list[str]:
    """The conda specs of a declared environment; `3.12` means `python=3.12`."""
    python = declared["python"].strip()
    return [f"python={python}" if python[:1].isdigit() else f"python{python}", *declared["packages"]]


def asked(declared: dict[str, Any]) -> dict[str, list[str]]:
    """What is asked of conda, and of uv after it."""
    return {"conda": specs(declared), "pip": declared["pip"]}


def drift(noted: dict[str, str], installed: dict[str, str]) -> list[str]:
    """What left or changed since the last run; what the user added is no drift."""
    found = {name: installed.get(name, "gone") for name, version in noted.items() if installed.get(name) != version}
    return [f"{name} is {now}, was {noted[name]}" for name, now in sorted(found.items())]


def plan(declared: dict[str, Any], seen: Seen) -> list[Change]:
    """The changes that bring one environment to what is declared."""
    want, thing, before = asked(declared), f"conda environment {declared['name']}", seen.note.get("asked")
    if not seen.prefix:
        return [Change("create", thing, "it does not exist", None, want)]
    if before != want:
        reason = "the list differs from the last run's" if before else "no earlier run noted what it holds"
        return [Change("update", thing, reason, before, want)]
    if moved := drift(seen.note["installed"], seen.installed):
        return [Change("update", thing, "; ".join(moved[:5]), moved, want)]
    return []


def named(name: str, prefixes: list[str]) -> str:
    """The prefix whose folder has exactly this name; conda lists the one that `activate` takes first."""
    return next((prefix for prefix in prefixes if pathlib.PurePath(prefix).name == name), "")
