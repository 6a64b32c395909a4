"""Certificates that openssl really issues, and what is found of them afterwards."""

import datetime
import os
import pathlib
import pwd
from typing import Any

import pytest
from unit.roles_loader import load

certificate = load("certificate/library/certificate.py")
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def given(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a task gives; files are this user's, as only root could give them away."""
    monkeypatch.setattr(os, "chown", lambda *_: None)
    user = pwd.getpwuid(os.getuid()).pw_name
    return {"box": "lab", "address": "203.0.113.7", "user": user, "path": tmp_path / "tls", "ca_path": tmp_path / "ca"}


def converge(given: dict[str, Any], work: pathlib.Path) -> list[str]:
    """Issue what is due; what that was."""
    ca, path = given["ca_path"], given["path"]
    seen = (
        certificate.observe(ca / "ca.crt", ca / "ca.key", ca / "ca.crt"),
        certificate.observe(path / "tls.crt", path / "tls.key", ca / "ca.crt"),
    )
    changes = certificate.plan(*seen, given["address"], NOW)
    for change in changes:
        certificate.apply(change, given, work)
    return [change.thing for change in changes]


@pytest.mark.parametrize(
    ("broken", "issued"),
    [("tls/tls.crt", ["certificate"]), ("tls/tls.key", ["certificate"]), ("ca/ca.crt", ["authority", "certificate"])],
)
@pytest.mark.parametrize("size", [0, 100])
def test_a_file_that_was_cut_off_is_issued_again(
    given: dict[str, Any], tmp_path: pathlib.Path, broken: str, issued: list[str], size: int
) -> None:
    assert converge(given, tmp_path) == ["authority", "certificate"]
    assert converge(given, tmp_path) == []
    os.truncate(tmp_path / broken, size)
    assert converge(given, tmp_path) == issued
    assert converge(given, tmp_path) == []
    assert (given["path"] / "tls.key").stat().st_mode & 0o777 == 0o640
    assert (given["ca_path"] / "ca.key").stat().st_mode & 0o777 == 0o600
