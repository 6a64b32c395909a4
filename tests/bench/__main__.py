"""`make bench`: playbooks/provision.yml and the inventory beside plain boto3 scripts, the roles over SSH; ratios, and what they cost.

Every pair runs in turn (A B A B), so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.testing import Server, start_server

from . import configure, inventory, regions
from .timed import timed

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("ansible.cfg", "playbooks", "library", "plugins", "roles", "inventory", "group_vars", "host_vars")
LATENCY_MS = 80
SCRIPT, BOOK, PLAIN = "boto3 script", "provision.yml", "without the fast path"
HEAD = f"{'':<34}{'wall s':>8}{'ratio':>8}{'cpu s':>8}{'MB':>6}{'calls':>7}{'polls':>7}"


@dataclass
class Row:
    """What the runs of one command took."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    calls: int = 0
    polls: int = 0


class Bench:
    """A copy of the project with a home of its own, against one rehearsal."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server, self.home, self.tree = server, home, home / "tree"
        nothing = home / "nothing"
        for folder in (self.tree, nothing):
            folder.mkdir()
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, self.tree / part, symlinks=True)
            else:
                shutil.copy(ROOT / part, self.tree / part)
        kept = {name: value for name, value in server.env.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        self.env = kept | {"HOME": str(home), "ANSIBLE_HOME": str(home / "ansible")}
        book = [str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/provision.yml"]
        self.commands = {
            SCRIPT: ([sys.executable, str(ROOT / "tests/bench/script.py")], {}),
            BOOK: (book, {}),
            PLAIN: (book, {"ANSIBLE_ACTION_PLUGINS": str(nothing)}),
        }

    def run(self, name: str, row: Row | None = None) -> str:
        """Run a command once, and note in its row what it took; what it said."""
        command, more = self.commands[name]
        self.server.forget_calls()
        took, said = timed(command, self.env | more, self.tree)
        if row is not None:
            row.walls.append(took.wall)
            row.cpus.append(took.cpu)
            row.peaks.append(took.peak)
            calls = self.server.calls()
            row.polls = sum(
                call["action"] == "DescribeInstances" and "InstanceId" in str(call["params"]) for call in calls
            )
            row.calls = len(calls) - row.polls
        return said

    def empty(self) -> None:
        """An account and a home in which there is no box."""
        self.server.reset()
        self.server.post("knobs", {"transition_s": 0, "latency_ms": LATENCY_MS})
        shutil.rmtree(self.home / ".ssh", ignore_errors=True)
        shutil.rmtree(self.tree / ".dlbox", ignore_errors=True)

    def same_state(self) -> None:
        """Each finds nothing to do where the other has run: otherwise the ratio compares two different things."""
        for one, other in ((SCRIPT, BOOK), (BOOK, SCRIPT)):
            self.empty()
            self.run(one)
            said = self.run(other)
            if written := [call["action"] for call in self.server.calls(writes=True)]:
                raise RuntimeError(f"{other} changes what {one} made ({', '.join(written)}):\n{said}")

    def measure(self, names: list[str], rounds: int, first: bool) -> dict[str, Row]:
        """Rows of the commands, run in turn."""
        rows = {name: Row() for name in names}
        self.empty()
        self.run(BOOK)
        for number in range(rounds):
            for name, row in rows.items():
                if name == PLAIN and number:
                    continue  # Six times as slow, and only for comparison.
                if first:
                    self.empty()
                said = self.run(name, row)
                if not first and (changed := re.search(r"changed=[1-9]\d*", said)):
                    raise RuntimeError(f"{name} was to change nothing: {changed[0]}")
        return rows


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything that a measurement needs, removed afterwards."""
    with start_server(transition=0) as server, tempfile.TemporaryDirectory() as home:
        yield Bench(server, Path(home))


def show(title: str, rows: dict[str, Row], target: str) -> None:
    """Print the lines of one comparison; ratios are of medians."""
    print(f"\n{title}   (target: {target})\n{HEAD}")
    base = statistics.median(rows[SCRIPT].walls)
    for name, row in rows.items():
        wall, cpu = statistics.median(row.walls), statistics.median(row.cpus)
        numbers = f"{wall:>8.2f}{wall / base:>7.2f}x{cpu:>8.2f}{max(row.peaks):>6.0f}{row.calls:>7}{row.polls:>7}"
        print(f"  {name:<32}{numbers}", flush=True)


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (5)")
    parser.add_argument(
        "--only", choices=["noop", "first", "inventory", "regions", "configure"], help="one table alone"
    )
    parser.add_argument("--collections", default="", help="where amazon.aws is installed: runs the stock inventory too")
    given = parser.parse_args()
    print(f"{LATENCY_MS} ms per AWS call, medians of {given.rounds}; load {os.getloadavg()[0]:.1f}")
    if given.only in (None, "noop", "first"):
        with bench() as box:
            box.same_state()
            names = [SCRIPT, BOOK, PLAIN]
            if given.only != "first":
                show("No-op rerun", box.measure(names, given.rounds, False), "2.5x, 14 calls, 250 MB")
            if given.only != "noop":
                show("First run, waiting aside", box.measure(names, given.rounds, True), "2.5x, 30 calls, 250 MB")
    if given.only in (None, "inventory"):
        print("\nansible-inventory --list   (target: 1,000 instances in 2.5 s where the stock plugin takes 8.7 s)")
        for count in (10, 1000):
            inventory.measure(count, given.collections)
    if given.only in (None, "regions"):
        print("\nplaybooks/quota.yml   (target: seventeen regions in 2.0x the time of one)")
        regions.measure(given.rounds)
    if given.only in (None, "configure"):
        print(
            "\nplaybooks/configure.yml over SSH   (target: a rerun of at most 60 tasks, in 1.3x of as many that do nothing)"
        )
        configure.measure(given.rounds)


if __name__ == "__main__":
    main()
