"""Names, tags and local paths of a box: the only place that spells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Refused

BOX_TAG = "dlbox:box"
GENERATION_TAG = "dlbox:generation"
CREATED_TAG = "dlbox:created"
# On the security group: the box was launched as Spot at some time, so a request of it may be open.
SPOT_TAG = "dlbox:spot"
# On the security group: "true" while the box has an alarm, so that a run without one need not look for it.
ALARM_TAG = "dlbox:alarm"
# The states of an instance that is not gone: what it has still bills.
LIVE = ("pending", "running", "stopping", "stopped")
# No AWS account has this id.
REHEARSAL_ACCOUNT = "000000000000"
_BOX = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True)
class Scope:
    """Which box, where: what every module is told."""

    box: str
    region: str
    profile: str = ""

    @property
    def prefix(self) -> str:
        """`dlbox-<region>-<box>`: the key pair, security group and schedule group; roles add one word to it."""
        return f"dlbox-{self.region}-{self.box}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags that everything of this box carries."""
        return {BOX_TAG: self.box, "Name": self.box}


def scope(params: Mapping[str, Any]) -> Scope:
    """The scope of a module call; refuses what AWS names or tags could not carry."""
    box, region = str(params["box"]), str(params["region"])
    if not _BOX.fullmatch(box):
        raise Refused(
            f"the box name {box[:40]!r} is not usable: take up to 32 of a-z, 0-9 and '-' (not first or last), "
            "as in inventory/boxes.yml: lab"
        )
    if not _REGION.fullmatch(region):
        raise Refused(f"box_region: {region[:40]!r} is not an AWS region; write it as in us-west-2")
    return Scope(box, region, str(params.get("profile") or ""))


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in EC2's list form."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_spec(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """EC2's TagSpecification: the tags come with the resource, in the same call."""
    return {"ResourceType": kind, "Tags": tag_list(tags)}


def lacking(scope: Scope, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of the box that are missing among these, or differ."""
    return {key: value for key, value in scope.tags.items() if tags.get(key) != value}


def own(scope: Scope, resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those observed resources whose tag is exactly the box's name."""
    return [item for item in resources if item["Tags"].get(BOX_TAG) == scope.box]


def tag_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """EC2's tag list as a dict."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def private_key_path(account: str, scope: Scope) -> str:
    """Where the private key lies: under ~/.ssh, so that cleaning the clone does not lose it."""
    return str(Path("~/.ssh").expanduser() / f"dlbox-{account}-{scope.region}-{scope.box}")
