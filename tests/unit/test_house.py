"""What keeps the house as it is drawn: small files, deciding apart from AWS, playbooks without logic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from unit.facts import ROOT

UTILS = ROOT / "plugins/module_utils/dlbox"
AWS = {"boto3", "botocore"}
# What decides: no AWS, no clients, no files; these may be imported where boto3 is not installed.
PURE = [
    *sorted(UTILS.glob("plan_*.py")),
    *(UTILS / f"{name}.py" for name in ("alarm_form", "alarm_mail", "change", "drift_instance", "environments", "families", "hosts", "iam_policy", "launch", "names")),
    *(UTILS / f"{name}.py" for name in ("power", "retry", "rules", "settings", "settings_disk", "settings_web", "snooze", "standing", "stop_form", "stop_role", "stop_schedule", "stop_time", "timetable", "token", "values", "zones")),
    *(UTILS / f"{name}.py" for name in ("choose", "fit", "launch_checks", "quota_lines", "quota_next", "quota_table", "quota_text", "quota_wait", "quota_words", "spot", "wanted")),
    *(UTILS / f"{name}.py" for name in ("function_code", "function_form", "function_log", "function_role", "function_runs", "function_standing", "iam_role", "in_use", "rule_form")),
    *(UTILS / f"{name}.py" for name in ("stop_cause", "stop_chain", "stop_function", "stop_handler", "stop_once", "stop_rules", "stop_wakes", "zone_data")),
]  # fmt: skip
LIMITS = {
    "plugins/module_utils/dlbox/*.py": 150,
    "library/*.py": 150,
    "plugins/action/*.py": 60,
    "roles/*/files/**/*.py": 150,
    "roles/*/tasks/*.yml": 80,
    "roles/*/library/*.py": 150,
    "roles/*/module_utils/*.py": 150,
}


@pytest.mark.parametrize(("pattern", "most"), LIMITS.items())
def test_files_stay_small(pattern: str, most: int) -> None:
    found = [*ROOT.glob(pattern)]
    assert found
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in found}
    assert {name: size for name, size in sizes.items() if size > most} == {}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it is imported: not those inside functions or for type checkers."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level and not node.module:
            yield from (f".{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def reached(path: Path, seen: set[Path]) -> set[str]:
    """Every outside module that a file needs, through the files of its own package."""
    found: set[str] = set()
    for name in imports(path):
        inside = UTILS / f"{name.lstrip('.')}.py"
        if not name.startswith("."):
            found.add(name.partition(".")[0])
        elif inside not in seen:
            found |= reached(inside, seen | {inside})
    return found


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_deciding_never_imports_aws(path: Path) -> None:
    assert not reached(path, {path}) & AWS


def test_aws_py_is_the_only_place_that_talks_to_aws() -> None:
    direct = {path.stem for path in UTILS.glob("*.py") if {name.partition(".")[0] for name in imports(path)} & AWS}
    assert direct == {"aws", "aws_errors", "clients"}


def plays(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def tasks(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tasks of a play, those in blocks included."""
    for task in listed:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


# A playbook is a menu of modules and roles; how something is done belongs there.
PROGRAMS = {"shell", "command", "raw", "script", "set_fact", "include_tasks", "import_tasks", "include_vars", "copy", "template"}  # fmt: skip


@pytest.mark.parametrize("path", sorted([*ROOT.glob("playbooks/*.yml"), ROOT / "site.yml"]), ids=lambda path: path.name)
def test_playbooks_are_menus(path: Path) -> None:
    for play in plays(path):
        assert play["name"]
        listed = [task for part in ("pre_tasks", "tasks", "post_tasks", "handlers") for task in play.get(part, [])]
        for task in tasks(listed):
            used = {key.rpartition(".")[2] for key in task}
            assert task["name"]
            assert not used & PROGRAMS
            assert not used & {"loop", "until", "register_file", "rescue"}


def test_no_galaxy_collection_is_used() -> None:
    files = [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml")]
    for path in files:
        for top in plays(path):
            for task in tasks([top, *top.get("tasks", [])]):
                qualified = [key for key in task if key.count(".") == 2]
                assert not [key for key in qualified if not key.startswith("ansible.builtin.")], path
