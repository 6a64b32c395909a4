"""The front door's password, cookie and notes: facts in, changes out."""

import errno
import json
import os
import pathlib
import pwd
import re
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from unit.roles_loader import ROOT, load

plans = load("reverse_proxy/module_utils/plan_reverse_proxy.py")
secrets = load("reverse_proxy/library/reverse_proxy_secrets.py")
off = load("reverse_proxy/library/reverse_proxy_off.py")

GOOD = "root:ubuntu 640"
BOTH = {"password_hash": GOOD, "session.conf": GOOD}
PLANS: dict[str, tuple[Any, ...]] = {
    "first_run": (False, False, False, {"password_hash": "", "session.conf": ""}, ["write session.conf", "write password_hash"]),
    "good": (True, True, True, BOTH, []),
    "new_password": (True, False, True, BOTH, ["write session.conf", "write password_hash"]),
    "cookie_lost": (True, True, False, BOTH, ["write session.conf"]),
    "world_readable": (True, True, True, {**BOTH, "session.conf": "root:ubuntu 644"}, ["mend session.conf"]),
}  # fmt: skip


@pytest.mark.parametrize(("hashed", "matches", "same", "modes", "expected"), PLANS.values(), ids=PLANS)
def test_what_is_written(hashed: bool, matches: bool, same: bool, modes: dict[str, str], expected: list[str]) -> None:
    changes = plans.plan(hashed, matches, same, modes, GOOD)
    assert [f"{change.verb} {change.thing}" for change in changes] == expected


ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def given(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a task gives; files are this user's, as only root could give them away."""
    monkeypatch.setattr(secrets.host_file.os, "chown", lambda *_: None)
    return {"path": str(tmp_path / "web-x"), "site": "x", "user": ME, "password": "the old one"}


def test_a_run_that_was_cut_off_in_between_ends_the_sessions_all_the_same(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.keep(given, check_mode=False)
    folder, replace = pathlib.Path(given["path"]), pathlib.Path.replace
    old = (folder / "session.conf").read_text()
    given["password"] = "the new one"

    def killed(new: pathlib.Path, file: pathlib.Path) -> None:
        if killed.left == 0:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        killed.left -= 1  # type: ignore[attr-defined]
        replace(new, file)

    for killed.left in (0, 1):  # type: ignore[attr-defined]
        monkeypatch.setattr(pathlib.Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            secrets.keep(given, check_mode=False)
        # Nothing half done lies about, and the next run takes it up.
        assert {file.name for file in folder.iterdir()} == {"password_hash", "session.conf"}
        monkeypatch.setattr(pathlib.Path, "replace", replace)
        assert "write password_hash" in [f"{one.verb} {one.thing}" for one in secrets.keep(given, check_mode=True)]
    secrets.keep(given, check_mode=False)
    assert (folder / "session.conf").read_text() != old
    salt, hashed = plans.kept((folder / "password_hash").read_text())
    assert secrets.crypt("the new one", salt) == hashed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "/etc/x could not be read or written (No space left on device): mend",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "/usr/bin/openssl"),
            "/usr/bin/openssl could not be read or",
        ),
        (
            subprocess.CalledProcessError(1, ["openssl"], stderr="no\nengine\n"),
            "openssl ended with 1 (no engine): reinstall",
        ),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "start"), "a file in /etc/x is no text: remove"),
        (KeyError("getpwnam(): name not found: 'me'"), "there is no user me on the box: name one"),
    ],
)
def test_why_a_password_was_not_set(error: Exception, words: str) -> None:
    said = plans.refusal("tensorboard", "/etc/x", "me", error)
    assert said.startswith(f"The password of tensorboard was not set, as {words}")
    assert said.endswith("run again.")


def test_a_failure_is_said_without_the_password(given: dict[str, Any], tmp_path: pathlib.Path) -> None:
    (tmp_path / "web-x").write_text("in the way")
    task = {"reverse_proxy_secrets": {**given, "password": "a-very-secret-word"}}
    play = tmp_path / "play.yml"
    own = {"ansible_python_interpreter": sys.executable}
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": own, "tasks": [task]}]))
    paths = {
        "ANSIBLE_LIBRARY": "roles/reverse_proxy/library",
        "ANSIBLE_MODULE_UTILS": "plugins/module_utils:roles/reverse_proxy/module_utils",
        "ANSIBLE_INVENTORY_ENABLED": "host_list",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-vvv", "--diff", "--inventory", "localhost,", "--connection", "local", str(play)],
        cwd=ROOT, env=os.environ | paths, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "The password of x was not set, as" in said
    assert "a-very-secret-word" not in said


def test_the_hash_is_made_and_known_again() -> None:
    hashed = secrets.crypt("a password")
    salt, kept = plans.kept(f"dlbox:{hashed}\n")
    assert kept == hashed
    assert secrets.crypt("a password", salt) == hashed
    assert secrets.crypt("another", salt) != hashed


@pytest.mark.parametrize("text", ["", "dlbox:plain\n", "other:$6$abc$" + "x" * 86 + "\n"])
def test_what_is_no_hash_of_ours(text: str) -> None:
    assert plans.kept(text) == ("", "")


COOKIES = {
    "none": ("", False),
    "it": ("__Host-dlbox-desktop=Abc-_1", True),
    "among_others": ("_xsrf=2|a; __Host-dlbox-desktop=Abc-_1; b=c", True),
    "another": ("__Host-dlbox-desktop=Abc-_2", False),
    "longer": ("__Host-dlbox-desktop=Abc-_12", False),
    "empty": ("__Host-dlbox-desktop=", False),
    "of_another_name": ("x__Host-dlbox-desktop=Abc-_1", False),
    "of_another_service": ("__Host-dlbox-tensorboard=Abc-_1", False),
    "inside_a_value": ("x=1,__Host-dlbox-desktop=Abc-_1", False),
}


@pytest.mark.parametrize(("header", "inside"), COOKIES.values(), ids=COOKIES)
def test_which_cookie_lets_in(header: str, inside: bool) -> None:
    pattern = re.search(r'"~(.+)" off;', plans.session("desktop", "Abc-_1"))
    assert pattern
    assert bool(re.search(pattern[1], header)) is inside


def test_the_cookie_is_for_https_and_this_site_alone() -> None:
    written = plans.session("desktop", "S")
    assert '"__Host-dlbox-desktop=S; Path=/; Secure; HttpOnly; SameSite=Strict"' in written


def test_units_go_before_files() -> None:
    note = {"paths": ["/etc/x"], "units": ["x-web.service", "x.service"]}
    left = [f"{change.verb} {change.thing}" for change in plans.leave("x", note)]
    assert left == ["stop x-web.service", "stop x.service", "remove /etc/x"]


def test_what_a_note_names_is_removed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(off, "systemctl", lambda *words: said.append(words))
    folder, file = tmp_path / "folder", tmp_path / "file"
    (folder / "below").mkdir(parents=True)
    file.touch()
    note = json.loads(json.dumps({"units": ["x.service"], "paths": [str(folder), str(file), str(tmp_path / "gone")]}))
    off.apply(plans.leave("x", note))
    assert list(tmp_path.iterdir()) == []
    assert said == [("disable", "--now", "x.service"), ("daemon-reload",), ("reset-failed", "x.service")]


def test_what_cannot_be_removed_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        params: ClassVar[dict[str, Any]] = {"sites": ["x"], "notes": str(tmp_path)}
        check_mode = False

        def __init__(self, **_: Any) -> None:
            pass

        def fail_json(self, msg: str) -> None:
            raise SystemExit(msg)

    def apply(_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/etc/x")

    note = tmp_path / "web-x.json"
    note.write_text('{"paths": ["/etc/x"]}')
    monkeypatch.setattr(off, "AnsibleModule", Module)
    monkeypatch.setattr(off, "apply", apply)
    with pytest.raises(SystemExit, match=r"^/etc/x of x could not be removed \(Read-only file system\): mend that"):
        off.main()
    assert note.exists()
