"""From instances to inventory hosts: pure, so that a test is one equality."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .names import BOX_TAG, REHEARSAL_ACCOUNT, Scope, private_key_path

_REACHABLE = ("pending", "running")

Instance = dict[str, str]


@dataclass(frozen=True)
class Place:
    """Where boxes are looked for: one DescribeInstances each."""

    region: str
    profile: str


@dataclass(frozen=True)
class Box:
    """A declared box: where it is looked for, and in which account alone if the user said so."""

    name: str
    place: Place
    account: str = ""

    def is_(self, seen: Instance) -> bool:
        """Whether an instance is this box: its tag is exactly the name."""
        # box_account is about real accounts, as dlbox_preflight sees it too.
        mine = seen["account"] == REHEARSAL_ACCOUNT or self.account in ("", seen["account"])
        return seen["box"] == self.name and mine


def assign(
    declared: Iterable[Box], found: Mapping[Place, Iterable[Instance]]
) -> tuple[dict[str, Instance], dict[str, Instance], list[str]]:
    """Which instance is which declared box, which instances are nobody's (by id), and what to warn of."""
    boxes: dict[str, Instance] = {}
    warnings = []
    for box in declared:
        mine = sorted(filter(box.is_, found[box.place]), key=age)
        if mine:
            boxes[box.name] = mine[0]
        if others := ", ".join(seen["id"] for seen in mine[1:]):
            warnings.append(
                f"box {box.name} has {len(mine)} instances in {box.place.region}: {mine[0]['id']} is taken as the box; "
                f"{others} bills too and is listed under `undeclared`: terminate it, or change its tag {BOX_TAG}"
            )
    taken = {seen["id"] for seen in boxes.values()}
    others_by_id = {seen["id"]: seen for place in found.values() for seen in place if seen["id"] not in taken}
    return boxes, others_by_id, warnings


def age(seen: Instance) -> tuple[bool, str, str]:
    """Sort key: running first, then the oldest; the id decides a tie the same way everywhere."""
    return (seen["state"] != "running", seen["since"], seen["id"])


def box_vars(seen: Instance, name: str, root: Path, rehearsal: bool) -> dict[str, Any]:
    """The host variables of a declared box: plain strings, never templates."""
    scope = Scope(name, seen["region"])
    known_hosts = root / ".dlbox" / seen["account"] / seen["region"] / name / "known_hosts"
    options = {
        "HostKeyAlias": seen["id"],
        "UserKnownHostsFile": ssh_path(known_hosts),
        "StrictHostKeyChecking": "accept-new",
        "IdentitiesOnly": "yes",
    }
    return {
        **({"ansible_host": seen["ip"]} if seen["ip"] and seen["state"] in _REACHABLE else {}),
        "ansible_user": "ubuntu",
        "ansible_ssh_private_key_file": private_key_path(seen["account"], scope),
        "ansible_ssh_common_args": " ".join(shlex.join(["-o", f"{key}={value}"]) for key, value in options.items()),
        "dlbox_instance_id": seen["id"],
        "dlbox_account": seen["account"],
        "dlbox_rehearsal": rehearsal,
        **_common(seen),
    }


def other_vars(seen: Instance) -> dict[str, str]:
    """The host variables of an instance that no box declares: enough to recognise it, nothing to connect with."""
    return _common(seen)


def groups(seen: Instance) -> list[str]:
    """The groups of an instance; only values of AWS's own alphabet, made safe."""
    named = {"state": seen["state"], "type": seen["type"], "region": seen["region"]}
    return [re.sub(r"\W", "_", f"{kind}_{value}", flags=re.ASCII) for kind, value in named.items()]


def ssh_path(path: Path) -> str:
    """A path as ssh_config wants it: `%` starts a token, and a blank ends it outside quotes."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if re.search(r"\s", text) else text


def _common(seen: Instance) -> dict[str, str]:
    kept = {"dlbox_state": seen["state"], "dlbox_instance_type": seen["type"], "dlbox_region": seen["region"]}
    return {**kept, **({"dlbox_public_ip": seen["ip"]} if seen["ip"] else {})}
