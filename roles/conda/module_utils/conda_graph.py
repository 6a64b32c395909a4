"""Who needs whom in an environment: names of specs, what the history says was asked for, what may go, and the lock."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_HISTORY = re.compile(r"#\s*(update|install|create|remove|uninstall|neutered) specs:\s*(\[.*\])\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """One installed package: its names (conda's, and PyPI's of what it carries), what it needs, and who asked for it."""

    names: frozenset[str]
    needs: frozenset[str] = field(default_factory=frozenset)
    asked: bool = False


def conda_name(spec: str) -> str:
    """The package of a conda spec: `pytorch::torch>=2`, `numpy 1.26.*` and a URL have one."""
    file = re.fullmatch(r"\S+/([^/]+)-[^-/]+-[^-/]+\.(tar\.bz2|conda)(#\w+)?", spec)
    found = file or re.match(r"(?:\S*::)?\s*([A-Za-z0-9_.-]+?)(?=\s|$|[=<>!~\[])", spec.strip())
    return found[1].lower() if found else ""


def pip_name(requirement: str) -> str:
    """The normalised name of a requirement; "" for an option, a path or an address."""
    found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*($|[\[<>=!~;@,( ])", requirement.strip())
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def asked_for(history: str) -> set[str]:
    """The packages that conda-meta/history says were asked for by name and not removed since.

    The lines are those of conda (`# update specs: ['numpy']`) and of mamba and micromamba, which write JSON there.
    """
    found: set[str] = set()
    for verb, specs in _HISTORY.findall(history):
        try:
            names = {conda_name(str(spec)) for spec in ast.literal_eval(specs)}
        except (ValueError, SyntaxError):
            continue
        found = found - names if verb in ("remove", "uninstall") else found | names
    return found - {""}


def leaving(packages: Iterable[Package], ours: set[str], wanted: set[str]) -> set[str]:
    """The names of packages that were declared once, are not any more, and that nothing else needs, with what only they needed.

    What somebody asked for by hand is a root like what is declared: it stays, with what it needs.
    """
    holder = {name: package for package in packages for name in package.names}

    def reach(names: Iterable[str]) -> set[Package]:
        todo, found = [holder[name] for name in names if name in holder], set[Package]()
        while todo:
            package = todo.pop()
            if package not in found:
                found.add(package)
                todo += [holder[name] for name in package.needs if name in holder]
        return found

    by_hand = {name for name, package in holder.items() if package.asked and not package.names & ours}
    gone = reach(ours - wanted) - reach(wanted | by_hand)
    return {name for package in gone for name in package.names}


def in_order(needs: Mapping[str, set[str]]) -> list[str]:
    """Every name after what it needs; of some that need each other, as sphinx and its extensions do, one comes first."""
    found: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name not in begun:
            begun.add(name)
            for one in sorted(needs[name]):
                visit(one)
            found[name] = None

    for name in needs:
        visit(name)
    return list(found)


def lock(records: Iterable[Mapping[str, Any]], platform: str) -> str:
    """What `conda list --explicit --md5` prints: every package's address and checksum, after what it needs."""
    held = {record["name"]: record for record in records}
    needs = {
        name: {conda_name(spec) for spec in record.get("depends", [])} & held.keys() - {name}
        for name, record in sorted(held.items())
    }
    # Python and pip need each other where conda adds pip to Python.
    needs.get("python", set()).discard("pip")
    lines = [f"{held[name]['url']}#{held[name]['md5']}" for name in in_order(needs)]
    return "\n".join([f"# platform: {platform}", "@EXPLICIT", *lines, ""])
