"""The scratch folder on the box's instance store. Also what runs at each boot, as dlbox-scratch.service."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import sys
from collections.abc import Iterable
from typing import NamedTuple

from .storage_disks import Disk, look, run, taken, unused, wipe

STORE = "Amazon EC2 NVMe Instance Storage"
# Where the Deep Learning AMI mounts the instance store, and what does it.
IMAGES, IMAGES_UNIT = "/opt/dlami/nvme", "dlami-nvme.service"
PLACE, LABEL = "/scratch", "dlbox-scratch"
NOTE = """A stop of the box wipes this disk: the daily stop, the idle stop, yours. A reboot does not.
Keep here what can be had again: unpacked data sets, caches, checkpoints on their way to ~/data.
"""
# What keeps the instance store from being mounted there, and the way out.
IN_THE_WAY = {
    "files": "holds files that the instance store would hide, so it is not mounted: move them to another folder",
    "link": "is a link, so the instance store is not mounted there: remove the link",
}


class Scratch(NamedTuple):
    """Where the scratch folder is, what makes it, on which disks, and what people are told."""

    at: str = ""
    verb: str = ""
    disks: tuple[str, ...] = ()
    told: str = ""


def scratch(disks: Iterable[Disk], images_own: bool, stripes: bool, stands: str) -> Scratch:
    """What to do about the scratch folder; `images_own`: the image makes one itself; `stripes`: several disks may be one; `stands`: below."""
    disks = list(disks)
    store = [disk for disk in disks if disk.kind == "disk" and disk.model.strip() == STORE]
    mounts = {path for disk in disks for path in disk.mounts}
    if not store or IMAGES in mounts:
        return Scratch(IMAGES if store else "")
    if images_own:
        return Scratch(
            told=f"{IMAGES_UNIT} has not mounted the instance store: `systemctl status {IMAGES_UNIT}` says why"
        )
    ours = tuple(disk.path for disk in store if disk.held.get("LABEL") == LABEL)
    if ours and PLACE in mounts:
        return Scratch(PLACE, "", ours)
    # The user's own: another disk there, a mount of no disk, or a use of the instance store elsewhere.
    if stands == "mount" or PLACE in mounts or (not ours and any(disk.mounts or disk.above for disk in store)):
        return Scratch()
    if stands:
        return Scratch(told=f"{PLACE} {IN_THE_WAY[stands]}, then run `ansible-playbook site.yml --tags storage`")
    if ours:
        return Scratch(PLACE, "mount", ours)
    for disk in store:
        if why := taken(disk):
            return Scratch(
                told=f"the instance store {disk.path} {why}, so no {PLACE} is made of it: `{wipe(disk.path)}` empties it"
            )
    return Scratch(PLACE, "format", tuple(disk.path for disk in (store if stripes else store[:1])))


def images_own() -> bool:
    """Whether the image mounts the instance store itself."""
    return any(
        pathlib.Path(folder, IMAGES_UNIT).exists() for folder in ("/etc/systemd/system", "/usr/lib/systemd/system")
    )


def stands(place: str = PLACE) -> str:
    """What a mount there would hide or be hidden by: a mount, a link, or files; nothing for no folder, or an empty one."""
    folder = pathlib.Path(place)
    if folder.is_symlink():
        return "link"
    if folder.is_mount():
        return "mount"
    return "files" if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) else ""


def stripes() -> bool:
    """Whether several disks can be one here; Amazon Linux has no btrfs."""
    return shutil.which("mkfs.btrfs") is not None


def mend(at: str, user: str) -> list[str]:
    """What is missing of a mounted scratch folder: that the user may write there, and the note."""
    place, writer = pathlib.Path(at), pwd.getpwnam(user)
    status = place.stat()
    may_write = status.st_uid == writer.pw_uid or status.st_mode & 0o002
    return [*([] if may_write else ["owner"]), *([] if (place / "READ-ME.txt").exists() else ["note"])]


def make(one: Scratch, user: str) -> None:
    """Format it where that is planned, mount it, and give it to the user."""
    writer = pwd.getpwnam(user)
    if one.verb == "format":
        unused(one.disks)
        # One file system that stripes by itself: no layer of LVM or RAID below it that a boot would have to put together.
        several = ("mkfs.btrfs", "--quiet", "--data", "raid0", "--metadata", "raid0", "--label", LABEL)
        run(*(several if len(one.disks) > 1 else ("mkfs.ext4", "-q", "-m", "0", "-L", LABEL)), *one.disks)
    if one.verb:
        pathlib.Path(one.at).mkdir(exist_ok=True)
        others = [f"device={path}" for path in one.disks if len(one.disks) > 1]
        run("mount", "-o", ",".join(["noatime", *others]), one.disks[0], one.at)
    for part in mend(one.at, user):
        if part == "owner":
            os.chown(one.at, writer.pw_uid, writer.pw_gid)
        else:
            pathlib.Path(one.at, "READ-ME.txt").write_text(NOTE)
            os.chown(pathlib.Path(one.at, "READ-ME.txt"), writer.pw_uid, writer.pw_gid)


if __name__ == "__main__":
    decided = scratch(look(), images_own(), stripes(), stands())
    print(decided.told or f"scratch folder: {decided.at or 'none'} {decided.verb}".strip())
    if decided.at:
        make(decided, sys.argv[1])
