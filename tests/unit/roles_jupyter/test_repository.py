"""The user's repository: a real git, and a server that wants a password."""

import base64
import functools
import http.server
import pathlib
import subprocess
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest
from unit.roles_loader import load

repository = load("jupyter/library/jupyter_repository.py")
WANTED = "Basic " + base64.b64encode(b"me:s3cret/word").decode()
GIT = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]

ADDRESSES = {
    "plain": ("https://example.org/me/work.git", ("https://example.org/me/work.git", "", "", "work")),
    "a_password": ("https://me:a%2Fb@example.org:8443/work", ("https://example.org:8443/work", "me", "a/b", "work")),
    "a_token": ("https://tok@example.org/me/work.git/", ("https://example.org/me/work.git/", "tok", "", "work")),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_and_its_secret(address: str, expected: tuple[str, str, str, str]) -> None:
    assert repository.parts(address) == expected


class Closed(http.server.SimpleHTTPRequestHandler):
    """Serves files to who knows the password, and keeps the process list of each moment that git asks."""

    lines: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.lines.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        if self.headers.get("Authorization") == WANTED:
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def served(tmp_path: pathlib.Path) -> Iterator[str]:
    """Host and port that serve a repository named work.git."""
    work, bare = tmp_path / "made", tmp_path / "served/work.git"
    subprocess.run([*GIT, "init", "-q", work], check=True)
    (work / "notes.txt").write_text("hello\n")
    subprocess.run([*GIT, "add", "."], cwd=work, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", "x"], cwd=work, check=True)
    subprocess.run([*GIT, "clone", "-q", "--bare", work, bare], check=True)
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    handler = functools.partial(Closed, directory=str(bare.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_closed_repository_is_cloned_and_its_password_kept_nowhere(served: str, tmp_path: pathlib.Path) -> None:
    home = tmp_path / "home"
    (home / ".work.dlbox-clone/half").mkdir(parents=True)
    assert repository.clone(f"http://me:s3cret%2Fword@{served}/work.git", home, [], str(home)) == ""
    assert [path.name for path in home.iterdir()] == ["work"]
    assert (home / "work/notes.txt").read_text() == "hello\n"
    assert any("clone" in line and served in line for line in Closed.lines)
    assert [line for line in Closed.lines if "s3cret" in line] == []
    assert subprocess.run(["grep", "-r", "s3cret", home], capture_output=True, check=False).returncode == 1


def test_what_git_says_of_a_wrong_password_holds_none(served: str, tmp_path: pathlib.Path) -> None:
    says = repository.clone(f"http://me:wr0ng@{served}/work.git", tmp_path, [], str(tmp_path))
    assert "Authentication failed" in says
    assert "wr0ng" not in says
    assert [*tmp_path.glob("*dlbox-clone"), *tmp_path.glob("work")] == []


def test_no_password_is_asked_for(served: str, tmp_path: pathlib.Path) -> None:
    assert "could not read Username" in repository.clone(f"http://{served}/work.git", tmp_path, [], str(tmp_path))
