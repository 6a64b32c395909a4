"""What the roles share: the controller's files, and a service's port, age and unit: facts in, changes out."""

import pathlib
import socket
import subprocess
import time

import pytest
from dlbox import private_folder
from dlbox.plan_service import address, belongs, hold_back, listeners, plan, silent, unsteady, unvouched
from unit.roles_loader import load

service = load("../library/box_service.py")


def test_names_who_listens() -> None:
    text = (
        'LISTEN 0 128 0.0.0.0:8080 0.0.0.0:* users:(("jupyter-lab",pid=41,fd=6))\n'
        'LISTEN 0 5 [::]:8080 [::]:* users:(("python3",pid=77,fd=3),("python3",pid=78,fd=3))\n'
    )
    assert listeners(text) == [("jupyter-lab", 41), ("python3", 77), ("python3", 78)]


def test_why_a_page_does_not_come(tmp_path: pathlib.Path) -> None:
    authority = tmp_path / "ca.crt"
    openssl = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout", "/dev/null"]
    subprocess.run([*openssl, "-out", authority], check=True, capture_output=True)
    assert "refused" in service.wait("https://127.0.0.1:9/", "x", str(authority), 0)


@pytest.mark.parametrize("content", [None, ""])
def test_an_authority_that_is_away_or_empty_is_an_error(tmp_path: pathlib.Path, content: str | None) -> None:
    authority = tmp_path / "ca.crt"
    if content is not None:
        authority.write_text(content)
    with pytest.raises(OSError) as caught:
        service.wait("https://127.0.0.1:9/", "x", str(authority), 0)
    assert "run this again with --tags certificate" in unvouched("jupyter.service", str(authority), caught.value)


def test_files_that_the_server_has_not_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "config.py"
    file.touch()
    born = file.stat().st_mtime
    assert service.newer([file, tmp_path / "missing"], born - 1) == [str(file)]
    assert service.newer([file], born) == []


def test_why_a_socket_takes_no_connection(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "web.sock"
    assert "No such file" in service.wait(str(path), "", None, 0)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert "refused" in service.wait(str(path), "", None, 0)
        server.listen()
        assert service.wait(str(path), "", None, 0) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((8080, "/login", True, ""), "https://127.0.0.1:8080/login"),
        ((16006, "/", False, ""), "http://127.0.0.1:16006/"),
        ((0, "/", True, "/run/x/web.sock"), "/run/x/web.sock"),
        ((0, "/", True, ""), "x.service"),
    ],
)
def test_where_a_service_answers(given: tuple[int, str, bool, str], expected: str) -> None:
    assert address("x.service", *given) == expected


# At 100 s of the kernel's clock.
STANDS = {
    "for_long": ("active", "1000000", "0", ""),
    "for_long_after_restarts": ("active", "97000000", "7", ""),
    "just_started": ("active", "99000000", "0", "it is active"),
    "started_anew_again_and_again": ("active", "99500000", "7", "it is active, started anew 7 times"),
    "between_two_restarts": ("activating", "97000000", "7", "it is activating, started anew 7 times"),
    "given_up": ("failed", "97000000", "5", "it is failed, started anew 5 times"),
    "stopped": ("inactive", "0", "0", "it is inactive"),
}


def words(active: str, entered: str, restarts: str) -> dict[str, str]:
    """What systemd says of a unit."""
    return {"ActiveState": active, "ActiveEnterTimestampMonotonic": entered, "NRestarts": restarts}


@pytest.mark.parametrize(("active", "entered", "restarts", "why"), STANDS.values(), ids=STANDS)
def test_a_unit_that_dies_at_once_is_not_up(active: str, entered: str, restarts: str, why: str) -> None:
    assert unsteady(words(active, entered, restarts), 100) == why


def test_a_unit_without_a_page_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [
        words("activating", "0", "1"),
        words("active", str(int(time.monotonic() * 1e6)), "1"),
        words("active", "1", "1"),
    ]
    monkeypatch.setattr(service, "show", lambda unit: said.pop(0))
    monkeypatch.setattr(service.time, "sleep", lambda seconds: None)
    assert service.wait("x.service", "", None, 60) == ""
    assert said == []
    said.append(words("activating", "0", "9"))
    why = service.wait("x.service", "", None, 0)
    assert silent("x.service", 0, "x.service", 60, why, ["no display"]) == (
        "x.service did not stay up for 2 s within 60 s (it is activating, started anew 9 times): correct what its last lines"
        " say, then run this again. no display"
    )


CGROUPS = {
    "its_own": ("0::/system.slice/jupyter.service\n", True),
    "a_child_group": ("0::/system.slice/jupyter.service/kernels\n", True),
    "cgroup_v1": ("12:pids:/x/system.slice/jupyter.service\n1:name=systemd:/x\n", True),
    "another_unit": ("0::/system.slice/my-jupyter.service\n", False),
    "a_shell": ("0::/user.slice/user-1000.slice/session-1.scope\n", False),
    "ended": ("", False),
}


@pytest.mark.parametrize(("cgroup", "expected"), CGROUPS.values(), ids=CGROUPS)
def test_whose_process_listens(cgroup: str, expected: bool) -> None:
    assert belongs(cgroup, "jupyter.service") is expected


UNITS = {
    "first_run": ({"ActiveState": "inactive", "UnitFileState": "disabled"}, [], ["start", "enable"]),
    "runs": ({"ActiveState": "active", "UnitFileState": "enabled"}, [], []),
    "older_than_its_files": ({"ActiveState": "active", "UnitFileState": "enabled"}, ["/etc/x"], ["restart"]),
    "stopped_by_hand": ({"ActiveState": "inactive", "UnitFileState": "enabled"}, ["/etc/x"], ["start"]),
    "broken": ({"ActiveState": "failed", "UnitFileState": "enabled"}, [], ["start"]),
    "between_two_restarts": ({"ActiveState": "activating", "UnitFileState": "enabled"}, ["/etc/x"], ["restart"]),
    "in_a_loop_with_an_old_unit": ({"ActiveState": "activating", "UnitFileState": "enabled", "NeedDaemonReload": "yes"}, [], ["restart"]),
    "restarted_by_itself_with_an_old_unit": ({"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "yes"}, [], ["restart"]),
    "its_unit_is_read": ({"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"}, [], []),
    "disabled": ({"ActiveState": "active", "UnitFileState": "disabled"}, [], ["enable"]),
    "unknown_in_a_dry_run": ({"ActiveState": "inactive", "UnitFileState": ""}, [], ["start", "enable"]),
}  # fmt: skip


@pytest.mark.parametrize(("state", "stale", "expected"), UNITS.values(), ids=UNITS)
def test_what_a_unit_needs(state: dict[str, str], stale: list[str], expected: list[str]) -> None:
    assert [change.verb for change in plan("jupyter.service", state, stale)] == expected


HELD = {
    "nothing_to_do": ([], "kernel x runs code", [], ""),
    "a_restart": (["/etc/x"], "kernel x runs code", [], "jupyter.service goes on as it was, though it has not read /etc/x: kernel x runs code"),
    "nobody_works": (["/etc/x"], "", ["restart"], ""),
}  # fmt: skip


@pytest.mark.parametrize(("stale", "why", "does", "says"), HELD.values(), ids=HELD)
def test_a_restart_waits(stale: list[str], why: str, does: list[str], says: str) -> None:
    changes, held = hold_back(
        plan("jupyter.service", {"ActiveState": "active", "UnitFileState": "enabled"}, stale), why
    )
    assert [change.verb for change in changes] == does
    assert held == says


def test_what_starts_or_is_enabled_does_not_wait() -> None:
    listed = plan("jupyter.service", {"ActiveState": "failed", "UnitFileState": "disabled"}, ["/etc/x"])
    assert [change.verb for change in hold_back(listed, "kernel x runs code")[0]] == ["start", "enable"]


def test_the_controllers_secrets(tmp_path: pathlib.Path) -> None:
    folder, names = tmp_path / "000000000000/us-west-2/lab", ["jupyter_password", "jupyter_token"]
    files = {"ca.crt": "pem", "none": ""}
    for step in private_folder.plan(folder, names, files):
        private_folder.apply(*step, files)
    first = [(folder / name).read_text() for name in names]
    assert min(map(len, first)) >= 24
    assert len(set(first)) == 2
    assert [oct((folder / name).stat().st_mode & 0o777) for name in names] == ["0o600", "0o600"]
    assert private_folder.plan(folder, names, files) == []
    (folder / names[0]).chmod(0o644)
    (folder / names[1]).unlink()
    assert private_folder.plan(folder, names, files) == [("mend", folder / names[0]), ("write", folder / names[1])]
    for step in private_folder.plan(folder, names, files):
        private_folder.apply(*step, files)
    assert (folder / names[0]).read_text() == first[0]
    assert (folder / names[1]).read_text() != first[1]
    assert (folder / "ca.crt").read_text() == "pem"
    assert oct((folder / "ca.crt").stat().st_mode & 0o777) == "0o600"
    assert private_folder.plan(folder, names, {"ca.crt": "another"}) == [("write", folder / "ca.crt")]
