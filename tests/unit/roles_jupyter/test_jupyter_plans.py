"""Certificates, kernels, secrets, the port and the controller's files: facts in, changes out."""

import datetime
import pathlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit.roles_loader import load

certificate = load("jupyter/module_utils/plan_certificate.py")
kernels = load("jupyter/module_utils/plan_kernels.py")
local = load("jupyter/library/jupyter_local.py")
secrets = load("jupyter/library/jupyter_secrets.py")
state = load("jupyter/library/jupyter_state.py")

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
YEARS = NOW + datetime.timedelta(days=900)
NAMES = frozenset({"IP:203.0.113.7", "IP:127.0.0.1", "DNS:localhost"})
CA = certificate.Certificate(frozenset(), YEARS, fits=True)
LEAF = certificate.Certificate(NAMES, YEARS, fits=True)

CERTIFICATES = {
    "first_run": (None, None, [("authority", "there is none yet"), ("certificate", "there is none yet")]),
    "good": (CA, LEAF, []),
    "address_changed": (
        CA,
        LEAF._replace(names=frozenset({"IP:198.51.100.1"})),
        [("certificate", "it is for IP:198.51.100.1")],
    ),
    "near_its_end": (
        CA,
        LEAF._replace(ends=NOW + datetime.timedelta(days=29)),
        [("certificate", "it ends on 2026-12-20")],
    ),
    "authority_lost": (
        None,
        LEAF,
        [("authority", "there is none yet"), ("certificate", "its key or its issuer does not fit")],
    ),
    "key_of_another": (CA, LEAF._replace(fits=False), [("certificate", "its key or its issuer does not fit")]),
}


@pytest.mark.parametrize(("ca", "leaf", "expected"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates(ca: Any, leaf: Any, expected: list[tuple[str, str]]) -> None:
    changes = certificate.plan(ca, leaf, "203.0.113.7", NOW)
    assert [(change.thing, change.reason) for change in changes] == expected


@given(st.integers(min_value=-1000, max_value=1000))
@example(29)
@example(30)
def test_a_certificate_is_renewed_exactly_in_its_last_thirty_days(days: int) -> None:
    leaf = LEAF._replace(ends=NOW + datetime.timedelta(days=days))
    assert bool(certificate.plan(CA, leaf, "203.0.113.7", NOW)) == (days < 30)


def test_reads_openssl() -> None:
    text = (
        "notAfter=Feb  4 09:05:03 2029 GMT\nX509v3 Subject Alternative Name: \n"
        "    DNS:localhost, IP Address:127.0.0.1, IP Address:203.0.113.7\n"
    )
    ends = datetime.datetime(2029, 2, 4, 9, 5, 3, tzinfo=datetime.UTC)
    assert certificate.read(text, True) == certificate.Certificate(NAMES, ends, True)


def test_an_address_must_be_one() -> None:
    with pytest.raises(ValueError, match=r"ec2\.example"):
        certificate.wanted_names("ec2.example")


def test_a_kernel_per_environment() -> None:
    want = kernels.wanted({"dl": "/e/dl"}, {"pytorch": "/opt/pytorch"}, "/own")
    assert list(want) == ["conda-dl", "venv-pytorch"]
    assert want["conda-dl"]["argv"][0] == "/e/dl/bin/python"
    assert want["conda-dl"]["env"] == {
        "PATH": "/e/dl/bin:${PATH}", "CONDA_PREFIX": "/e/dl", "CONDA_DEFAULT_ENV": "dl",
    }  # fmt: skip


def test_jupyters_own_kernel_where_there_is_no_other() -> None:
    assert list(kernels.wanted({}, {}, "/own")) == ["python3"]


DL = kernels.wanted({"dl": "/e/dl"}, {}, "/own")
KERNELS = {
    "first_run": (
        DL,
        {"python3": {}},
        ["/e/dl"],
        ["install ipykernel in /e/dl", "write kernel conda-dl", "remove kernel python3"],
    ),
    "as_declared": (DL, DL, [], []),
    "deleted": (DL, {}, [], ["write kernel conda-dl"]),
    "environment_moved": (DL, {"conda-dl": {"argv": []}}, [], ["write kernel conda-dl"]),
    "environment_gone": (DL, {**DL, "conda-old": {}}, [], ["remove kernel conda-old"]),
}


@pytest.mark.parametrize(("want", "have", "lacking", "expected"), KERNELS.values(), ids=KERNELS)
def test_kernels(want: Any, have: Any, lacking: list[str], expected: list[str]) -> None:
    assert [f"{change.verb} {change.thing}" for change in kernels.plan(want, have, lacking)] == expected


MODES = {"password_hash": "root:ubuntu 640", "token": "ubuntu:ubuntu 600"}
SECRETS = {
    "first_run": ("", False, False, {}, ["write password_hash", "write token"]),
    "good": ("argon2:x", True, True, MODES, []),
    "new_password": ("argon2:x", False, True, MODES, ["write password_hash"]),
    "new_token": ("argon2:x", True, False, MODES, ["write token"]),
    "world_readable": ("argon2:x", True, True, {**MODES, "token": "ubuntu:ubuntu 644"}, ["mend file modes"]),
}


@pytest.mark.parametrize(("hashed", "matches", "same", "modes", "expected"), SECRETS.values(), ids=SECRETS)
def test_secrets(hashed: str, matches: bool, same: bool, modes: dict[str, str], expected: list[str]) -> None:
    changes = secrets.plan(hashed, matches, same, modes, MODES)
    assert [f"{change.verb} {change.thing}" for change in changes] == expected
    assert "argon2" not in repr(changes)


def test_names_who_listens() -> None:
    text = (
        'LISTEN 0 128 0.0.0.0:8080 0.0.0.0:* users:(("jupyter-lab",pid=41,fd=6))\n'
        'LISTEN 0 5 [::]:8080 [::]:* users:(("python3",pid=77,fd=3),("python3",pid=78,fd=3))\n'
    )
    assert state.listeners(text) == [("jupyter-lab", 41), ("python3", 77), ("python3", 78)]


def test_files_that_the_server_has_not_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "config.py"
    file.touch()
    born = file.stat().st_mtime
    assert state.newer([file, tmp_path / "missing"], born - 1) == [str(file)]
    assert state.newer([file], born) == []


def test_the_controllers_secrets(tmp_path: pathlib.Path) -> None:
    folder, names = tmp_path / "000000000000/us-west-2/lab", ["jupyter_password", "jupyter_token"]
    for step in local.plan(folder, names):
        local.apply(*step)
    first = [(folder / name).read_text() for name in names]
    assert min(map(len, first)) >= 24
    assert len(set(first)) == 2
    assert [oct((folder / name).stat().st_mode & 0o777) for name in names] == ["0o600", "0o600"]
    assert local.plan(folder, names) == []
    (folder / names[0]).chmod(0o644)
    (folder / names[1]).unlink()
    assert local.plan(folder, names) == [("mend", folder / names[0]), ("write", folder / names[1])]
    for step in local.plan(folder, names):
        local.apply(*step)
    assert (folder / names[0]).read_text() == first[0]
    assert (folder / names[1]).read_text() != first[1]
