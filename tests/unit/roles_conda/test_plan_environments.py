"""Environments as they are, changes out; each row named by its case."""

from typing import Any

import pytest
from unit.roles_loader import load

planner = load("conda/module_utils/plan_environments.py")
DL = {"name": "dl", "python": "3.12", "packages": ["numpy"], "pip": ["einops"]}
ASKED = {"conda": ["python=3.12", "numpy"], "pip": ["einops"]}
HELD = {"python": "3.12.1 h1", "numpy": "2.1 py312"}
NOTE = {"asked": ASKED, "installed": HELD}

ROWS = {
    "missing": (DL, planner.Seen(), [("create", "it does not exist")]),
    "as_declared": (DL, planner.Seen("/e/dl", HELD, NOTE), []),
    "made_by_hand": (DL, planner.Seen("/e/dl", HELD), [("update", "no earlier run noted what it holds")]),
    "user_added_a_package": (DL, planner.Seen("/e/dl", {**HELD, "scipy": "1 0"}, NOTE), []),
    "package_gone": (
        DL,
        planner.Seen("/e/dl", {"python": "3.12.1 h1"}, NOTE),
        [("update", "numpy is gone, was 2.1 py312")],
    ),
    "package_moved": (
        DL,
        planner.Seen("/e/dl", {**HELD, "numpy": "1.9 py312"}, NOTE),
        [("update", "numpy is 1.9 py312, was 2.1 py312")],
    ),
    "package_declared": (
        {**DL, "packages": ["numpy", "scipy"]},
        planner.Seen("/e/dl", HELD, NOTE),
        [("update", "the list differs from the last run's")],
    ),
    "pip_declared": (
        {**DL, "pip": []},
        planner.Seen("/e/dl", HELD, NOTE),
        [("update", "the list differs from the last run's")],
    ),
}


@pytest.mark.parametrize(("declared", "seen", "expected"), ROWS.values(), ids=ROWS)
def test_plan(declared: dict[str, Any], seen: Any, expected: list[tuple[str, str]]) -> None:
    assert [(change.verb, change.reason) for change in planner.plan(declared, seen)] == expected


@pytest.mark.parametrize(
    ("python", "spec"),
    [("3.12", "python=3.12"), (">=3.11", "python>=3.11"), ("", "python"), ("=3.12.*", "python=3.12.*")],
)
def test_python_is_a_version_or_a_constraint(python: str, spec: str) -> None:
    assert planner.specs({"python": python, "packages": []}) == [spec]


def test_names_match_exactly() -> None:
    prefixes = ["/opt/conda", "/opt/conda/envs/dl-2", "/home/u/.conda/envs/dl", "/opt/conda/envs/dl"]
    assert planner.named("dl", prefixes) == "/home/u/.conda/envs/dl"
    assert planner.named("d", prefixes) == ""
