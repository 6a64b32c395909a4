"""Reads what the machine itself tells: PCI bus, driver, kernel log, disks, shared memory."""

from __future__ import annotations

import os
import pathlib
import re
from typing import Any

from .ask import Silent, ask

DRIVER = pathlib.Path("/proc/driver/nvidia/version")
DEVICES = pathlib.Path("/sys/bus/pci/devices")
BLOCKS = pathlib.Path("/sys/block")
MOUNTS = pathlib.Path("/proc/self/mountinfo")
STRIPES = pathlib.Path("/sys/fs/btrfs")
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id")
NVIDIA_VENDOR = "0x10de"
# PCI's class of display controllers; NVIDIA's switches and sound devices have others.
DISPLAY = "0x03"
# As EC2's NVMe disks call themselves; a volume is "Amazon Elastic Block Store".
STORE = "Amazon EC2 NVMe Instance Storage"
SECTOR = 512


def kernel_driver(text: str) -> str:
    """The version of the loaded kernel module, from /proc/driver/nvidia/version."""
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?([0-9.]+)", text)
    return found[1] if found else ""


def devices() -> int:
    """How many NVIDIA GPUs are on the PCI bus, whether or not a driver knows them."""
    found = [path for path in DEVICES.glob("*") if (path / "vendor").read_text().strip() == NVIDIA_VENDOR]
    return sum((path / "class").read_text().startswith(DISPLAY) for path in found)


def kernel_log() -> dict[str, Any]:
    """NVIDIA's error lines of this boot."""
    try:
        text = ask(["journalctl", "--dmesg", "--boot", "--no-pager", "--quiet", "--output=short-iso"], 30)
    except Silent as silent:
        return {"error": str(silent)}
    if not text and os.getuid():
        return {"error": "it is root's"}
    return {"lines": [line for line in text.splitlines() if "NVRM: Xid" in line]}


def space(path: str) -> dict[str, Any]:
    """Bytes of a file system, and those free for users."""
    found = os.statvfs(path)
    return {"path": path, "total": found.f_frsize * found.f_blocks, "free": found.f_frsize * found.f_bavail}


def mounts() -> dict[str, str]:
    """Where each block device is mounted, by its number, as in 259:1."""
    lines = [line.split() for line in MOUNTS.read_text().splitlines()]
    return {words[2]: words[4] for words in reversed(lines)}


def striped() -> dict[str, str]:
    """Where each disk of a btrfs is mounted, by its name: the kernel tells of one for all of them."""
    ends = [line.partition(" - btrfs /dev/") for line in MOUNTS.read_text().splitlines()]
    places = {end.split()[0]: start.split()[4] for start, mark, end in ends if mark}
    found = {}
    for folder in STRIPES.glob("*/devices"):
        names = [path.name for path in folder.iterdir()]
        found.update({name: places[one] for name in names for one in names if one in places})
    return found


def stores() -> list[dict[str, Any]]:
    """The disks of the instance store, and where each is mounted: itself, a partition, or what lies on it (LVM, RAID, btrfs)."""
    found, mounted, stripes = [], mounts(), striped()
    for block in sorted(BLOCKS.glob("nvme*")):
        model = block / "device/model"
        if not model.exists() or model.read_text().strip() != STORE:
            continue
        parts = [block, *block.glob(f"{block.name}p*")]
        numbers = [one / "dev" for part in parts for one in (part, *(part / "holders").glob("*"))]
        places = [mounted[number] for number in (path.read_text().strip() for path in numbers) if number in mounted]
        size = int((block / "size").read_text()) * SECTOR
        found.append({"device": block.name, "bytes": size, "mounted": [*places, stripes.get(block.name, "")][0]})
    return found


def look() -> dict[str, Any]:
    """All of it; an instance store that is mounted counts as a disk too."""
    stored = stores()
    paths = ["/", *sorted({one["mounted"] for one in stored if one["mounted"]})]
    return {
        "kernel_driver": kernel_driver(DRIVER.read_text()) if DRIVER.exists() else "",
        "devices": devices(),
        "kernel_log": kernel_log(),
        "disks": [space(path) for path in paths],
        "shm": space("/dev/shm")["total"] if os.path.ismount("/dev/shm") else 0,  # noqa: S108
        "stores": stored,
        "boot": BOOT.read_text().strip(),
    }
