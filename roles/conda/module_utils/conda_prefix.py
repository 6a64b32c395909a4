"""Reads an environment from its files, as conda and uv left them: milliseconds, where asking conda takes half a second."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

from ansible.module_utils.conda_graph import Package, asked_for, conda_name, lock, pip_name
from ansible.module_utils.plan_environments import Seen

NOTE = ".dlbox.json"


def exists(prefix: str) -> bool:
    """Whether there is an environment, and not conda's own folder, which holds the others."""
    return (
        bool(prefix)
        and pathlib.Path(prefix, "conda-meta/history").exists()
        and not pathlib.Path(prefix, "envs").is_dir()
    )


def observe(prefix: str) -> Seen:
    """What is installed and noted there, from names of files alone."""
    files = [path.stem.rsplit("-", 2) for path in pathlib.Path(prefix).glob("conda-meta/*-*-*.json")]
    note = pathlib.Path(prefix, NOTE)
    pip = {name: version for name, version, _ in distributions(prefix)}
    noted = json.loads(note.read_text()) if note.exists() else {}
    return Seen(prefix, {name: f"{version} {build}" for name, version, build in files}, pip, noted)


def distributions(prefix: str) -> list[tuple[str, str, pathlib.Path]]:
    """(name, version, folder) of what pip or uv installed; conda marks its own packages in INSTALLER."""
    found = []
    for folder in pathlib.Path(prefix).glob("lib/python3*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
        installer = folder / "INSTALLER"
        if name and installer.exists() and installer.read_text().strip() != "conda":
            found.append((pip_name(name), version, folder))
    return sorted(found)


def records(prefix: str) -> list[dict[str, Any]]:
    """conda's own records, with address, checksum and what each package needs."""
    return [json.loads(path.read_text()) for path in sorted(pathlib.Path(prefix).glob("conda-meta/*-*-*.json"))]


def packages(prefix: str) -> list[Package]:
    """Every package with what it needs; a conda package is known by the PyPI names that it carries, too."""
    by_name = asked_for(pathlib.Path(prefix, "conda-meta/history").read_text())
    found = []
    for record in records(prefix):
        carried = re.findall(r"/([^/\"]+)-[^-/\"]+\.dist-info/METADATA", json.dumps(record.get("files", [])))
        names = frozenset({record["name"], *map(pip_name, carried)})
        needs = frozenset(conda_name(spec) for spec in record.get("depends", []))
        found.append(Package(names, needs, record["name"] in by_name))
    for name, _, folder in distributions(prefix):
        # Not what an extra would need: whose extra it is cannot be told from what is installed.
        needed = re.findall(
            r"^Requires-Dist:(?!.*;.*\bextra\s*==)(.*)", (folder / "METADATA").read_text(errors="replace"), re.MULTILINE
        )
        # PEP 376: pip and uv leave REQUESTED beside what was asked for by name.
        requested = (folder / "REQUESTED").exists()
        found.append(Package(frozenset({name}), frozenset(map(pip_name, needed)), requested))
    return found


def locks(prefix: str) -> dict[str, str]:
    """{"lock", "pip.txt"}: what rebuilds the environment exactly, for conda and for uv after it."""
    lines, held = [], records(prefix)
    platform = next((record["subdir"] for record in held if record["subdir"] != "noarch"), "noarch")
    for name, version, folder in distributions(prefix):
        direct = folder / "direct_url.json"
        lines.append(
            f"{name} @ {_address(json.loads(direct.read_text()))}" if direct.exists() else f"{name}=={version}"
        )
    return {"lock": lock(held, platform), "pip.txt": "".join(f"{line}\n" for line in lines)}


def _address(direct: dict[str, Any]) -> str:
    """The address of PEP 610, with the commit where it is a repository."""
    vcs = direct.get("vcs_info")
    return f"{vcs['vcs']}+{direct['url']}@{vcs['commit_id']}" if vcs else str(direct["url"])
