"""code-server's archive, configuration and extensions: facts in, changes out."""

import hashlib
import io
import pathlib
import socket
import tarfile
import threading
from typing import Any

import pytest
import yaml
from unit.roles_loader import load

config = load("vscode_server/library/vscode_server_config.py")
extensions = load("vscode_server/module_utils/plan_extensions.py")
install = load("vscode_server/library/vscode_server_install.py")

HASH = "$argon2id$v=19$m=65536,t=3,p=4$QuHFTtgjtMe$7rhNHlFygIROYKrD1Tf/DEbl7krtvk+uvK9eM"
GIVEN = {"port": 8081, "tls": "/etc/dlbox/tls"}


def test_the_configuration_is_yaml_that_holds_a_hash_alone() -> None:
    written = config.text(GIVEN, HASH)
    read = yaml.safe_load(written)
    assert read["hashed-password"] == HASH
    assert read["bind-addr"] == "0.0.0.0:8081"
    assert read["cert-key"] == "/etc/dlbox/tls/tls.key"
    assert "password" not in read
    assert config.kept_hash(written) == HASH
    assert config.kept_hash("") == config.kept_hash("password: x\n") == ""


PLANS = {
    "first_run": (False, False, False, ["write: the password is another than before"]),
    "good": (True, True, True, []),
    "new_password": (False, True, True, ["write: the password is another than before"]),
    "another_port": (True, False, True, ["write: the file differs"]),
    "world_readable": (True, True, False, ["mend: the file's owner or mode"]),
}


@pytest.mark.parametrize(("password", "text", "owner", "expected"), PLANS.values(), ids=PLANS)
def test_when_the_configuration_is_written(password: bool, text: bool, owner: bool, expected: list[str]) -> None:
    assert config.plan(password, text, owner) == expected


PYTHON = {"identifier": {"id": "ms-python.Python"}, "version": "2026.1.0"}
WANTED: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "nothing_there": (["ms-python.python"], [], ["ms-python.python"]),
    "there": (["Ms-Python.python"], [PYTHON], []),
    "named_version_there": (["ms-python.python@2026.1.0"], [PYTHON], []),
    "another_version": (["ms-python.python@2026.2.0"], [PYTHON], ["ms-python.python@2026.2.0"]),
    "one_of_two": (["ms-python.python", "ms-toolsai.jupyter"], [PYTHON], ["ms-toolsai.jupyter"]),
    "the_users_own_stay": ([], [PYTHON], []),
}


@pytest.mark.parametrize(("names", "have", "expected"), WANTED.values(), ids=WANTED)
def test_extensions(names: list[str], have: list[Any], expected: list[str]) -> None:
    want = [extensions.by_name(name) for name in names]
    assert [one.source for one in extensions.lacking(want, extensions.installed(have))] == expected


def test_a_file_is_installed_when_its_version_is_another() -> None:
    manifest = {"publisher": "ms-python", "name": "python", "version": "2026.1.0"}
    have = extensions.installed([PYTHON])
    assert extensions.lacking([extensions.packaged("/x.vsix", manifest)], have) == []
    newer = extensions.packaged("/x.vsix", manifest | {"version": "2026.2.0"})
    assert extensions.lacking([newer], have) == [newer]


def archive(folder: pathlib.Path, member: str) -> pathlib.Path:
    """An archive with one file below one folder."""
    file = folder / "a.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        info = tarfile.TarInfo(f"code-server-1-linux-amd64/{member}")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"text"))
    return file


def test_an_archive_takes_the_place_of_another(tmp_path: pathlib.Path) -> None:
    file, home = archive(tmp_path, "bin/code-server"), tmp_path / "opt/code-server"
    home.mkdir(parents=True)
    (home / "old").touch()
    install.install(str(file), "", home, install.identity(str(file), ""))
    assert (home / "bin/code-server").read_text() == "text"
    assert (home / ".archive").read_text() == install.identity(str(file), "")
    assert [path.name for path in home.parent.iterdir()] == ["code-server"]
    assert not (home / "old").exists()


@pytest.mark.parametrize("member", ["bin/other", "code-server"])
def test_another_archive_is_refused_and_the_old_installation_stays(tmp_path: pathlib.Path, member: str) -> None:
    home = tmp_path / "opt/code-server"
    home.mkdir(parents=True)
    with pytest.raises(install.Refused, match=r"is no archive of code-server \(no bin/code-server\)"):
        install.install(str(archive(tmp_path, member)), "", home, "x")
    assert [path.name for path in home.parent.iterdir()] == ["code-server"]


def test_a_wrong_checksum_and_a_dead_mirror_are_sentences(tmp_path: pathlib.Path) -> None:
    file, home = archive(tmp_path, "bin/code-server"), tmp_path / "opt/code-server"
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    install.install(file.as_uri(), right, home, "x")
    with pytest.raises(install.Refused, match=f"has the SHA-256 {right}, and 00 is wanted: nothing was installed"):
        install.install(file.as_uri(), "00", home, "y")
    with pytest.raises(install.Refused, match=r"could not be had .* put the archive on the box"):
        install.install("http://127.0.0.1:9/x", right, home, "y")
    assert (home / ".archive").read_text() == "x"


def test_a_connection_that_is_cut_is_no_altered_archive(tmp_path: pathlib.Path) -> None:
    def cut(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=cut, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        with pytest.raises(install.Refused, match=r"could not be had \(.*900 more expected\)\): nothing was installed"):
            install.install(url, "00", tmp_path / "opt/code-server", "x")
        thread.join()


def test_what_a_killed_run_unpacked_goes(tmp_path: pathlib.Path) -> None:
    file, home = archive(tmp_path, "bin/code-server"), tmp_path / "opt/code-server"
    (home.parent / ".code-server-x1/new").mkdir(parents=True)
    install.install(str(file), "", home, "x")
    assert [path.name for path in home.parent.iterdir()] == ["code-server"]


def test_a_full_disk_is_told_in_megabytes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "NEED_MB", 10**9)
    with pytest.raises(
        install.Refused, match=r"needs 1000000000 MB in .*, and \d+ are free, so \d+ MB are missing: raise box_disk_gib"
    ):
        install.install("/x", "", tmp_path / "opt/code-server", "x")


def test_a_mirror_that_hangs_is_given_up(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(install.Refused, match=r"could not be had \(.*timed out.*\): nothing was installed"):
            install.install(url, "00", tmp_path / "opt/code-server", "x")
    assert [*(tmp_path / "opt").iterdir()] == []
