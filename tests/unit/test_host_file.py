"""Files of a host: replaced whole or not at all."""

import errno
import os
import pathlib
import pwd

import pytest
from dlbox import host_file

ME = (os.getuid(), os.getgid())


def test_a_file_is_replaced_with_its_mode(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "deep/er/file"
    for text in ("a\n", "b\n"):
        host_file.replace(file, text, 0o640, *ME)
        assert (file.read_text(), file.stat().st_mode & 0o777) == (text, 0o640)
    assert list(file.parent.iterdir()) == [file]


def test_what_cannot_be_finished_leaves_the_old_file_alone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "chown", full)
    with pytest.raises(OSError) as caught:
        host_file.replace(file, "new", 0o640, *ME)
    assert (file.read_text(), list(tmp_path.iterdir())) == ("old", [file])
    assert host_file.unwritten(caught.value, "the password").startswith(
        "The disk is full, so the password could not be"
    )


def test_before_it_is_whole_nobody_else_reads_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    own = os.chown

    def looked(path: pathlib.Path, uid: int, gid: int) -> None:
        seen.append(f"{path.stat().st_mode & 0o777:o}")
        own(path, uid, gid)

    monkeypatch.setattr(os, "chown", looked)
    host_file.replace(tmp_path / "file", "secret", 0o644, *ME)
    assert seen == ["600"]


def test_whose_it_is_is_shown_and_set(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    assert host_file.shown(file) == ""
    file.touch(0o644)
    wanted = host_file.shown(file).replace("644", "600")
    host_file.own(file, wanted)
    assert host_file.shown(file) == wanted
    assert wanted.startswith(pwd.getpwuid(os.getuid()).pw_name + ":")


def test_an_owner_without_a_name_is_shown_by_number(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch(0o600)

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert host_file.shown(file).startswith(f"{os.getuid()}:")


def test_why_it_could_not_be_written_names_the_file() -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/etc/x")
    assert host_file.unwritten(error, "it") == "/etc/x gives an error (Permission denied): mend that, then run again."
