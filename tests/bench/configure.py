"""How long playbooks/configure.yml takes on a machine over SSH, role by role: the first run, and reruns with nothing to do.

A rerun is held against as many tasks that do nothing, over the same connection.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
MACHINE = ROOT / "tests/molecule/host/machine.py"
BOX = "bench-configure"
INSTANCE = "i-00000000000000099"
ROUNDS, MOST_TASKS = 5, 60
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
HEAD = f"{'':<20}{'tasks':>7}{'skipped':>9}{'changed':>9}{'SSH trips':>11}{'seconds':>9}"
# Each call of ssh or sftp is a trip; the time tells whose.
WRAPPER = '#!/bin/bash\nprintf "%s\\n" "$EPOCHREALTIME" >> "$DLBOX_TRIPS"\nexec {} "$@"\n'


class Line(NamedTuple):
    """A part of a run: its tasks, those of them that were skipped or changed something, its calls of ssh, its seconds."""

    tasks: int
    skipped: int
    changed: int
    trips: int
    seconds: float


def by_role(tasks: list[dict[str, Any]], trips: list[float]) -> dict[str, Line]:
    """A line for each role, in the order in which they came; what stands in no role is the playbook's own."""
    found: dict[str, Line] = {}
    for task in tasks:
        role = task["role"] or "the playbook"
        old = found.get(role, Line(0, 0, 0, 0, 0.0))
        made = sum(task["began"] <= trip < task["ended"] for trip in trips)
        outcome = task["outcome"]
        found[role] = Line(
            old.tasks + 1,
            old.skipped + (outcome == "skipped"),
            old.changed + (outcome == "changed"),
            old.trips + made,
            old.seconds + task["ended"] - task["began"],
        )
    return found


def total(lines: dict[str, Line]) -> Line:
    """All lines in one."""
    columns = zip(*lines.values(), strict=True)
    tasks, skipped, changed, trips, seconds = (sum(column) for column in columns)
    return Line(int(tasks), int(skipped), int(changed), int(trips), float(seconds))


@dataclass
class Host:
    """A fresh machine, and a home of its own on this side."""

    home: Path

    def boot(self) -> None:
        """Boot it and declare it as the dynamic inventory would."""
        said = subprocess.run(
            [sys.executable, MACHINE, "up", self.home / "machine"],
            env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        machine, address = self.home / "machine", said.split()[-1]
        options = f"-o IdentitiesOnly=yes -o HostKeyAlias={INSTANCE} -o UserKnownHostsFile={machine}/known_hosts"
        facts = {
            "ansible_host": address,
            "ansible_user": "ubuntu",
            "ansible_ssh_private_key_file": str(machine / "key"),
            "ansible_ssh_common_args": f"{options} -o StrictHostKeyChecking=accept-new",
            **{"dlbox_state": "running", "dlbox_instance_id": INSTANCE, "dlbox_instance_type": "g5.xlarge"},
            **{"dlbox_public_ip": address, "dlbox_account": "000000000000", "dlbox_region": "bench"},
            **{"dlbox_rehearsal": True, "ssh_client_home": str(self.home)},
            # Where Open VSX does not answer they are asked for in each run.
            "box_vscode_extensions": [],
        }
        folder = self.home / "inventory"
        folder.mkdir()
        (folder / "boxes.yml").write_text(yaml.safe_dump({"boxes": {"hosts": {BOX: facts}}}))
        (folder / "group_vars").symlink_to(ROOT / "group_vars")
        for name in ("ssh", "sftp"):
            wrapper = self.home / name
            wrapper.write_text(WRAPPER.format(f"/usr/bin/{name}"))
            wrapper.chmod(0o755)

    def play(self, playbook: Path, *flags: str) -> dict[str, Line]:
        """Run a playbook; what each role took."""
        times, trips = self.home / "times", self.home / "trips"
        trips.write_text("")
        env = os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_INVENTORY": str(self.home / "inventory"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callbacks")),
            "ANSIBLE_CALLBACKS_ENABLED": "role_times",
            "ANSIBLE_SSH_EXECUTABLE": str(self.home / "ssh"),
            "ANSIBLE_SFTP_EXECUTABLE": str(self.home / "sftp"),
            "DLBOX_ROLE_TIMES": str(times),
            "DLBOX_TRIPS": str(trips),
        }
        done = subprocess.run([PLAYBOOK, playbook, *flags], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{playbook} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        tasks = [json.loads(line) for line in times.read_text().splitlines()]
        return by_role(tasks, [float(line) for line in trips.read_text().split()])

    def empty(self, tasks: int) -> Path:
        """A playbook with so many tasks that do nothing."""
        play = {
            "hosts": "boxes",
            "gather_facts": False,
            "become": True,
            "tasks": [{"ansible.builtin.ping": {}}] * tasks,
        }
        file = self.home / "empty.yml"
        file.write_text(json.dumps([play]))
        return file


@contextmanager
def host() -> Iterator[Host]:
    """A machine, removed afterwards with what it left on this side."""
    with tempfile.TemporaryDirectory() as folder:
        one = Host(Path(folder))
        try:
            one.boot()
            yield one
        finally:
            subprocess.run(
                [sys.executable, MACHINE, "down", one.home / "machine"],
                env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
                check=True,
            )
            subprocess.run(["rm", "-rf", ROOT / f".dlbox/000000000000/bench/{BOX}"], check=True)


def show(title: str, lines: dict[str, Line]) -> None:
    """Print a line for each role, and their sum."""
    print(f"\n{title}\n{HEAD}")
    for role, line in (lines | {"all": total(lines)}).items():
        numbers = f"{line.tasks:>7}{line.skipped:>9}{line.changed:>9}{line.trips:>11}{line.seconds:>9.1f}"
        print(f"  {role:<18}{numbers}", flush=True)


def middle(runs: list[dict[str, Line]]) -> dict[str, Line]:
    """The first run's counts, with the median of the seconds."""
    return {
        role: line._replace(seconds=statistics.median(run[role].seconds for run in runs))
        for role, line in runs[0].items()
    }


def measure(rounds: int) -> None:
    """The tables; a rerun that changes something, or has too many tasks, is an error."""
    book = ROOT / "playbooks/configure.yml"
    with host() as box:
        lines = box.play(book, "--extra-vars", '{"base_first_run": false}')
        show("First run, one installation after the other, downloads in the cache", lines)
    with host() as box:
        show("First run, side by side", box.play(book))
        probe = total(box.play(book))
        if probe.changed:
            raise RuntimeError(f"A rerun changed {probe.changed} tasks.")
        if (run := probe.tasks - probe.skipped) > MOST_TASKS:
            raise RuntimeError(f"A rerun runs {run} tasks, and {MOST_TASKS} are the most.")
        empty = box.empty(run)
        reruns, empties = [], []
        for _ in range(rounds):
            reruns.append(box.play(book))
            empties.append(box.play(empty))
        lines, nothing = middle(reruns), total(middle(empties))
        show(f"Rerun with nothing to do, medians of {rounds}", lines)
        ratio = total(lines).seconds / nothing.seconds
        print(
            f"  {nothing.tasks} tasks that do nothing, over the same connection: {nothing.seconds:.1f} s, so {ratio:.2f}x"
        )


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"reruns ({ROUNDS})")
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
