"""The front door's password, cookie and notes: facts in, changes out."""

import json
import pathlib
import re
from typing import Any

import pytest
from unit.roles_loader import load

plans = load("reverse_proxy/module_utils/plan_reverse_proxy.py")
secrets = load("reverse_proxy/library/reverse_proxy_secrets.py")
off = load("reverse_proxy/library/reverse_proxy_off.py")

GOOD = "root:ubuntu 640"
BOTH = {"password_hash": GOOD, "session.conf": GOOD}
PLANS: dict[str, tuple[Any, ...]] = {
    "first_run": (False, False, False, {"password_hash": "", "session.conf": ""}, ["write password_hash", "write session.conf"]),
    "good": (True, True, True, BOTH, []),
    "new_password": (True, False, True, BOTH, ["write password_hash", "write session.conf"]),
    "cookie_lost": (True, True, False, BOTH, ["write session.conf"]),
    "world_readable": (True, True, True, {**BOTH, "session.conf": "root:ubuntu 644"}, ["mend session.conf"]),
}  # fmt: skip


@pytest.mark.parametrize(("hashed", "matches", "same", "modes", "expected"), PLANS.values(), ids=PLANS)
def test_what_is_written(hashed: bool, matches: bool, same: bool, modes: dict[str, str], expected: list[str]) -> None:
    changes = plans.plan(hashed, matches, same, modes, GOOD)
    assert [f"{change.verb} {change.thing}" for change in changes] == expected


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
