"""What there is of a box's storage: disks, mounts, swap, folders and links. Changes nothing."""

from __future__ import annotations

import os
import pathlib
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.dlbox.places import NOTE
from ansible.module_utils.plan_storage import FSTAB, SWAP, SWAPPINESS
from ansible.module_utils.storage_disks import Disk, look, run
from ansible.module_utils.storage_scratch import IMAGES, PLACE, images_own, mend, scratch, stands, stripes

SECTOR = 512


def text(path: str) -> str | None:
    """A file's text, or None."""
    file = pathlib.Path(path)
    return file.read_text() if file.is_file() else None


def file_system_size(disk: Disk) -> int | None:
    """How many bytes an ext or XFS file system takes, from itself; None for any other."""
    kind = disk.held.get("TYPE", "")
    if kind == "xfs" and disk.mounts:
        # A mounted XFS tells a growth to its disk only later.
        found = re.search(r"data\s+=\s*bsize=(\d+)\s+blocks=(\d+)", run("xfs_info", disk.mounts[0]))
        return int(found[1]) * int(found[2]) if found else None
    if kind not in ("ext2", "ext3", "ext4", "xfs"):
        return None
    with pathlib.Path(disk.path).open("rb") as file:
        return written_size(kind, file.read(2048))


def written_size(kind: str, start: bytes) -> int:
    """The size that a file system's first block tells."""
    if kind == "xfs":
        return int.from_bytes(start[4:8], "big") * int.from_bytes(start[8:16], "big")
    block = start[1024:]
    low, high = (int.from_bytes(block[at : at + 4], "little") for at in (0x4, 0x150))
    wide = int.from_bytes(block[0x60:0x64], "little") & 0x80
    return (low + (high << 32 if wide else 0)) << (10 + int.from_bytes(block[0x18:0x1C], "little"))


def root(disks: Iterable[Disk]) -> dict[str, Any]:
    """The root disk and its partition, that one's number, and the bytes beyond it that no partition has."""
    disks = list(disks)
    part = next((disk for disk in disks if "/" in disk.mounts), None)
    whole = next((disk for disk in disks if part and part.path in disk.above), None)
    if part is None or whole is None or part.kind != "part":
        return {"root": (part, part) if part else None, "beyond": 0, "number": 0}

    def block(path: str, name: str) -> int:
        return int(pathlib.Path("/sys/class/block", path.rpartition("/")[2], name).read_text())

    ends = {path: block(path, "start") + block(path, "size") for path in whole.above}
    last = ends[part.path] == max(ends.values())
    beyond = whole.size - ends[part.path] * SECTOR if last else 0
    return {"root": (whole, part), "beyond": beyond, "number": block(part.path, "partition")}


def swap_file() -> dict[str, Any]:
    """The swap file: its size, 0 where there is none, -1 where swapon would not take it; and whether it is in use."""
    on = any(line.split()[0] == SWAP for line in pathlib.Path("/proc/swaps").read_text().splitlines())
    file = pathlib.Path(SWAP)
    if not file.exists():
        return {"bytes": 0, "on": on}
    with file.open("rb") as opened:
        opened.seek(4086)
        good = opened.read(10) == b"SWAPSPACE2" and file.stat().st_mode & 0o777 == 0o600
    return {"bytes": file.stat().st_size if good else -1, "on": on}


def link(path: str) -> tuple[str, str]:
    """What stands at a path of the home, and where a link leads."""
    place = pathlib.Path(path)
    if place.is_symlink():
        return "link", str(place.readlink())
    if not place.exists():
        return "none", ""
    return ("full" if not place.is_dir() or any(place.iterdir()) else "empty"), ""


def locked(path: str, user: str) -> list[str]:
    """A sentence where the user may not write in the data folder."""
    who = pwd.getpwnam(user)
    groups = os.getgrouplist(user, who.pw_gid)
    asked = ["test", "-w", path]
    if not subprocess.run(asked, user=who.pw_uid, group=who.pw_gid, extra_groups=groups, check=False).returncode:  # noqa: S603
        return []
    return [f"box_data_folder: {path} is not writable by {user}: `sudo chown {user} {path}`, or name another folder"]


def filled(path: str) -> bool:
    """Whether a mount would hide files there."""
    place = pathlib.Path(path)
    return place.exists() and (not place.is_dir() or any(place.iterdir()))


def others(paths: Iterable[str]) -> dict[str, str]:
    """Kinds by path of what is mounted there; what only mounts something when it is used is none yet."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    kinds = {fields[1]: fields[2] for fields in mounts}
    return {path: kinds[path] for path in paths if kinds.get(path, "autofs") != "autofs"}


def observe(want: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the plan reads."""
    disks, own, place = look(), images_own(), stands()
    fast, free, data = scratch(disks, own, stripes(), place), os.statvfs("/"), pathlib.Path(want["data"])
    names, paths = ([entry[key] for entry in want["volumes"]] for key in ("volume", "path"))
    return {
        "disks": disks,
        "images_own": own,
        "stripes": stripes(),
        "stands": place,
        "mend": mend(fast.at, want["user"]) if fast.at and not fast.verb else [],
        "scratch_places": (PLACE, IMAGES),
        "links": {name: str(pathlib.Path(name).resolve()) for name in names if name.startswith("/")},
        "filled": [path for path in paths if filled(path)],
        "others": others(paths),
        "sizes": {disk.path: file_system_size(disk) for disk in disks},
        "fstab": text(FSTAB) or "",
        **root(disks),
        "growpart": shutil.which("growpart") is not None,
        "free": free.f_bavail * free.f_frsize,
        "swap": swap_file(),
        "container": pathlib.Path("/run/systemd/container").exists(),
        "data": "dir" if data.is_dir() else "file" if os.path.lexists(data) else "none",
        "links_of_home": {path: link(path) for path in (f"{want['home']}/data", f"{want['home']}/scratch")},
        "files": {path: text(path) for path in (*want["files"], SWAPPINESS, NOTE)},
    }
