"""What a box's storage needs: facts in, changes out, in the order in which they are made. Never touches a disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils import plan_volumes
from ansible.module_utils.dlbox.change import Change
from ansible.module_utils.dlbox.errors import Refused
from ansible.module_utils.dlbox.places import NOTE, text
from ansible.module_utils.plan_folders import data_folder, links
from ansible.module_utils.storage_scratch import scratch

SWAP, FSTAB, SWAPPINESS = "/dlbox.swap", "/etc/fstab", "/etc/sysctl.d/60-dlbox-swap.conf"
# Swap is for what would otherwise be killed, not for what was not used for a minute.
SYSCTL = "vm.swappiness = 10\n"
GIB = 1 << 30
# Left free beside a swap file.
ROOM = 1 * GIB


class Plan(NamedTuple):
    """The changes, what people are told, where the scratch folder is, and the data folder, where it will be there."""

    changes: list[Change]
    told: list[str]
    scratch: str
    data: str


def root(seen: Mapping[str, Any]) -> tuple[list[Change], int]:
    """The growth of the root disk's partition and file system, and by how many bytes the latter grows."""
    disk, part = seen["root"] or (None, None)
    if part is None:
        return [], 0
    changes, room = [], part.size
    if seen["beyond"] > plan_volumes.SLACK and seen["growpart"]:
        room += seen["beyond"]
        after = {"disk": disk.path, "number": seen["number"]}
        changes.append(Change("widen", part.path, "its disk is larger", {"bytes": part.size}, after))
    growth = plan_volumes.grown(part, "/", room, seen["sizes"])
    return [*changes, *growth], (room - seen["sizes"][part.path] if growth else 0)


def swap(gib: int, seen: Mapping[str, Any], grows: int) -> tuple[list[Change], list[str]]:
    """What makes the swap file exactly that large, and its line of /etc/fstab; `have` is 0 for none, -1 for a broken one."""
    want, have = gib * GIB, seen["swap"]["bytes"]
    if not want:
        gone = Change("remove", SWAP, "box_swap_gib is 0", {"bytes": have}, None)
        return ([gone] if have else []), []
    lines = [f"{SWAP} none swap sw,nofail,{plan_volumes.MARK} 0 0"]
    if have != want:
        lacks = want + ROOM - seen["free"] - max(have, 0) - grows
        if lacks > 0:
            raise Refused(
                f"box_swap_gib: {gib} GiB of swap, and 1 GiB left free, lack {lacks / GIB:.1f} GiB on the root disk: free so much, "
                "raise box_disk_gib, or take less swap"
            )
        reason = "there is none" if not have else "it has another size" if have > 0 else "it is not what swapon takes"
        return [Change("create", SWAP, reason, {"bytes": max(have, 0)}, {"bytes": want})], lines
    if not seen["swap"]["on"] and not seen["container"]:
        return [Change("use", SWAP, "it is not in use", None, SWAP)], lines
    return [], lines


def fstab(text: str, lines: list[str]) -> list[Change]:
    """The lines of this role in /etc/fstab; all others stay as they are."""
    parts = plan_volumes.lines_of(text)
    if [line for line, fields in parts if plan_volumes.ours(fields)] == lines:
        return []
    others = [line for line, fields in parts if not plan_volumes.ours(fields)]
    after = "".join(f"{line}\n" for line in [*others, *lines])
    return [Change("write", FSTAB, "box_volumes and box_swap_gib say so", text, after)]


def files(wanted: Mapping[str, str], now: Mapping[str, str | None], needed: bool, reason: str) -> list[Change]:
    """Files that are there with this content, or not at all."""
    changes = []
    for path, content in wanted.items():
        want = content if needed else None
        if now.get(path) != want:
            changes.append(Change("write" if needed else "erase", path, reason, now.get(path), want))
    return changes


def plan(want: Mapping[str, Any], seen: Mapping[str, Any], new_uuid: Callable[[], str]) -> Plan:
    """All changes in order: the root disk, volumes, the scratch folder, the data folder, swap."""
    volumes = plan_volumes.plan(want, seen, new_uuid)
    widened, grows = root(seen)
    swapped, swap_lines = swap(want["swap_gib"], seen, grows)
    fast = scratch(seen["disks"], seen["images_own"], seen["stripes"], seen["stands"])
    reason = "the instance store is blank" if fast.verb == "format" else "it is not mounted"
    made = [Change(f"{fast.verb} scratch", fast.at, reason, None, list(fast.disks))] if fast.verb else []
    mended = [Change("mend scratch", fast.at, "it lacks that", None, part) for part in seen["mend"]]
    off = [change.thing for change in volumes.first if change.verb == "unmount"]
    linked, links_told = links(want["home"], want["data"], fast.at, bool(fast.told), seen)
    folder, data_told = data_folder(want, seen, volumes.away, off)
    program = files(want["files"], seen["files"], bool(fast.at or fast.told), "a stop wipes the instance store")
    sysctl = files({SWAPPINESS: SYSCTL}, seen["files"], bool(want["swap_gib"]), "box_swap_gib says so")
    # For the roles whose folders may lie there.
    paths = [entry["path"] for entry in want["volumes"]]
    noted = files({NOTE: text(paths)}, seen["files"], bool(paths), "box_volumes says so")
    lines = fstab(seen["fstab"], [*volumes.lines, *swap_lines])
    changes = [
        *widened,
        *volumes.first,
        *sysctl,
        *swapped,
        *lines,
        *noted,
        *volumes.then,
        *program,
        *made,
        *mended,
        *folder,
        *linked,
    ]
    told = [*volumes.told, *([fast.told] if fast.told else []), *data_told, *links_told]
    return Plan(changes, told, fast.at, "" if data_told else want["data"])
