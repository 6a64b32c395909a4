"""Texts of the system, and what users write, as facts. Nothing here reads a file or a clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNITS = {"m": 60, "h": 3600}
LONGEST = 24 * 3600
# sshd's title for a user who is logged in: before that, and in its other processes, it ends in [priv], [net] and the like.
LOGGED_IN = re.compile(r"sshd(-session)?: [^\[]+$")


def host(address: str) -> str:
    """`10.0.0.1` of `10.0.0.1:22`, also inside IPv6."""
    return address.rpartition(":")[0].strip("[]").removeprefix("::ffff:")


def sockets(text: str) -> list[dict[str, Any]]:
    """The connections of `ss -HtinpO state established`: local, peer, pids and names of their processes, bytes."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 4:
            continue
        owners = re.findall(r'\("([^"]+)",pid=(\d+),', line)
        counts = re.findall(r"\bbytes_(?:acked|received):(\d+)", line)
        found.append(
            {
                "local": words[2],
                "peer": words[3],
                "names": {name for name, _ in owners},
                "pids": {int(pid) for _, pid in owners},
                "bytes": sum(map(int, counts)),
            }
        )
    return found


def connections(text: str, titles: Mapping[int, str], ports: set[int]) -> dict[str, dict[str, int]]:
    """Bytes of logged-in SSH connections, and of web pages on these ports that this machine itself connects to.

    A page that comes through an SSH tunnel is such a connection: sshd makes it, from this machine to this machine.
    """
    logged_in, pages = {}, {}
    for socket in sockets(text):
        key, inside = f"{socket['local']} {socket['peer']}", host(socket["local"]) == host(socket["peer"])
        if inside and int(socket["local"].rpartition(":")[2]) in ports:
            pages[key] = socket["bytes"]
        sshd = any(name.startswith("sshd") for name in socket["names"])
        if sshd and not inside and any(LOGGED_IN.match(titles.get(pid, "")) for pid in socket["pids"]):
            logged_in[key] = socket["bytes"]
    return {"connections": logged_in, "pages": pages}


def started(stat: str) -> int:
    """Clock ticks between the kernel's start and the process's, from its /proc/<pid>/stat."""
    # The command's name may hold spaces and brackets.
    return int(stat.rpartition(")")[2].split()[19])


def io_bytes(text: str) -> int:
    """What a process read and wrote, sockets and pipes included, from its /proc/<pid>/io."""
    return sum(int(value) for value in re.findall(r"^[rw]char: (\d+)$", text, re.MULTILINE))


def length(text: str) -> int:
    """Seconds from `90m` or `2h`, 0 from `off`; a ValueError with one sentence where it is another text."""
    found = re.fullmatch(r"([0-9]{1,4})([mh])", text)
    seconds = int(found[1]) * UNITS[found[2]] if found else 0
    if text != "off" and not 0 < seconds <= LONGEST:
        raise ValueError(f"dlbox keep: {text[:30]!r} is not a length of at most 24h: write it as in 90m or 2h, or off.")
    return seconds


def keep_left(note: Mapping[str, Any], boot: str, now: float, wall: float) -> float:
    """Seconds that a note of `dlbox keep` still holds: by the kernel's clock, after another boot by the wall clock."""
    left = note["until"] - now if note["boot"] == boot else note["wall"] - wall
    # A clock that was set back, or an edited file, must not hold the machine for days.
    return float(left) if 0 < left <= LONGEST else 0.0
