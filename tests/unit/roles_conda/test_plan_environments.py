"""Environments as they are, changes out; each row named by its case."""

from typing import Any

import pytest
from unit.roles_loader import load

planner = load("conda/module_utils/plan_environments.py")
DL = {"name": "dl", "state": "present", "channels": ["c"], "packages": ["python=3.12", "numpy"], "pip": ["einops"]}
ASKED = {"channels": ["c"], "conda": ["python=3.12", "numpy"], "pip": ["einops"]}
HELD = {"python": "3.12.1 h1", "numpy": "2.1 py312"}
PIP = {"einops": "0.8"}
NOTE = {"asked": ASKED, "ours": ["einops", "numpy", "python"], "installed": {"conda": HELD, "pip": PIP}}
SEEN = planner.Seen("/e/dl", HELD, PIP, NOTE)


def seen(**parts: Any) -> Any:
    return planner.Seen(**{"prefix": "/e/dl", "conda": HELD, "pip": PIP, "note": NOTE, **parts})


# What is declared, what is there; the change, and whether conda has to solve for it.
ROWS = {
    "missing": (DL, planner.Seen(), [("create", "it does not exist")], True),
    "as_declared": (DL, SEEN, [], False),
    "made_by_hand": (DL, seen(note={}), [("update", "no earlier run noted what it holds")], True),
    "killed_while_it_was_made": (DL, seen(note={"unfinished": True}), [("create", "an earlier run did not finish it")], True),
    "user_added_a_package": (DL, seen(conda={**HELD, "scipy": "1 0"}, pip={**PIP, "ipykernel": "7"}), [], False),
    "package_gone": (DL, seen(conda={"python": "3.12.1 h1"}), [("update", "numpy is gone, was 2.1 py312")], True),
    "package_moved": (DL, seen(conda={**HELD, "numpy": "1.9 py312"}), [("update", "numpy is 1.9 py312, was 2.1 py312")], True),
    "pip_package_gone": (DL, seen(pip={}), [("update", "einops is gone, was 0.8")], False),
    "package_declared": ({**DL, "packages": [*DL["packages"], "scipy"]}, SEEN, [("update", "it lacks scipy")], True),
    "package_no_longer_declared": ({**DL, "packages": ["python=3.12"]}, SEEN, [("update", "no longer declared: numpy")], False),
    "another_version": (
        {**DL, "packages": ["python=3.12", "numpy=2"]}, SEEN, [("update", "it lacks numpy=2; no longer declared: numpy")], True,
    ),
    "pip_no_longer_declared": ({**DL, "pip": []}, SEEN, [("update", "no longer declared: einops")], False),
    "another_channel": ({**DL, "channels": ["d"]}, SEEN, [("update", "it lacks d; no longer declared: c")], True),
    "another_order": ({**DL, "packages": ["numpy", "python=3.12"]}, SEEN, [("update", "the order differs")], False),
    "absent": ({**DL, "state": "absent"}, SEEN, [("remove", "it is declared absent")], False),
    "absent_already": ({**DL, "state": "absent"}, planner.Seen(), [], True),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "there", "expected", "solves"), ROWS.values(), ids=ROWS)
def test_plan(declared: dict[str, Any], there: Any, expected: list[tuple[str, str]], solves: bool) -> None:
    assert [(change.verb, change.reason) for change in planner.plan(declared, there)] == expected
    assert planner.solves(declared, there) == solves


def test_names_match_exactly() -> None:
    prefixes = ["/opt/conda", "/opt/conda/envs/dl-2", "/home/u/.conda/envs/dl", "/opt/conda/envs/dl"]
    assert planner.named("dl", prefixes) == "/home/u/.conda/envs/dl"
    assert planner.named("d", prefixes) == ""
