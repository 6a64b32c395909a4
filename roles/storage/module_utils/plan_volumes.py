"""What the volumes of the list need: disks and /etc/fstab in, changes and its lines out. Never touches a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.dlbox.change import Change
from ansible.module_utils.dlbox.errors import Refused
from ansible.module_utils.storage_disks import Disk, taken, wipe
from ansible.module_utils.storage_scratch import PLACE, STORE

# A mark that mount and systemd pass over: a line with it is this role's.
MARK = "x-dlbox"
# What a file system may leave unused at its disk's end.
SLACK = 32 << 20


class Volumes(NamedTuple):
    """What is done before and after /etc/fstab has its lines, what people are told, and the places not there today."""

    first: list[Change]
    lines: list[str]
    then: list[Change]
    told: list[str]
    away: list[str]


def lines_of(fstab: str) -> list[tuple[str, list[str]]]:
    """Each line of /etc/fstab with its fields; a comment has none."""
    return [(line, [] if line.lstrip().startswith("#") else line.split()) for line in fstab.splitlines()]


def ours(fields: Sequence[str]) -> bool:
    """Whether a line is this role's."""
    return len(fields) > 3 and MARK in fields[3].split(",")


def find(name: str, disks: Iterable[Disk], links: Mapping[str, str]) -> Disk | None:
    """The disk that a volume's id, a path below /dev, a label or a UUID means; `links`: where such paths lead."""
    kind, _, value = name.partition("=")
    for disk in disks:
        if kind in ("LABEL", "UUID") and value:
            if disk.held.get(kind) == value:
                return disk
        elif name.startswith("vol-"):
            if disk.kind == "disk" and disk.serial.replace("-", "") == name.replace("-", ""):
                return disk
        elif disk.path == links.get(name, name):
            return disk
    return None


def refusal(name: str, path: str, disk: Disk, disks: Iterable[Disk], seen: Mapping[str, Any]) -> str:
    """Why a volume can't be what the list says, with a way out; nothing where it can."""
    who = f"box_volumes: {name} ({disk.path})"
    if disk.model.strip() == STORE:
        return f"{who} is instance store, which a stop wipes: take it off the list, {PLACE} is made of it anyway"
    if "/" in disk.mounts or any("/" in one.mounts for one in disks if one.path in disk.above):
        return f"{who} is the box's root disk: name another volume"
    if other := next((one for one in disks if path in one.mounts and one.path != disk.path), None):
        return f"box_volumes: {path} is where {other.path} is mounted: choose another path for {name}"
    if path not in disk.mounts and (other := seen["others"].get(path)):
        return f"box_volumes: {path} is where another file system ({other}) is mounted: choose another path for {name}"
    if path not in disk.mounts and path in seen["filled"]:
        return f"box_volumes: {path} holds files that {name} would hide: choose an empty path"
    parts = [one for one in disks if one.path in disk.above and one.kind == "part"]
    if parts:
        uuid = next((f", as in UUID={one.held['UUID']}" for one in parts if "UUID" in one.held), "")
        return f"{who} is divided into {', '.join(disk.above)}: name the one that is meant{uuid}"
    if (disk.held.get("USAGE") != "filesystem" or "UUID" not in disk.held) and (why := taken(disk)):
        # What a format that was cut off leaves, too.
        unknown = disk.kind == "disk" and not (disk.mounts or disk.above or disk.held)
        how = f"if nothing on it is needed, `{wipe(disk.path)}` empties it" if unknown else "mount it by hand"
        return f"{who} {why}, which cannot be mounted, and is left as it is: {how}, or list another volume"
    return ""


def grown(disk: Disk, path: str, room: int, sizes: Mapping[str, int | None]) -> list[Change]:
    """The growth of a file system that has more room than it takes."""
    size = sizes.get(disk.path)
    if not size or room - size <= SLACK:
        return []
    after = {"type": disk.held.get("TYPE", ""), "at": path, "bytes": room}
    return [Change("grow", disk.path, "its disk is larger", {"bytes": size}, after)]


def plan(want: Mapping[str, Any], seen: Mapping[str, Any], new_uuid: Callable[[], str]) -> Volumes:
    """The changes, in order, with `want` as the module takes it and `seen` as storage_look finds it."""
    disks, told, away = seen["disks"], [], []
    formats, then, lines = list[Change](), list[Change](), list[str]()
    before = lines_of(seen["fstab"])
    theirs = {fields[1] for _, fields in before if len(fields) > 3 and not ours(fields)}
    used: dict[str, str] = {}
    # What is mounted in a volume comes after it.
    for entry in sorted(want["volumes"], key=lambda entry: entry["path"]):
        name, path = entry["volume"], entry["path"]
        disk = find(name, disks, seen["links"])
        if path in used or path == PLACE or (disk and disk.path in used.values()):
            raise Refused(
                f"box_volumes: {name} at {path} is in conflict with another entry or with {PLACE}: give each volume and each path one entry"
            )
        used[path] = disk.path if disk else ""
        above = next((place for place in away if path.startswith(f"{place}/")), "")
        if disk is None or (above and path not in disk.mounts):
            away.append(path)
            told.append(f"{path} waits for {above}" if disk else not_there(name, path, want["instance"]))
            lines += [line for line, fields in before if ours(fields) and fields[1] == path]
            continue
        if why := refusal(name, path, disk, disks, seen):
            raise Refused(why)
        uuid, kind = disk.held.get("UUID"), disk.held.get("TYPE", "ext4")
        if not disk.held:
            uuid = new_uuid()
            after = {"uuid": uuid, "path": path}
            formats.append(Change("format", disk.path, f"{name} is blank, and listed", None, after))
        if path not in theirs:
            options = f"defaults,nofail,x-systemd.device-timeout=30s,{MARK}"
            lines.append(f"UUID={uuid} {path} {kind} {options} 0 {2 if kind.startswith('ext') else 0}")
        if path not in disk.mounts:
            then.append(Change("mount", path, f"{name} is not mounted there", None, disk.path))
        then += grown(disk, path, disk.size, seen["sizes"])
    # Something else that is mounted there by now is not ours to unmount.
    mounted = {(f"UUID={disk.held.get('UUID')}", path) for disk in disks for path in disk.mounts}
    gone = {
        fields[1] for _, fields in before if ours(fields) and fields[1] not in used and tuple(fields[:2]) in mounted
    }
    reason = "it is not in box_volumes any more"
    unmounts = [Change("unmount", path, reason, "mounted", None) for path in sorted(gone, reverse=True)]
    return Volumes([*unmounts, *formats], lines, then, told, away)


def not_there(name: str, path: str, instance: str) -> str:
    """How to attach a volume."""
    attach = f"aws ec2 attach-volume --volume-id {name} --instance-id {instance} --device /dev/sdf"
    how = (
        f"`{attach}`, or Volumes, Actions, Attach volume in the EC2 console" if name.startswith("vol-") else "attach it"
    )
    return f"{name} is not attached, so {path} is not there: {how}, then run `ansible-playbook site.yml --tags storage`"
