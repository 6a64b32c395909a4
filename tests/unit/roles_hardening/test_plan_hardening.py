"""What hardening does to a machine: facts in, changes out; and what its patterns match."""

import pathlib
import re
import socket
import threading
from typing import Any, ClassVar

import jinja2.nativetypes
import pytest
import yaml
from unit.roles_loader import ROOT, load

plans = load("hardening/module_utils/plan_hardening.py")
module = load("hardening/library/hardening.py")
sshd = load("hardening/module_utils/harden_ssh.py")
machine = load("hardening/module_utils/harden_files.py")
ROLE = ROOT / "roles/hardening"
VARS = yaml.safe_load((ROLE / "vars/main.yml").read_text())
SSH, JAIL = "/etc/ssh/sshd_config.d/00-dlbox.conf", "/etc/fail2ban/jail.d/dlbox.local"
TIMER = "/etc/systemd/system/apt-daily.timer.d/dlbox.conf"


def unit(active: str = "active", enabled: str = "enabled", stale: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"ActiveState": active, "UnitFileState": enabled, "stale": list(stale)}


FILES = {SSH: "s", JAIL: "j", TIMER: "t"}
WANT = {
    "on": True,
    "files": FILES,
    "kernel": {"fs.x": "0"},
    "units": ["fail2ban.service", "apt-daily.timer"],
    "brought": [],
}
NOTE = {"units": {"apt-daily.timer": "masked"}, "kernel": {"fs.x": "2"}}
DONE = {
    "files": FILES,
    "kernel": {"fs.x": "0"},
    "units": {name: unit() for name in plans.READS},
    "note": NOTE,
}
FRESH = {
    "files": dict.fromkeys(FILES),
    "kernel": {"fs.x": "2"},
    "units": {**DONE["units"], "fail2ban.service": unit("inactive"), "apt-daily.timer": unit("inactive", "masked")},
    "note": None,
}


def seen(**other: Any) -> dict[str, Any]:
    """A hardened machine, but for this."""
    return {**DONE, **other}


def units(**other: dict[str, Any]) -> dict[str, Any]:
    """A hardened machine, but for these units; the part before the dot names one."""
    return seen(units={name: other.get(re.sub(r"\W", "_", name), one) for name, one in DONE["units"].items()})


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "first_run": (FRESH, {}, [f"write {SSH}", f"write {JAIL}", f"write {TIMER}", "set fs.x", "reload ssh.service", "start fail2ban.service",
                              "unmask apt-daily.timer", "enable apt-daily.timer", "start apt-daily.timer"]),
    "nothing_to_do": (DONE, {}, []),
    "edited_by_hand": (seen(files={**FILES, SSH: "permitrootlogin yes"}), {}, [f"write {SSH}", "reload ssh.service"]),
    "sshd_has_not_read_a_file": (units(ssh_service=unit(stale=("/etc/ssh/x",))), {}, ["reload ssh.service"]),
    "reached_through_its_socket": (units(ssh_service=unit("inactive", "disabled", ("/etc/ssh/x",))), {}, []),
    "fail2ban_stopped": (units(fail2ban_service=unit("inactive", "disabled")), {}, ["enable fail2ban.service", "start fail2ban.service"]),
    "fail2ban_cut_off": (units(fail2ban_service=unit(stale=(JAIL,))), {}, ["reload fail2ban.service"]),
    "a_timers_time_edited": (seen(files={**FILES, TIMER: ""}), {}, [f"write {TIMER}", "restart apt-daily.timer"]),
    "a_kernel_setting_edited": (seen(kernel={"fs.x": "1"}), {}, ["set fs.x"]),
    "a_kernel_that_cannot_be_set": (seen(kernel={"fs.x": None}), {}, []),
    "off_again": (DONE, {"on": False}, [f"remove {SSH}", f"remove {JAIL}", f"remove {TIMER}", "set fs.x", "reload ssh.service",
                                        "reload fail2ban.service", "disable apt-daily.timer", "mask apt-daily.timer"]),
    "off_with_its_own_fail2ban": (seen(note={"units": {}, "kernel": {}}), {"on": False, "brought": ["fail2ban"]},
                                  [f"remove {SSH}", f"remove {JAIL}", f"remove {TIMER}", "reload ssh.service", "restart apt-daily.timer"]),
    "off_cut_off_before_sshd_read_it": (seen(files=dict.fromkeys(FILES), kernel={"fs.x": "2"}, note={"units": {}, "kernel": {}},
                                             units={**DONE["units"], "ssh.service": unit(stale=("/etc/ssh/sshd_config.d",))}),
                                        {"on": False}, ["reload ssh.service"]),
    "never_on": (seen(files=dict.fromkeys(FILES), note=None, units={name: unit(stale=("/etc/ssh",)) for name in plans.READS}), {"on": False}, []),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "want", "expected"), CASES.values(), ids=CASES)
def test_what_it_changes(facts: dict[str, Any], want: dict[str, Any], expected: list[str]) -> None:
    changes, _ = plans.plan(facts, {**WANT, **want})
    assert sorted(f"{one.verb} {one.thing}" for one in changes) == sorted(expected)
    assert all(one.reason for one in changes)


def test_it_notes_how_it_was_and_keeps_that() -> None:
    _, note = plans.plan(FRESH, WANT)
    assert note == NOTE
    assert plans.plan(DONE, WANT)[1] == NOTE
    later = seen(kernel={"fs.x": "1"}, units={**DONE["units"], "fail2ban.service": unit("inactive", "disabled")})
    assert plans.plan(later, WANT)[1] == {**NOTE, "units": {**NOTE["units"], "fail2ban.service": "disabled"}}


PRINTED = "port 22\nlistenaddress [::]:22\nlistenaddress 0.0.0.0:22\npermitrootlogin no\nloglevel VERBOSE\nhostkey a\nhostkey b\n"


def test_what_sshd_would_do_otherwise() -> None:
    assert plans.otherwise(PRINTED, {"permitrootlogin": "no", "loglevel": "VERBOSE"}) == ""
    assert (
        plans.otherwise(PRINTED, {"permitrootlogin": "yes", "maxsessions": "20"})
        == "permitrootlogin no, maxsessions None"
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (PRINTED, [("::1", 22), ("127.0.0.1", 22)]),
        ("listenaddress [::]:2222\n", [("::1", 2222)]),
        ("listenaddress 10.0.0.7:22\n", [("10.0.0.7", 22)]),
        ("", [("127.0.0.1", 22)]),
    ],
)
def test_where_sshd_listens(text: str, where: list[tuple[str, int]]) -> None:
    assert plans.addresses(text) == where


def test_sshd_answers_at_any_of_its_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as shut, socket.create_server(("127.0.0.1", 0)) as server:
        nobody = shut.getsockname()
        shut.close()
        greeter = threading.Thread(target=lambda: server.accept()[0].sendall(b"SSH-2.0-x"), daemon=True)
        greeter.start()
        assert sshd.answers([server.getsockname(), nobody], seconds=5)
        greeter.join()
        assert not sshd.answers([nobody], seconds=0)


@pytest.mark.parametrize(
    ("package", "left"),
    [
        ("linux-aws", True),
        ("linux-image-6.8.0-1021-aws", True),
        ("linux-headers-6.8.0-1021-aws", True),
        ("linux-modules-extra-6.8.0-1021-aws", True),
        ("linux-libc-dev", False),
        ("linux-tools-common", False),
        ("linux-base", False),
        ("openssl", False),
    ],
)
def test_which_kernels_wait(package: str, left: bool) -> None:
    assert bool(re.match(VARS["__hardening_kernels"], package)) is left


def test_the_drivers_are_bases() -> None:
    text = (ROLE / "templates/etc/apt/apt.conf.d/60-dlbox.j2").read_text()
    base = yaml.safe_load((ROOT / "roles/base/vars/main.yml").read_text())["__base_drivers"]
    shown = jinja2.Template(text).render(__base_drivers=base, __hardening_origins=[], __hardening_kernels="k")
    assert f'  "{base}";' in shown


def test_every_template_is_named() -> None:
    folder = ROLE / "templates"
    assert sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.j2")) == sorted(
        VARS["__hardening_templates"]
    )


def test_files_are_as_they_were_where_sshd_refuses_them(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited, new, gone = (tmp_path / name for name in ("edited.conf", "made/new.conf", "gone.conf"))
    edited.write_text("mine")
    gone.write_text("old")
    seen: list[list[str]] = []

    def refuse(want: dict[str, str], first: str = "") -> None:
        seen.append(sorted(path.name for path in tmp_path.rglob("*.conf")))
        raise module.Refused("no")

    monkeypatch.setattr(module, "look", refuse)
    now = {str(edited): "mine", str(new): None, str(gone): "old"}
    with pytest.raises(module.Refused):
        module.act(plans.files(now, {str(edited): "ours", str(new): "ours", str(gone): None}), {})
    assert seen == [["edited.conf", "new.conf"]]
    assert (edited.read_text(), new.exists(), gone.read_text()) == ("mine", False, "old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edited.conf", "gone.conf", "made"]


def test_a_full_disk_leaves_the_files_as_they_were(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited, new, gone = (tmp_path / name for name in ("edited.conf", "new.conf", "gone.conf"))
    edited.write_text("mine")
    gone.write_text("old")
    write = pathlib.Path.write_text

    def full(file: pathlib.Path, text: str) -> int:
        write(file, "")
        if "new.conf" in file.name:
            raise OSError(28, "No space left on device")
        return write(file, text)

    monkeypatch.setattr(module, "look", lambda want, first="": None)
    monkeypatch.setattr(pathlib.Path, "write_text", full)
    now = {str(edited): "mine", str(new): None, str(gone): "old"}
    with pytest.raises(OSError, match="No space left"):
        module.act(plans.files(now, {str(edited): "ours", str(new): "ours", str(gone): None}), {})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"edited.conf": "mine", "gone.conf": "old"}


def test_files_are_as_they_were_where_sshd_cannot_be_asked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(want: dict[str, str], first: str = "") -> None:
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr(module, "look", missing)
    with pytest.raises(OSError, match="No such file"):
        module.act(plans.files({str(tmp_path / "new"): None}, {str(tmp_path / "new"): "ours"}), {})
    assert list(tmp_path.iterdir()) == []


def test_sshd_tests_our_file_before_it_lies_there(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    def refuse(want: dict[str, str], first: str = "") -> None:
        done.append(first)
        raise module.Refused("no")

    monkeypatch.setattr(module, "look", refuse)
    monkeypatch.setattr(module, "put", done.append)
    with pytest.raises(module.Refused):
        module.act(plans.files(dict.fromkeys(FILES), FILES), {})
    assert done == ["s"]


def test_sshd_reads_the_text_it_tests_before_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshd, "SSHD", "/bin/echo")
    assert re.fullmatch(r"-T -C user=\S+,lport=22\n", sshd.ask().stdout)
    assert sshd.ask("a b").stdout.endswith(",lport=22 -f /dev/stdin\n")
    monkeypatch.setattr(sshd.subprocess, "run", lambda command, **how: how["input"])
    assert sshd.ask("a b").splitlines() == ["a b", "Include /etc/ssh/sshd_config"]


def test_what_cannot_be_written_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        """A module that is called on a fresh machine."""

        check_mode = False
        params: ClassVar = {"state": "present", "files": {}, "kernel": {}, "units": [], "sshd": {}}

        def __init__(self, **_: Any) -> None:
            """Take what the module declares."""

        def fail_json(self, msg: str) -> None:
            raise SystemExit(msg)

    def read_only(changes: list[Any], sshd: dict[str, str]) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(module, "AnsibleModule", Fake)
    monkeypatch.setattr(module, "observe", lambda given: {**DONE, "files": {}})
    monkeypatch.setattr(module, "BROUGHT", pathlib.Path("/nowhere"))
    monkeypatch.setattr(module, "put", lambda texts: None)
    monkeypatch.setattr(module, "act", read_only)
    with pytest.raises(SystemExit, match=r"^The hardening stopped \(.*Invalid argument\): .* run this again\.$"):
        module.main()


def test_each_interface_has_its_settings(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all", "default", "ens5", "eth0.7"):
        (tmp_path / "net" / name).mkdir(parents=True)
        (tmp_path / "net" / name / "redirects").write_text("1\n")
    monkeypatch.setattr(machine, "KERNEL", tmp_path)
    want = machine.live({"net/*/redirects": "0", "net/*/missing": "0", "fs/missing": "0"})
    assert want == {f"net/{name}/redirects": "0" for name in ("all", "default", "ens5", "eth0.7")}
    assert machine.value("net/eth0.7/redirects") == "1"
    assert machine.value("net/gone/redirects") is None


@pytest.mark.parametrize(("named", "noted"), [(True, ["fail2ban"]), (False, [])], ids=["ubuntu", "amazon_linux"])
def test_only_packages_that_can_be_installed_are_noted(named: bool, noted: list[str]) -> None:
    tasks = yaml.safe_load((ROLE / "tasks/on.yml").read_text())
    note = next(task for task in tasks if task["name"] == "Note which packages it brings")
    assert note["vars"]["base_packages"] == "{{ __hardening_packages }}"
    loop = templated(note["loop"], __base_named=named, __hardening_brings=["fail2ban"])
    assert loop == noted


def templated(text: str, **known: Any) -> Any:
    """What an expression comes to."""
    environment = jinja2.nativetypes.NativeEnvironment()
    environment.filters["ternary"] = lambda true, one, other: one if true else other
    return environment.from_string(text).render(**known)
