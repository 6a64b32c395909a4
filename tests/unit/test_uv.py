"""What uv says when it fails, and when a folder of packages or a venv has to be made anew."""

import pathlib
import sys
import zipfile

import pytest
from dlbox import uv_install, uv_words
from unit.facts import is_sentence
from unit.roles_loader import load

box_uv = load("../library/box_uv.py")
MIB = 2**20
ROWS = {
    "disk full, how much": ("No space left on device (os error 28)", 2, 20 * MIB, 400 * MIB, ["20 MiB are free in /v, about 400 MiB are needed, so 380 MiB are missing", "box_disk_gib"]),
    "disk full": ("error: No space left on device", 2, 3 * MIB, 0, ["3 MiB are free in /v, and it needs more"]),
    "killed": ("", -9, 0, 0, ["killed by signal 9", "run again"]),
    "killed under runuser": ("", 137, 0, 0, ["killed by signal 9"]),
    "damaged": ("Hash mismatch for `x==1`", 1, 0, 0, ["has not the checksum of the lock", "box_pypi_index"]),
    "no answer": ("Failed to fetch: `https://m.example.org/simple/x/` Caused by: operation timed out", 2, 0, 0, ["https://m.example.org/simple/x does not answer", "box_pypi_index"]),
    "else": ("no solution found", 1, 0, 0, ["no solution found"]),
    "silence": ("", 1, 0, 0, ["it said nothing"]),
}  # fmt: skip


@pytest.mark.parametrize(("said", "status", "free", "need", "expected"), ROWS.values(), ids=ROWS)
def test_what_uv_says(said: str, status: int, free: int, need: int, expected: list[str]) -> None:
    sentence = uv_words.explain("install it", said, status, "/v", free, need)
    assert [part for part in expected if part not in sentence] == []
    assert "install it" in sentence
    assert is_sentence(sentence.removesuffix("."))


def folder(path: pathlib.Path) -> pathlib.Path:
    """A whole folder of one package."""
    (path / "x-1.dist-info").mkdir(parents=True)
    (path / "x-1.dist-info/RECORD").write_text("x.py,sha256=a,1\nx-1.dist-info/RECORD,,\n")
    (path / "x.py").touch()
    (path / "requirements.txt").write_text("x==1\n")
    return path


def test_a_folder_of_packages(tmp_path: pathlib.Path) -> None:
    assert box_uv.why(tmp_path / "none", "x==1\n") == "it does not exist"
    made = folder(tmp_path / "made")
    assert box_uv.why(made, "x==1\n") == ""
    assert box_uv.why(made, "x==2\n") == "its lock is another one"
    (made / "x.py").unlink()
    assert box_uv.why(made, "x==1\n") == "a file of it is gone"


def test_a_failed_install_leaves_the_old_folder(tmp_path: pathlib.Path) -> None:
    made = folder(tmp_path / "made")
    with pytest.raises(uv_install.Failure, match="uv could not install the packages of"):
        uv_install.beside("/bin/false", "python3", made, ["x"])
    assert box_uv.why(made, "x==1\n") == ""


@pytest.mark.parametrize("lost", ["pyvenv.cfg", "bin/python"])
def test_a_venv_without_its_parts_was_not_finished(tmp_path: pathlib.Path, lost: str) -> None:
    path = tmp_path / "venv"
    venv = uv_install.Venv("/bin/true", str(path), "x==1\n", 0)
    assert venv.reason() == "it does not exist"
    (path / "bin").mkdir(parents=True)
    for part in ("pyvenv.cfg", "bin/python"):
        (path / part).touch()
    assert venv.reason() == "its lock is another one"
    venv.note.write_text("x==1\n")
    assert venv.reason() == ""
    (path / lost).unlink()
    assert venv.reason() == "an earlier run did not finish it"


def test_a_killed_uv_leaves_the_mark(tmp_path: pathlib.Path) -> None:
    killer = tmp_path / "uv"
    killer.write_text("#!/bin/sh\nkill -KILL $$\n")
    killer.chmod(0o755)
    venv = uv_install.Venv(str(killer), str(tmp_path / "venv"), "x==1\n", 0)
    with pytest.raises(uv_install.Failure, match="killed by signal 9"):
        venv.keep()
    assert venv.mark.exists()
    assert not venv.whole()


def test_too_little_room_is_refused_before_anything_is_made(tmp_path: pathlib.Path) -> None:
    venv = uv_install.Venv("/bin/true", str(tmp_path / "venv"), "x==1\n", 10**9)
    with pytest.raises(uv_install.Failure, match=r"about 1000000000 MiB are needed, so \d+ MiB are missing"):
        venv.keep()
    assert not venv.mark.exists()


def test_what_a_kill_left_is_emptied_and_no_link_is_followed(tmp_path: pathlib.Path) -> None:
    kept = folder(tmp_path / "kept")
    left = tmp_path / "left"
    (left / "bin").mkdir(parents=True)
    (left / "bin/python").touch()
    (left / "link").symlink_to(kept)
    uv_install.empty(left)
    assert [*left.iterdir()] == []
    assert (kept / "x.py").exists()
    uv_install.empty(tmp_path / "none")


def test_only_where_the_packages_are_others_uv_is_asked(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "venv"
    for name in ("bin", "lib/python3.11/site-packages/x-1.dist-info"):
        (path / name).mkdir(parents=True)
    for name in ("pyvenv.cfg", "bin/python"):
        (path / name).touch()
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho Would install 1 package >&2\n")
    uv.chmod(0o755)
    venv = uv_install.Venv(str(uv), str(path), "x==1\n", 0)
    venv.keep()
    assert venv.reason() == ""
    (path / "lib/python3.11/site-packages/x-1.dist-info").rename(path / "lib/python3.11/site-packages/x-2.dist-info")
    assert venv.reason() == "its packages are not the lock's"


def serving(path: pathlib.Path) -> pathlib.Path:
    """A venv that serves with one package; where that lies."""
    served = path / "lib/python3.11/site-packages/x-1.dist-info"
    served.mkdir(parents=True)
    (path / "bin").mkdir()
    for name in ("pyvenv.cfg", "bin/python"):
        (path / name).touch()
    return served


def test_an_update_that_cannot_be_fetched_leaves_what_serves(tmp_path: pathlib.Path) -> None:
    path, served, uv = tmp_path / "venv", serving(tmp_path / "venv"), tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho Failed to fetch: operation timed out >&2\nexit 2\n")
    uv.chmod(0o755)
    venv = uv_install.Venv(str(uv), str(path), "x==2\n", 0)
    for _ in range(2):
        with pytest.raises(uv_install.Failure, match="does not answer"):
            venv.keep()
    assert served.exists()
    assert venv.whole()


def wheel(folder: pathlib.Path) -> None:
    """A wheel of one package with a data file."""
    files = {
        "x.py": "",
        "x-1.data/data/share/x/page.js": "",
        "x-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: x\nVersion: 1\n",
        "x-1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    folder.mkdir()
    with zipfile.ZipFile(folder / "x-1-py3-none-any.whl", "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
        made.writestr("x-1.dist-info/RECORD", "".join(f"{name},,\n" for name in [*files, "x-1.dist-info/RECORD"]))


def test_data_that_a_kill_left_on_its_way_is_not_in_the_way(tmp_path: pathlib.Path) -> None:
    wheel(tmp_path / "index")
    uv, lock = str(pathlib.Path(sys.executable).with_name("uv")), f"--no-index\n--find-links {tmp_path}/index\nx==1\n"
    venv = uv_install.Venv(uv, str(tmp_path / "venv"), lock, 0)
    venv.keep()
    (site,) = venv.path.glob("lib/python3*/site-packages")
    left = site / "x-1.data/data/share/x/.tmpdBEUcB"
    left.parent.mkdir(parents=True)
    left.touch()
    (site / "my-own.data").touch()
    (site / "mine.data").mkdir()
    venv.mark.touch()
    venv.keep()
    assert venv.reason() == ""
    assert (venv.path / "share/x/page.js").exists()
    assert not left.exists()
    assert [path.name for path in sorted(site.glob("m*.data"))] == ["mine.data", "my-own.data"]


def test_after_a_kill_everything_is_installed_again_over_what_is_there(tmp_path: pathlib.Path) -> None:
    path, served, uv = tmp_path / "venv", serving(tmp_path / "venv"), tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@" >> "$0.said"\nkill -KILL $$\n')
    uv.chmod(0o755)
    venv = uv_install.Venv(str(uv), str(path), "x==2\n", 0)
    for _ in range(2):
        with pytest.raises(uv_install.Failure, match="killed by signal 9"):
            venv.keep()
    first, second = pathlib.Path(f"{uv}.said").read_text().splitlines()
    assert "--reinstall" not in first
    assert "--reinstall" in second
    assert served.exists()
