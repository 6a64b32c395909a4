"""What the fault tests share: what one sound box is, processes that end in the middle, and a clone to run Ansible in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlbox import aws, clients
from drift.provision import ROOT, Provision, Run
from rehearsal.testing import Server

READS = ("describe_", "get_", "list_")
# Everything that one box is on AWS; anything beyond it bills, or is in somebody's way.
ONE_BOX = {
    "instance": 1,
    "volume": 1,
    "network-interface": 1,
    "address": 1,
    "key-pair": 1,
    "security-group": 1,
    "role": 1,
    "schedule-group": 1,
    "schedule": 1,
}


def kinds(server: Server) -> dict[str, int]:
    """How many there are of each kind of resource, whoever's."""
    return dict(Counter(item["kind"] for item in server.inventory()))


def sound(provision: Provision, **settings: Any) -> None:
    """A rerun finishes the box, there is exactly one of everything, and another rerun is silent."""
    run = provision(**settings)
    assert run.said == ""
    assert kinds(provision.server) == ONE_BOX
    provision.server.forget_calls()
    again = provision(**settings)
    assert (again.said, again.changes) == ("", [])
    assert provision.server.calls(writes=True) == []


def is_sentence(text: str) -> bool:
    """One line that says something, and no traceback."""
    return bool(text) and "\n" not in text and "Traceback" not in text and len(text) < 800


def in_a_process(provision: Provision, work: Callable[[], Run]) -> int:
    """Start work in a process of its own, with clients of its own; its pid. Its exit status: 0, or 3 with a sentence, or 4."""
    pid = os.fork()
    if pid:
        return pid
    status = 4
    try:
        provision.clients.clear()
        clients.session.cache_clear()
        run = work()
        status = 0 if not run.said else 3 if is_sentence(run.said) else 4
    finally:
        os._exit(status)


def killed_before_write(provision: Provision, number: int, run: Callable[[], Run] | None = None) -> bool:
    """Run, provision unless told otherwise, in a process that dies of SIGKILL right before its write of this number; whether it came to that."""

    def work() -> Run:
        done, call = 0, aws.Aws.call

        def counted(self: aws.Aws, service: str, operation: str, /, *args: Any, **params: Any) -> Any:
            nonlocal done
            done += not operation.startswith(READS)
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(self, service, operation, *args, **params)

        aws.Aws.call = counted  # type: ignore[method-assign]
        return (run or provision)()

    _, status = os.waitpid(in_a_process(provision, work), 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@dataclass
class Clone:
    """A clone of the project with a home of its own, for real ansible-playbook runs."""

    home: Path
    env: dict[str, str]

    @property
    def root(self) -> Path:
        """The clone."""
        return self.home / "clone"

    def command(self, playbook: str, *more: str) -> list[str]:
        """The command line of a playbook."""
        return [str(Path(sys.executable).with_name("ansible-playbook")), f"playbooks/{playbook}", *more]

    def play(self, playbook: str, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end."""
        return subprocess.run(
            self.command(playbook, *more),
            cwd=self.root, env=self.env | env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self, playbook: str, *more: str) -> subprocess.Popen[bytes]:
        """Start a playbook in a process group of its own."""
        return subprocess.Popen(
            self.command(playbook, *more),
            cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


def clone(server: Server, home: Path) -> Clone:
    """The project as a user has it: what it writes beside itself stays out of this working tree."""
    made = Clone(home, {})
    made.root.mkdir(exist_ok=True)
    for name in ("playbooks", "inventory"):
        shutil.copytree(ROOT / name, made.root / name, symlinks=True)
    for name in ("library", "plugins", "roles", "group_vars", "host_vars"):
        (made.root / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "ansible.cfg", made.root)
    kept = {key: value for key, value in server.env.items() if not key.startswith("ANSIBLE_")}
    own = {"HOME": str(home), "ANSIBLE_HOME": str(home / "ansible"), "ANSIBLE_LOCAL_TEMP": str(home / "tmp")}
    made.env = kept | own
    return made
