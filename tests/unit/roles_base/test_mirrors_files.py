"""What is really written into the files that name mirrors."""

import errno
import os
import pathlib

import pytest
from unit.roles_loader import load

mirrors = load("base/library/base_mirrors.py")


def test_a_file_keeps_its_mode(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "etc/pip.conf"
    mirrors.write(file, "a\n")
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o600)
    mirrors.write(file, "b\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("b\n", 0o600)
    mirrors.write(file, None)
    assert not file.exists()


def test_a_full_disk_leaves_the_sources_as_they_were(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sources.list"
    file.write_text("deb http://archive.ubuntu.com/ubuntu noble main\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "chown", full)
    with pytest.raises(OSError):
        mirrors.write(file, "another\n")
    assert file.read_text() == "deb http://archive.ubuntu.com/ubuntu noble main\n"
