"""Kernels and secrets: facts in, changes out."""

from typing import Any

import pytest
from unit.roles_loader import load

kernels = load("jupyter/module_utils/plan_kernels.py")
secrets = load("jupyter/library/jupyter_secrets.py")


def test_a_kernel_per_environment() -> None:
    want = kernels.wanted({"dl": "/e/dl"}, {"pytorch": "/opt/pytorch"}, "/own")
    assert list(want) == ["conda-dl", "venv-pytorch"]
    assert want["conda-dl"]["argv"][0] == "/e/dl/bin/python"
    assert want["conda-dl"]["env"] == {
        "PATH": "/e/dl/bin:${PATH}", "CONDA_PREFIX": "/e/dl", "CONDA_DEFAULT_ENV": "dl",
    }  # fmt: skip


def test_jupyters_own_kernel_where_there_is_no_other() -> None:
    assert list(kernels.wanted({}, {}, "/own")) == ["python3"]


DL = kernels.wanted({"dl": "/e/dl"}, {}, "/own")
KERNELS = {
    "first_run": (
        DL,
        {"python3": {}},
        ["/e/dl"],
        ["install ipykernel in /e/dl", "write kernel conda-dl", "remove kernel python3"],
    ),
    "as_declared": (DL, DL, [], []),
    "deleted": (DL, {}, [], ["write kernel conda-dl"]),
    "environment_moved": (DL, {"conda-dl": {"argv": []}}, [], ["write kernel conda-dl"]),
    "environment_gone": (DL, {**DL, "conda-old": {}}, [], ["remove kernel conda-old"]),
}


@pytest.mark.parametrize(("want", "have", "lacking", "expected"), KERNELS.values(), ids=KERNELS)
def test_kernels(want: Any, have: Any, lacking: list[str], expected: list[str]) -> None:
    assert [f"{change.verb} {change.thing}" for change in kernels.plan(want, have, lacking)] == expected


MODES = {"password_hash": "root:ubuntu 640", "token": "ubuntu:ubuntu 600"}
SECRETS = {
    "first_run": ("", False, False, {}, ["write password_hash", "write token"]),
    "good": ("argon2:x", True, True, MODES, []),
    "new_password": ("argon2:x", False, True, MODES, ["write password_hash"]),
    "new_token": ("argon2:x", True, False, MODES, ["write token"]),
    "world_readable": ("argon2:x", True, True, {**MODES, "token": "ubuntu:ubuntu 644"}, ["mend file modes"]),
}


@pytest.mark.parametrize(("hashed", "matches", "same", "modes", "expected"), SECRETS.values(), ids=SECRETS)
def test_secrets(hashed: str, matches: bool, same: bool, modes: dict[str, str], expected: list[str]) -> None:
    changes = secrets.plan(hashed, matches, same, modes, MODES)
    assert [f"{change.verb} {change.thing}" for change in changes] == expected
    assert "argon2" not in repr(changes)
