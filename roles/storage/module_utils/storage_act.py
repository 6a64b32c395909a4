"""Makes one change of a box's storage; each returns a sentence where it could not be made and that harms nothing."""

from __future__ import annotations

import os
import pathlib
import pwd
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.dlbox.change import Change
from ansible.module_utils.plan_storage import FSTAB, SWAP, SWAPPINESS
from ansible.module_utils.storage_disks import run, unused
from ansible.module_utils.storage_scratch import Scratch, make

Want = Mapping[str, Any]
UNIT = "dlbox-scratch.service"


def widen(change: Change, want: Want) -> None:
    """Let the root partition take what its disk has."""
    run("growpart", change.after["disk"], str(change.after["number"]))


def grow(change: Change, want: Want) -> None:
    """Let a mounted file system take what its disk has."""
    run(*(("xfs_growfs", change.after["at"]) if change.after["type"] == "xfs" else ("resize2fs", change.thing)))


def make_file_system(change: Change, want: Want) -> None:
    """Format a disk that is still blank; the user owns what is in it."""
    unused([change.thing])
    user = pwd.getpwnam(want["user"])
    run("mkfs.ext4", "-q", "-U", change.after["uuid"], "-E", f"root_owner={user.pw_uid}:{user.pw_gid}", change.thing)


def mount(change: Change, want: Want) -> None:
    """Mount a volume by its line of /etc/fstab. Without the volume only root may write at its place."""
    pathlib.Path(change.thing).mkdir(parents=True, exist_ok=True)
    run("mount", change.thing)


def unmount(change: Change, want: Want) -> str:
    """Unmount what is not in use."""
    try:
        run("umount", change.thing)
    except subprocess.CalledProcessError:
        return f"{change.thing} is in use and stays mounted until the next boot"
    return ""


def scratch(change: Change, want: Want) -> None:
    """Make the scratch folder, or what is missing of it."""
    verb = change.verb.partition(" ")[0]
    disks = tuple(change.after) if verb != "mend" else ()
    make(Scratch(change.thing, "" if verb == "mend" else verb, disks), want["user"])


def write(change: Change, want: Want) -> None:
    """Write a file in one step, and tell those who read it."""
    file = pathlib.Path(change.thing)
    if file.parent.suffix == ".wants":
        run("systemctl", "enable", UNIT)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(change.after)
    new.chmod(0o644)
    new.replace(file)
    tell(file)


def tell(file: pathlib.Path) -> None:
    """Let systemd and the kernel read what changed; a container's kernel is its host's."""
    if str(file) == FSTAB or file.parent == pathlib.Path("/etc/systemd/system"):
        run("systemctl", "daemon-reload")
    if str(file) == SWAPPINESS and file.exists() and not pathlib.Path("/run/systemd/container").exists():
        run("sysctl", "--load", str(file))


def erase(change: Change, want: Want) -> None:
    """Remove a file or a link."""
    pathlib.Path(change.thing).unlink()
    tell(pathlib.Path(change.thing))


def folder(change: Change, want: Want) -> None:
    """Make a folder with those above it; what is made is the user's."""
    user, place = pwd.getpwnam(want["user"]), pathlib.Path(change.thing)
    for one in reversed([place, *place.parents]):
        if not one.exists():
            one.mkdir(mode=0o755)
            os.chown(one, user.pw_uid, user.pw_gid)


def link(change: Change, want: Want) -> None:
    """Set a link of the home; what it replaces is a link or an empty folder."""
    user, place = pwd.getpwnam(want["user"]), pathlib.Path(change.thing)
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        place.rmdir()
    place.symlink_to(change.after)
    os.chown(place, user.pw_uid, user.pw_gid, follow_symlinks=False)


def remove_swap(change: Change, want: Want) -> None:
    """Take the swap file out of use and away."""
    if any(line.startswith(f"{SWAP} ") for line in pathlib.Path("/proc/swaps").read_text().splitlines()):
        run("swapoff", SWAP)
    pathlib.Path(SWAP).unlink(missing_ok=True)


def create_swap(change: Change, want: Want) -> None:
    """Make the swap file anew and use it; a container can use none of its own."""
    remove_swap(change, want)
    size, file = change.after["bytes"], pathlib.Path(SWAP)
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if run("stat", "--file-system", "--format=%T", "/").startswith("ext"):
            run("fallocate", "--length", str(size), SWAP)
        else:
            # What fallocate leaves on other file systems has holes in swapon's eyes.
            run("dd", "if=/dev/zero", f"of={SWAP}", "bs=1M", f"count={size >> 20}", "status=none")
        run("mkswap", SWAP)
        if not pathlib.Path("/run/systemd/container").exists():
            run("swapon", SWAP)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


ACTS: dict[str, Callable[[Change, Want], str | None]] = {
    "widen": widen, "grow": grow, "format": make_file_system, "mount": mount, "unmount": unmount, "write": write, "erase": erase,
    "make": folder, "link": link, "create": create_swap, "remove": remove_swap, "use": lambda change, want: run("swapon", SWAP) and None,
    "format scratch": scratch, "mount scratch": scratch, "mend scratch": scratch,
}  # fmt: skip
