"""What the GPUs need around them: kernel log, disks, shared memory. Facts in, findings out; nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import xids
from .check_gpu import AGAIN
from .finding import FAIL, PASS, SKIP, WARN, Finding

Facts = Mapping[str, Any]
GIB = 1 << 30
# An environment with torch takes 6 GiB and more; with less than the last one nothing can be installed or saved.
LITTLE, NOTHING = 10 * GIB, GIB
# torch's data loaders hand batches over in /dev/shm.
SHM = GIB


def xid(facts: Facts) -> Finding:
    """NVIDIA's error lines in this boot's kernel log."""
    log = facts["kernel_log"]
    if log.get("error"):
        return Finding("xid", SKIP, f"the kernel's log cannot be read: {log['error']}", "sudo dlbox-cuda-check")
    found = xids.numbers(log["lines"])
    if not found:
        return Finding("xid", PASS, "none in the kernel's log since the last boot")
    told = "; ".join(f"Xid {number}, {times} times: {xids.meaning(number)}" for number, times in sorted(found.items()))
    if set(found) & set(xids.HARDWARE):
        return Finding("xid", FAIL, told, AGAIN)
    if set(found) <= set(xids.PROGRAM):
        return Finding(
            "xid", WARN, told, "it names the program: journalctl -k | grep Xid; compute-sanitizer finds the line"
        )
    return Finding("xid", WARN, told, "sudo reboot, and watch whether it comes again")


def disk(one: Facts) -> Finding:
    """The space that is left on a file system."""
    free, says = one["free"], f"{one['free'] / GIB:.0f} of {one['total'] / GIB:.0f} GiB free"
    fix = "raise box_disk_gib and run site.yml (it grows at the next boot); conda clean --all frees some"
    status = PASS if free >= LITTLE else WARN if free >= NOTHING else FAIL
    return Finding("disk", status, says, "" if status == PASS else fix, one["path"])


def shm(facts: Facts) -> Finding:
    """The size of the shared memory."""
    size = facts["shm"]
    if not size:
        return Finding("shm", WARN, "/dev/shm is not mounted", "sudo mount -t tmpfs tmpfs /dev/shm")
    says = f"/dev/shm has {size / GIB:.1f} GiB"
    if size < SHM:
        return Finding(
            "shm", WARN, f"{says}: data loaders may die of a bus error", "sudo mount -o remount,size=50% /dev/shm"
        )
    return Finding("shm", PASS, says)


def store(facts: Facts) -> list[Finding]:
    """The instance store, which is fast and empty after each stop."""
    found = []
    for one in facts["stores"]:
        says = f"{one['bytes'] / GIB:.0f} GiB"
        if one["mounted"]:
            found.append(Finding("store", PASS, f"{says} at {one['mounted']}", "", one["device"]))
        else:
            fix = "on your own machine: ansible-playbook site.yml --tags storage; a stop empties it"
            found.append(Finding("store", WARN, f"{says} of instance store, not mounted", fix, one["device"]))
    return found or [Finding("store", SKIP, "this machine has no instance store")]


def check(facts: Facts) -> list[Finding]:
    """The findings about the machine."""
    log = [xid(facts)] if facts["devices"] else []
    return [*log, *map(disk, facts["disks"]), shm(facts), *store(facts)]
