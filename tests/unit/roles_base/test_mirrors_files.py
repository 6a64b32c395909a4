"""What is really written into the files that name mirrors."""

import errno
import json
import os
import pathlib
import subprocess
import sys

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


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("etc/pip.conf", "index-url = https://me:s3cret@m.example.org/simple\n", "/etc/pip.conf cannot be read"),
        ("var/lib/dlbox/mirrors.json", '{"/etc/apt', "mirrors.json is cut off: remove it"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_without_its_passwords(
    tmp_path: pathlib.Path, path: str, text: str, said: str
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    play = tmp_path / "play.yml"
    task = {"base_mirrors": {"root": str(tmp_path), "pypi": "https://m.example.org/simple"}}
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    root = pathlib.Path(mirrors.__file__).parents[3]
    env = os.environ | {
        "ANSIBLE_LIBRARY": str(root / "roles/base/library"),
        "ANSIBLE_MODULE_UTILS": f"{root}/plugins/module_utils:{root}/roles/base/module_utils",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(play)]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2
    assert said in shown
    assert "s3cret" not in shown
    assert "Traceback" not in shown
