"""The role on a home of its own: what `ssh <box>` then does, and what stays as the user had it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# ssh takes the home from the password database, so the test's home is mounted over it, in a name space of its own.
MOUNTED = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
SCRIPT = 'mount --bind "$1" "$(getent passwd 0 | cut -d: -f6)" && exec ssh -G "$2"'


@dataclass
class Machine:
    """The user's machine: a home, and the two playbooks that end in the role."""

    home: Path
    keys: Path

    @property
    def ssh(self) -> Path:
        """The user's ~/.ssh."""
        return self.home / ".ssh"

    def known_hosts(self, box: str) -> Path:
        """The file that pins a box's host key."""
        return self.keys / box / "known_hosts"

    def play(self, boxes: dict[str, dict[str, Any]], *flags: str, entry: str = "main", **more: Any) -> str:
        """Run the role for some boxes; returns what the run printed."""
        known = {
            "ssh_client_home": str(self.home),
            "ssh_client_known_hosts": f"{self.keys}/{{{{ inventory_hostname }}}}/known_hosts",
            "ansible_ssh_private_key_file": f"{self.home}/.ssh/dlbox-000000000000-us-west-2-lab",
        }
        given = {name: value for name, value in (known | more).items() if value is not None}
        play = [{
            "hosts": "boxes", "gather_facts": False, "become": True,
            "tasks": [{"ansible.builtin.include_role": {"name": "ssh_client", "tasks_from": entry}}],
        }]  # fmt: skip
        inventory, playbook = self.keys / "inventory.yml", self.keys / "play.yml"
        inventory.write_text(yaml.safe_dump({"boxes": {"hosts": boxes, "vars": given}}))
        playbook.write_text(yaml.safe_dump(play))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), str(playbook), *flags]
        env = os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "HOME": str(self.keys),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        }
        ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def answers(self, alias: str) -> dict[str, str]:
        """What ssh itself makes of `ssh <alias>`."""
        command = [*MOUNTED, SCRIPT, "ssh", str(self.home), alias]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        return dict(line.split(" ", 1) for line in ended.stdout.splitlines() if " " in line)

    def pin(self, box: str, instance: str) -> str:
        """A host key of the box, pinned under the instance's id; returns its fingerprint."""
        key = self.keys / instance
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        known = self.known_hosts(box)
        known.parent.mkdir(exist_ok=True)
        with known.open("a") as file:
            file.write(f"{instance} {' '.join(key.with_suffix('.pub').read_text().split()[:2])}\n")
        shown = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, text=True, check=True)
        return shown.stdout.split()[1]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A home without ~/.ssh, in a path that ssh_config must quote."""
    home, keys = tmp_path / "ho me 50%", tmp_path / "ke ys"
    home.mkdir()
    keys.mkdir()
    return Machine(home, keys)


def box(instance: str = "i-1", address: str = "198.51.100.7", rehearsal: bool = False) -> dict[str, Any]:
    """What the inventory knows of a box."""
    return {"dlbox_instance_id": instance, "dlbox_public_ip": address, "dlbox_rehearsal": rehearsal}


def changed(shown: str) -> dict[str, int]:
    """How much changed, by host."""
    return {host: int(count) for host, count in re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", shown, re.MULTILINE)}


def test_ssh_reaches_the_box_by_name(machine):
    machine.pin("lab", "i-1")
    machine.play({"lab": box()})
    answers = machine.answers("lab")
    assert answers["hostname"] == "198.51.100.7"
    assert answers["user"] == "ubuntu"
    assert answers["hostkeyalias"] == "i-1"
    assert answers["stricthostkeychecking"] == "true"
    assert answers["identitiesonly"] == "yes"
    assert answers["identityfile"].replace("%%", "%") == f"{machine.ssh}/dlbox-000000000000-us-west-2-lab"
    assert answers["userknownhostsfile"].replace("%%", "%").strip('"') == str(machine.known_hosts("lab"))
    assert {file.name: f"{file.stat().st_mode & 0o777:o}" for file in machine.ssh.iterdir()} == {
        "config": "600",
        "dlbox": "700",
        "dlbox.config": "600",
    }
    assert f"{machine.ssh.stat().st_mode & 0o777:o}" == "700"


def test_connections_are_shared_and_each_instance_has_a_socket_of_its_own(machine):
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        user = Machine(Path(short), machine.keys)
        user.play({"lab": box("i-1")})
        answers = user.answers("lab")
        assert (answers["controlmaster"], answers["controlpersist"]) == ("auto", "600")
        assert answers["controlpath"] == f"{user.ssh}/dlbox/i-1-ubuntu"
        assert Path(answers["controlpath"]).parent.stat().st_mode & 0o777 == 0o700
        user.play({"lab": box("i-2")})
        assert user.answers("lab")["controlpath"] == f"{user.ssh}/dlbox/i-2-ubuntu"


@pytest.mark.slow
def test_a_home_whose_path_is_too_long_for_a_socket_shares_none(machine):
    user = Machine(machine.home / ("x" * 60), machine.keys)
    user.home.mkdir()
    user.play({"lab": box()})
    assert user.answers("lab")["hostname"] == "198.51.100.7"
    assert user.answers("lab")["controlmaster"] == "false"


@pytest.mark.slow
def test_check_mode_shows_what_the_run_does_and_the_second_run_is_silent(machine):
    machine.pin("lab", "i-1")
    predicted = machine.play({"lab": box()}, "--check", "--diff")
    assert not machine.ssh.exists()
    for line in ("+Host lab", "+  HostName 198.51.100.7", "+Include dlbox.config"):
        assert line in predicted
    first = machine.play({"lab": box()})
    assert changed(predicted) == changed(first) == {"lab": 3}
    assert changed(machine.play({"lab": box()}, "--check")) == {"lab": 0}
    assert changed(machine.play({"lab": box()})) == {"lab": 0}


@pytest.mark.slow
def test_boxes_side_by_side_keep_their_own_entries(machine):
    boxes = {name: box(f"i-{n}", f"198.51.100.{n}") for n, name in enumerate(["lab", "lab-2", "la", "lab-2-stop"], 1)}
    machine.play(boxes)
    assert changed(machine.play(boxes)) == dict.fromkeys(boxes, 0)
    machine.play({"lab": {}}, entry="absent")
    assert machine.answers("lab")["hostname"] == "lab"
    left = {name: found["dlbox_public_ip"] for name, found in boxes.items() if name != "lab"}
    assert {name: machine.answers(name)["hostname"] for name in left} == left


@pytest.mark.slow
def test_a_rehearsal_has_an_entry_of_its_own(machine):
    machine.play({"lab": box()})
    machine.play({"lab": box("i-9", "127.0.0.9", rehearsal=True)})
    assert machine.answers("lab")["hostname"] == "198.51.100.7"
    assert machine.answers("lab-rehearsal")["hostname"] == "127.0.0.9"
    machine.play({"lab": {}}, entry="absent", ssh_client_rehearsal=True)
    assert machine.answers("lab")["hostname"] == "198.51.100.7"
    assert machine.answers("lab-rehearsal")["hostname"] == "lab-rehearsal"


USERS = b"# mine \xff\nHost *\n  User me\n  IdentityFile ~/.ssh/mine\n\nHost other\n  HostName example.org"


BEFORE = {
    "plain": USERS,
    "included-too-low": USERS + b"\nInclude dlbox.config\n",
    "included": b"Include dlbox.config\n" + USERS,
    "empty": b"",
}


def test_the_users_own_configuration_stays_byte_for_byte(machine):
    users = {name: Machine(machine.home / name, machine.keys) for name in BEFORE}
    for name, user in users.items():
        user.ssh.mkdir(parents=True)
        (user.home / "dotfiles").write_bytes(BEFORE[name])
        (user.home / "dotfiles").chmod(0o644)
        (user.ssh / "config").symlink_to(user.home / "dotfiles")
    boxes = {name: box() | {"ssh_client_home": str(user.home)} for name, user in users.items()}
    machine.play(boxes)
    for name, user in users.items():
        assert (user.ssh / "config").is_symlink()
        assert f"{(user.home / 'dotfiles').stat().st_mode & 0o777:o}" == "644"
        first, rest = (user.ssh / "config").read_bytes().split(b"\n", 1)
        assert first == b"Include dlbox.config"
        assert rest.rstrip(b"\n") == BEFORE[name].replace(b"Include dlbox.config\n", b"").rstrip(b"\n")
        assert (user.answers(name)["hostname"], user.answers(name)["user"]) == ("198.51.100.7", "ubuntu")
    assert changed(machine.play(boxes)) == dict.fromkeys(boxes, 0)


def test_the_host_key_is_pinned_by_instance_and_a_replacement_is_said(machine):
    machine.pin("lab", "i-12")
    machine.play({"lab": box("i-1")})
    assert machine.answers("lab")["stricthostkeychecking"] == "accept-new", "an id that begins alike is another's"
    machine.pin("lab", "i-1")
    machine.play({"lab": box("i-1")})
    assert machine.answers("lab")["stricthostkeychecking"] == "true"
    fingerprint = machine.pin("lab", "i-22")
    shown = " ".join(machine.play({"lab": box("i-22", "198.51.100.8")}).split())
    assert f"i-22 replaced i-1. Its host key was pinned: ED25519 {fingerprint}." in shown
    assert machine.answers("lab")["hostkeyalias"] == "i-22"
    assert "replaced" not in machine.play({"lab": box("i-22", "198.51.100.8")})


@pytest.mark.slow
def test_wsl_gets_the_entry_for_windows_printed(machine, tmp_path):
    kernel = tmp_path / "version"
    kernel.write_text("Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x) #1 SMP\n")
    shown = machine.play({"lab": box()}, ssh_client_kernel_file=str(kernel))
    assert "IdentityFile ~/.ssh/dlbox-000000000000-us-west-2-lab" in shown
    assert "/mnt/c/Users/<you>/.ssh/" in shown
    assert "Windows" not in machine.play({"lab": box()}).replace("Print the entry for Windows", "")


def test_the_last_box_takes_file_and_include_with_it(machine):
    machine.ssh.mkdir()
    (machine.ssh / "config").write_bytes(USERS + b"\n")
    boxes = {"lab": box(), "other": box("i-2", "198.51.100.8")}
    machine.play(boxes)
    machine.play({"lab": {}}, entry="absent")
    assert machine.answers("other")["hostname"] == "198.51.100.8"
    foretold = changed(machine.play({"other": {}}, "--check", entry="absent"))
    assert changed(machine.play({"other": {}}, entry="absent")) == foretold
    assert (machine.ssh / "config").read_bytes() == USERS + b"\n"
    assert [path.name for path in machine.ssh.iterdir()] == ["config"]
    assert changed(machine.play({"other": {}}, entry="absent")) == {"other": 0}


@pytest.mark.slow
def test_absent_on_a_clean_machine_makes_nothing(machine):
    assert changed(machine.play({"lab": {}}, entry="absent")) == {"lab": 0}
    assert not machine.ssh.exists()


def test_a_missing_argument_is_named(machine):
    with pytest.raises(AssertionError, match="ssh_client_known_hosts"):
        machine.play({"lab": box()}, ssh_client_known_hosts=None)
