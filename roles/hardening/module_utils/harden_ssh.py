"""Asks sshd what it thinks of its configuration, and lets it read it without ending a session."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping

from ansible.module_utils.plan_hardening import addresses, otherwise

SSHD = "/usr/sbin/sshd"
STAYS = "The running sshd goes on with what it had read; a restart of it, or of the machine, could shut everybody out."


class Refused(Exception):
    """One sentence about what is in the way."""


def run(*command: str) -> str:
    """Run a command and return what it prints; its last line is why it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise Refused(f"`{' '.join(command)}` failed ({said}): correct that, then run this again.")
    return done.stdout


def ask(first: str = "") -> subprocess.CompletedProcess[str]:
    """What sshd makes of its files, with this text before them where there is one; it tests them first."""
    given = f"{first}\nInclude /etc/ssh/sshd_config\n" if first else None
    # A connection to judge by: without one sshd refuses any Match block on its ends.
    whose = "user=nobody,host=invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=22"
    command = [SSHD, "-T", "-C", whose, *(["-f", "/dev/stdin"] if given else [])]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)  # noqa: S603


def look(want: Mapping[str, str], first: str = "") -> None:
    """Refuse a configuration that sshd refuses, or that comes to something else than wanted."""
    done = ask(first)
    if done.returncode != 0:
        said = " ".join((done.stderr.strip() or "it said nothing").split())
        raise Refused(f"sshd refuses its configuration ({said}): correct that, then run this again. {STAYS}")
    if wrong := otherwise(done.stdout, want):
        raise Refused(
            f"sshd would still have {wrong}: another file sets that before /etc/ssh/sshd_config.d/00-dlbox.conf, or"
            " /etc/ssh/sshd_config does not include that folder first; take it out there, then run this again, or set"
            " box_hardening: false."
        )


def answers(where: Iterable[tuple[str, int]], seconds: float) -> bool:
    """Whether sshd greets at one of these addresses within this time."""
    until = time.monotonic() + seconds
    while True:
        for one in where:
            with contextlib.suppress(OSError), socket.create_connection(one, timeout=2) as connection:
                if connection.recv(4) == b"SSH-":
                    return True
        if time.monotonic() > until:
            return False
        time.sleep(0.1)


def reload() -> None:
    """Let sshd read its files; where it does not answer after that, start it anew, which ends no session either."""
    where = addresses(ask().stdout)
    for verb in ("reload", "restart"):
        # Whatever systemd makes of it, the answer counts.
        with contextlib.suppress(Refused):
            run("systemctl", verb, "ssh.service")
        if answers(where, seconds=10):
            return
    raise Refused(
        "sshd does not answer after it read its configuration: keep this connection open, and see `journalctl -u ssh` there."
    )
