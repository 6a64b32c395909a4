"""Makes one change of an environment real, and writes what rebuilds it."""

from __future__ import annotations

import json
import pathlib

from ansible.module_utils import conda_prefix, conda_stage
from ansible.module_utils.conda_graph import leaving
from ansible.module_utils.conda_tools import Tools
from ansible.module_utils.dlbox.change import Change
from ansible.module_utils.plan_environments import Declared, Seen, asked, solves, wanted


def build(tools: Tools, declared: Declared, seen: Seen, folder: str) -> Seen:
    """Bring what the tools see at the prefix, which lies in the folder, to what is declared; return it as it is then."""
    prefix, ours = seen.prefix, set(seen.note.get("ours", []))
    if goes := leaving(conda_prefix.packages(prefix), ours, wanted(declared)) if ours else set():
        tools.drop(prefix, sorted(goes & seen.conda.keys()), sorted(goes & seen.pip.keys()))
    if declared["packages"] and solves(declared, seen):
        tools.install(prefix, declared)
    if declared["pip"]:
        tools.pip(prefix, declared)
    now = conda_prefix.observe(folder)
    installed = {"conda": now.conda, "pip": now.pip}
    known = sorted((ours | wanted(declared)) & (now.conda.keys() | now.pip.keys()))
    note = {"asked": asked(declared), "ours": known, "installed": installed}
    conda_stage.write(pathlib.Path(folder, conda_prefix.NOTE), json.dumps(note, indent=1))
    return now


def apply(tools: Tools, change: Change, declared: Declared, seen: Seen) -> tuple[str, bool]:
    """Make one change; the prefix, "" where there is none any more, and whether anything differs."""
    if change.verb == "remove":
        conda_stage.remove(seen.prefix)
        return "", True
    if change.verb == "create":
        if seen.prefix:
            conda_stage.remove(seen.prefix)
        with tools.fresh(declared["name"]) as prefix:
            return build(tools, declared, Seen(prefix), prefix).prefix, True
    with conda_stage.beside(seen.prefix) as stage:
        now = build(tools.inside(stage, seen.prefix), declared, seen, str(stage))
    return seen.prefix, (now.conda, now.pip) != (seen.conda, seen.pip)


def forget(notes: pathlib.Path, name: str) -> None:
    """Remove the locks of an environment that is declared absent; a name may hold dots, so only exact ones."""
    for file in (f".{name}.json", f"{name}.lock", f"{name}.pip.txt", f"{name}.yml"):
        (notes / "environments" / file).unlink(missing_ok=True)


def lock(notes: pathlib.Path, declared: Declared, prefix: str) -> dict[str, str]:
    """Write what rebuilds the environment; by file name. Made anew only where something was installed or left since."""
    folder, name, seen = notes / "environments", declared["name"], conda_prefix.observe(prefix)
    stamp, held = folder / f".{name}.json", json.dumps([seen.conda, seen.pip], sort_keys=True)
    files = {f"{name}.{end}": folder / f"{name}.{end}" for end in ("lock", "pip.txt")}
    if not (stamp.exists() and stamp.read_text() == held and all(file.exists() for file in files.values())):
        folder.mkdir(exist_ok=True)
        for end, text in conda_prefix.locks(prefix).items():
            conda_stage.write(folder / f"{name}.{end}", text)
        conda_stage.write(stamp, held)
    source = folder / f"{name}.yml"
    if declared["source"] and not (source.exists() and source.read_text() == declared["source"]):
        conda_stage.write(source, declared["source"])
    return {name: file.read_text() for name, file in files.items()}
