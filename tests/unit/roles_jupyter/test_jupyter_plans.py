"""Kernels, secrets, what a restart would end, files to start from: facts in, changes out."""

import pathlib
from typing import Any

import pytest
from unit.roles_loader import load

kernels = load("jupyter/module_utils/plan_kernels.py")
ask_kernels = load("jupyter/library/jupyter_kernels.py")
secrets = load("jupyter/library/jupyter_secrets.py")
busy = load("jupyter/module_utils/plan_busy.py")
ask = load("jupyter/library/jupyter_busy.py")
folder = load("jupyter/library/jupyter_folder.py")


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
    assert [f"{change.verb} {change.thing}" for change in kernels.plan(want, have, lacking, {})] == expected


def test_an_environment_that_is_not_ours_gets_ipykernel_beside_it(tmp_path: pathlib.Path) -> None:
    prefix = tmp_path / "pytorch"
    packages = prefix / "lib/python3.12/site-packages"
    packages.mkdir(parents=True)
    folder = ask_kernels.layer("/k", "pytorch", str(prefix))
    assert folder == "/k/pytorch-python3.12"
    spec = kernels.wanted({}, {"pytorch": str(prefix)}, "/own", {"pytorch": folder})["venv-pytorch"]
    assert spec["argv"][:2] == [f"{prefix}/bin/python", "-c"]
    assert "sys.path.append('/k/pytorch-python3.12')" in spec["argv"][2]
    assert "PYTHONPATH" not in spec["env"]
    changes = kernels.plan({"venv-pytorch": spec}, {}, [], {str(prefix): folder})
    assert [one.verb for one in changes] == ["add", "write"]
    (packages / "ipykernel").mkdir()
    (packages / "ipykernel/__main__.py").touch()
    assert ask_kernels.layer("/k", "pytorch", str(prefix)) == ""
    assert kernels.wanted({}, {"pytorch": "/p"}, "/own", {"pytorch": ""})["venv-pytorch"]["argv"][1] == "-m"


MODES = {
    "password_hash": "root:ubuntu 640", "environment": "root:root 600", "token": "ubuntu:ubuntu 600", "cookie_secret": "ubuntu:ubuntu 600",
}  # fmt: skip
SAME = {"token": True, "cookie_secret": True, "environment": True}
NONE = dict.fromkeys(SAME, False)
SECRETS = {
    "first_run": (
        "",
        False,
        NONE,
        {},
        ["write cookie_secret", "write password_hash", "write token", "write environment"],
    ),
    "good": ("argon2:x", True, SAME, MODES, []),
    "new_password": ("argon2:x", False, SAME, MODES, ["write cookie_secret", "write password_hash"]),
    "new_token": ("argon2:x", True, SAME | {"token": False}, MODES, ["write cookie_secret", "write token"]),
    "another_variable": ("argon2:x", True, SAME | {"environment": False}, MODES, ["write environment"]),
    "older_than_the_cookies": ("argon2:x", True, SAME | {"cookie_secret": False}, MODES, ["write cookie_secret"]),
    "world_readable": ("argon2:x", True, SAME, {**MODES, "token": "ubuntu:ubuntu 644"}, ["mend token"]),
}


@pytest.mark.parametrize(("hashed", "matches", "same", "modes", "expected"), SECRETS.values(), ids=SECRETS)
def test_secrets(hashed: str, matches: bool, same: dict[str, bool], modes: dict[str, str], expected: list[str]) -> None:
    changes = secrets.plan(hashed, matches, same, modes, MODES)
    assert [f"{change.verb} {change.thing}" for change in changes] == expected
    assert "argon2" not in repr(changes)


VARIABLES = {
    "plain": ({"A": "x", "B": 7}, 'A="x"\nB="7"\n'),
    "special": ({"A": 'a"b$c`d\\e'}, 'A="a\\"b\\$c\\`d\\\\e"\n'),
    "of_two_lines": ({"A": "a\nb # c"}, 'A="a\nb # c"\n'),
    "none": ({}, ""),
}


@pytest.mark.parametrize(("variables", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_variables_as_systemd_reads_them(variables: dict[str, Any], expected: str) -> None:
    assert secrets.quoted(variables) == expected


def kernel(name: str, state: str) -> dict[str, str]:
    return {"name": name, "execution_state": state}


# JupyterLab, a kernel with a process of its own, and a terminal's shell.
IDLE = [
    "7 (jupyter-lab) S 1 7 7 0 -1 0",
    "9 (python) S 7 9 9 0 -1 0",
    "8 (pt_data) S 9 9 9 0 -1 0",
    "20 (bash) S 7 20 20 34817 20 0",
]
MUTE = {"it does not run": ([], ""), "it starts": (IDLE[:1], ""), "its disk was full": (IDLE[:2], "JupyterLab does not say where it listens")}  # fmt: skip


@pytest.mark.parametrize(("stats", "expected"), MUTE.values(), ids=MUTE)
def test_a_server_that_does_not_say_where_it_listens(stats: list[str], expected: str) -> None:
    assert busy.mute([busy.process(one) for one in stats], 7) == expected


BUSY = {
    "nothing": ([], IDLE, ""),
    "an_idle_kernel": ([kernel("conda-dl", "idle"), kernel("conda-x", "starting")], IDLE, ""),
    "code": ([kernel("conda-dl", "busy"), kernel("conda-x", "idle")], IDLE, "kernel conda-dl runs code"),
    "a_program_in_a_terminal": ([], [*IDLE, "21 (python ) x) R 20 21 20 34817 21 0"], "python ) x runs in a terminal"),
    "below_it": ([], [*IDLE, "21 (make) S 20 21 20 34817 21 0", "22 (cc) R 21 21 20 34817 21 0"], "cc runs in a terminal, make runs in a terminal"),
    "both": ([kernel("a", "busy")], [*IDLE, "21 (top) S 20 21 20 34817 21 0"], "kernel a runs code, top runs in a terminal"),
}  # fmt: skip


@pytest.mark.parametrize(("kernels_", "stats", "expected"), BUSY.values(), ids=BUSY)
def test_what_a_restart_would_end(kernels_: list[dict[str, str]], stats: list[str], expected: str) -> None:
    assert busy.said(kernels_, busy.programs([busy.process(one) for one in stats])) == expected


def test_a_server_that_does_not_listen_has_no_kernels(tmp_path: pathlib.Path) -> None:
    assert ask.kernels(9, "x") == []
    assert ask.server(tmp_path, 1) is None


STARTERS = {
    "first_run": ({"a": "1"}, {}, {}, ["a"]),
    "as_it_came": ({"a": "1"}, {"a": "1"}, {"a": "1"}, []),
    "newer": ({"a": "2"}, {"a": "1"}, {"a": "1"}, ["a"]),
    "changed_by_the_user": ({"a": "2"}, {"a": "mine"}, {"a": "1"}, []),
    "removed_by_the_user": ({"a": "2"}, {}, {"a": "1"}, []),
    "the_users_own_before": ({"a": "1"}, {"a": "mine"}, {}, []),
}


@pytest.mark.parametrize(("want", "have", "came", "expected"), STARTERS.values(), ids=STARTERS)
def test_starters_are_the_users(
    want: dict[str, str], have: dict[str, str], came: dict[str, str], expected: list[str]
) -> None:
    assert [change.thing for change in folder.plan(want, have, came)] == expected
