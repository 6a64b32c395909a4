"""What is read of real file systems and of files that stand for disks."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
from unit import roles_loader
from unit.facts import is_sentence

assert roles_loader.HELPERS
from ansible.module_utils.storage_disks import EDGE, probe, zeros  # noqa: E402
from ansible.module_utils.storage_look import locked, others, written_size  # noqa: E402
from ansible.module_utils.storage_scratch import stands  # noqa: E402

MIB = 1 << 20


@pytest.fixture(autouse=True)
def as_root_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path that the modules have on a box."""
    monkeypatch.setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def made(path: pathlib.Path, mib: int) -> pathlib.Path:
    """An empty file of a size."""
    with path.open("wb") as file:
        file.truncate(mib * MIB)
    return path


@pytest.mark.parametrize(
    ("kind", "options"), [("ext4", ["-q"]), ("ext4", ["-q", "-b", "1024"]), ("ext2", ["-q"]), ("xfs", ["-q"])]
)
def test_a_file_system_tells_its_size(tmp_path: pathlib.Path, kind: str, options: list[str]) -> None:
    mkfs = shutil.which(f"mkfs.{kind}", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert mkfs, "`make test` installs it first: python -m browser"
    file = made(tmp_path / "disk", 320)
    subprocess.run([mkfs, *options, file], check=True)
    assert written_size(kind, file.read_bytes()[:2048]) == 320 * MIB
    assert probe(str(file))["TYPE"] == kind


def test_xfs_by_its_format() -> None:
    assert (
        written_size("xfs", b"XFSB" + (4096).to_bytes(4, "big") + (81920).to_bytes(8, "big") + bytes(2032)) == 320 * MIB
    )


@pytest.mark.parametrize(
    ("at", "empty"), [(None, True), (0, False), (EDGE - 1, False), (EDGE, True), (-1, False), (-EDGE, False)]
)
def test_a_blank_disk_has_empty_ends(tmp_path: pathlib.Path, at: int | None, empty: bool) -> None:
    file = made(tmp_path / "disk", 5)
    if at is not None:
        with file.open("r+b") as opened:
            opened.seek(at if at >= 0 else 5 * MIB + at)
            opened.write(b"x")
    assert zeros(str(file), 5 * MIB) is empty
    assert probe(str(file)) == {}


def test_what_stands_at_the_place_of_the_scratch_folder(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "scratch"
    assert stands(str(place)) == ""
    place.mkdir()
    assert stands(str(place)) == ""
    (place / "mine").touch()
    assert (stands(str(place)), stands(str(place / "mine"))) == ("files", "files")
    (tmp_path / "link").symlink_to("nowhere")
    assert (stands(str(tmp_path / "link")), stands("/proc")) == ("link", "mount")


def test_what_is_mounted_at_a_path(tmp_path: pathlib.Path) -> None:
    assert others(["/proc", str(tmp_path)]) == {"/proc": "proc"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root asks for others")
def test_a_data_folder_that_the_user_may_not_write_in(tmp_path: pathlib.Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir(0o755)
    (told,) = locked(str(data), "nobody")
    assert told.startswith(f"box_data_folder: {data} is not writable by nobody: `sudo chown nobody {data}`")
    assert is_sentence(told)
    data.chmod(0o777)
    assert locked(str(data), "nobody") == []


def test_what_cannot_be_read_is_not_blank(tmp_path: pathlib.Path) -> None:
    assert not zeros(str(tmp_path / "none"), 5 * MIB)
