"""The rehearsal's conda answers in conda's own form: what `conda <command> --json` prints, field by field.

The forms are those of conda 24 and 25 (conda list, env list, info, create, install; exceptions.py for errors).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from rehearsal.conda import channel, setup

PACKAGE = {
    "base_url": str, "build_number": int, "build_string": str, "channel": str,
    "dist_name": str, "name": str, "platform": str, "version": str,
}  # fmt: skip
ERROR = {"error": str, "exception_name": str, "exception_type": str, "message": str}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A conda with a channel of two small packages, as `install` lays it out, for this Python."""
    folder = tmp_path_factory.mktemp("conda")
    for name in ("bin", "conda-meta", "envs", "pkgs", "lib"):
        (folder / name).mkdir()
    (folder / "conda-meta/history").touch()
    (folder / "bin/conda").write_bytes(pathlib.Path(setup.__file__).with_name("command.py").read_bytes())
    small = {"name": "small", "version": "1.0", "depends": ["python"]}
    newer = {"name": "small", "version": "1.1", "depends": ["python"]}
    packages = [
        channel.python_package("3.11.2"),
        (small, [channel.File("share/small", b"1.0")]),
        (newer, [channel.File("share/small", b"1.1")]),
    ]
    channel.write(folder / "channels/conda-forge", setup.SUBDIRS[os.uname().machine], packages)
    return folder


@pytest.fixture
def conda(root: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    """Run the command in a home of its own; (exit status, answer)."""

    def run(*arguments: str) -> tuple[int, Any]:
        command = [sys.executable, str(root / "bin/conda"), *arguments, "--json"]
        done = subprocess.run(
            command, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def has_form(answer: dict[str, Any], form: Mapping[str, type]) -> bool:
    """Exactly these fields, of these types."""
    return {key: type(value) for key, value in answer.items()} == form


def create(conda: Any, tmp_path: pathlib.Path, *specs: str) -> tuple[str, dict[str, Any]]:
    """An environment in the test's own folder."""
    prefix = str(tmp_path / "env")
    status, answer = conda("create", "-y", "-q", "-p", prefix, "--override-channels", "-c", "conda-forge", *specs)
    assert status == 0, answer
    return prefix, answer


def test_create(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, answer = create(conda, tmp_path, "small=1.0")
    assert has_form(answer, {"success": bool, "prefix": str, "actions": dict})
    assert answer["prefix"] == prefix
    assert has_form(answer["actions"], {"FETCH": list, "LINK": list, "UNLINK": list, "PREFIX": str})
    assert all(has_form(package, PACKAGE) for package in answer["actions"]["LINK"])
    assert {package["dist_name"] for package in answer["actions"]["LINK"]} == {"small-1.0-0", "python-3.11.2-0"}
    assert (tmp_path / "env/share/small").read_text() == "1.0"


def test_list_holds_condas_and_pips_packages(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small")
    added = tmp_path / "env/lib/python3.11/site-packages/einops-0.8.1.dist-info"
    added.mkdir(parents=True)
    (added / "INSTALLER").write_text("uv")
    status, answer = conda("list", "-p", prefix)
    assert status == 0
    assert all(has_form(package, PACKAGE) for package in answer)
    shown = [(package["name"], package["version"], package["channel"]) for package in answer]
    assert shown == [("einops", "0.8.1", "pypi"), ("python", "3.11.2", "conda-forge"), ("small", "1.1", "conda-forge")]


def test_env_list(conda: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small")
    assert conda("env", "list") == (0, {"envs": [str(root), prefix]})


def test_info(conda: Any) -> None:
    status, answer = conda("info")
    lists, texts = (
        ("channels", "envs", "envs_dirs", "pkgs_dirs"),
        ("conda_prefix", "conda_version", "platform", "root_prefix"),
    )
    assert status == 0
    assert has_form(answer, {**dict.fromkeys(lists, list), **dict.fromkeys(texts, str), "root_writable": bool})


def test_install_again_says_so(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small")
    assert conda("install", "-y", "-p", prefix, "small") == (
        0, {"success": True, "message": "All requested packages already installed."},
    )  # fmt: skip


def test_install_changes_a_version(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small=1.0")
    _, answer = conda("install", "-y", "-p", prefix, "small=1.1")
    assert [package["version"] for package in answer["actions"]["UNLINK"]] == ["1.0"]
    assert (tmp_path / "env/share/small").read_text() == "1.1"


def test_a_failed_solve_leaves_the_environment(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small=1.0")
    before = conda("list", "-p", prefix)
    status, answer = conda("install", "-y", "-p", prefix, "small=1.1", "nosuch")
    assert status == 1
    assert has_form(answer, ERROR)
    assert answer["error"].startswith(f"{answer['exception_name']}: ")
    assert "nosuch" in answer["message"]
    assert conda("list", "-p", prefix) == before


def test_an_unknown_environment(conda: Any) -> None:
    status, answer = conda("list", "-n", "nosuch")
    assert (status, answer["exception_name"]) == (1, "EnvironmentLocationNotFound")
    assert has_form(answer, ERROR)


def test_remove_takes_just_what_is_named(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path, "small")
    status, answer = conda("remove", "-y", "-q", "--force", "-p", prefix, "small")
    assert status == 0
    assert [package["name"] for package in answer["actions"]["UNLINK"]] == ["small"]
    assert [package["name"] for package in conda("list", "-p", prefix)[1]] == ["python"]
    assert '# remove specs: ["small"]' in (tmp_path / "env/conda-meta/history").read_text()


def test_create_without_packages_makes_an_environment_that_can_be_filled(conda: Any, tmp_path: pathlib.Path) -> None:
    prefix, _ = create(conda, tmp_path)
    assert conda("list", "-p", prefix) == (0, [])
    assert prefix in conda("env", "list")[1]["envs"]
    assert conda("install", "-y", "-p", prefix, "small=1.0")[0] == 0


def test_a_dry_run_tells_the_size_of_what_is_to_be_downloaded(
    conda: Any, root: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    prefix, _ = create(conda, tmp_path, "small=1.0")
    for cached in (root / "pkgs").glob("small-1.1-0*"):
        shutil.rmtree(cached) if cached.is_dir() else cached.unlink()
    _, answer = conda("install", "-y", "--dry-run", "-p", prefix, "small=1.1")
    assert [(package["name"], package["size"] > 0) for package in answer["actions"]["FETCH"]] == [("small", True)]
    assert (tmp_path / "env/share/small").read_text() == "1.0"


def test_an_explicit_lock_makes_the_same_environment(conda: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folder = root / "channels/conda-forge" / setup.SUBDIRS[os.uname().machine]
    lock = tmp_path / "lock"
    lock.write_text(f"@EXPLICIT\nfile://{folder}/python-3.11.2-0.tar.bz2#00\nfile://{folder}/small-1.0-0.tar.bz2#00\n")
    assert conda("create", "-y", "-p", str(tmp_path / "again"), "--file", str(lock))[0] == 0
    listed = conda("list", "-p", str(tmp_path / "again"))[1]
    assert [(package["name"], package["version"]) for package in listed] == [("python", "3.11.2"), ("small", "1.0")]


def test_init_puts_it_on_the_path_of_a_shell(conda: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert conda("init", "bash")[0] == 0
    assert f'export PATH="{root}/condabin:$PATH"' in (tmp_path / ".bashrc").read_text()
