"""The box's disks, and which of them are blank. Needs nothing but Python, as it also runs at each boot."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# How much of each end of a disk is read before it counts as blank.
EDGE = 1 << 20


class Disk(NamedTuple):
    """A block device: where it is mounted, what lies on it, and what blkid finds at its edges."""

    path: str
    kind: str = "disk"
    size: int = 0
    model: str = ""
    serial: str = ""
    mounts: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    held: Mapping[str, str] = {}
    zeros: bool = False


def taken(disk: Disk) -> str:
    """Why a disk must not be formatted; nothing where it is whole, unused and blank."""
    if disk.mounts:
        return f"is mounted at {disk.mounts[0]}"
    if disk.above:
        return f"holds {', '.join(disk.above)}"
    if disk.kind != "disk":
        return f"is not a whole disk ({disk.kind})"
    if disk.held:
        return f"holds {disk.held.get('TYPE') or disk.held.get('PTTYPE', 'something')}"
    return "" if disk.zeros else "holds bytes of a form that is not known here"


def wipe(path: str) -> str:
    """The line with which somebody empties a disk."""
    return f"sudo wipefs --all {path} && sudo blkdiscard --zeroout {path}"


def run(*command: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def probe(path: str) -> dict[str, str]:
    """What blkid finds on a device; several signatures at once count as one that is not known."""
    done = subprocess.run(["blkid", "-p", "-o", "export", path], capture_output=True, text=True, check=False)  # noqa: S603, S607
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    found.pop("DEVNAME", "")
    return found if done.returncode in (0, 2) else {"TYPE": "several file systems at once", **found}


def zeros(path: str, size: int) -> bool:
    """Whether the first and the last MiB are empty."""
    try:
        with pathlib.Path(path).open("rb") as file:
            first = file.read(EDGE)
            file.seek(max(0, size - EDGE))
            return not (first + file.read(EDGE)).strip(b"\0")
    except OSError:
        return False


def look() -> list[Disk]:
    """The block devices; only what may be blank is read."""
    columns = "NAME,PATH,TYPE,SIZE,MODEL,SERIAL,MOUNTPOINTS"
    found: dict[str, Disk] = {}

    def walk(node: dict[str, Any]) -> None:
        path, size, children = node["path"], int(node["size"] or 0), node.get("children", [])
        if not size or node["type"] in ("loop", "rom"):
            return
        mounts = tuple(place for place in node["mountpoints"] if place)
        held = {} if children else probe(path)
        empty = not (mounts or children or held) and zeros(path, size)
        names = (node["model"] or "", node["serial"] or "")
        found[path] = Disk(
            path, node["type"], size, *names, mounts, tuple(one["path"] for one in children), held, empty
        )
        for child in children:
            walk(child)

    for top in json.loads(run("lsblk", "--json", "--bytes", "--output", columns))["blockdevices"]:
        walk(top)
    return list(found.values())


def unused(paths: Iterable[str]) -> None:
    """Look once more at what is about to be formatted, and raise where it is not blank."""
    now = {disk.path: disk for disk in look()}
    for path in paths:
        if why := taken(now[path]):
            raise ValueError(f"{path} {why}: it is left as it is")
        # The kernel's own word: it gives a disk in use to nobody else.
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL))
