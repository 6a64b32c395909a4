"""What AWS would refuse at a launch or a resize, refused before anything is created, with what would work."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from .errors import Refused
from .fit import live, retired, unsold


def check_type(want: Any, seen: dict[str, Any], kind: str) -> None:
    """Refuse a type that is retired, unknown, not sold as asked or not offered where a default subnet is."""
    check_known(want, seen, kind)
    if why := unsold(seen["types"][kind], want.spot):
        on_demand = want.spot and not unsold(seen["types"][kind], spot=False)
        other = "set box_spot: false, or another box_instance_type" if on_demand else live(kind)
        raise Refused(f"box_instance_type: {kind} cannot be had: {why}: {other}")
    if not seen["zones"].get(kind):
        raise Refused(
            f"box_instance_type: {kind} is not offered in {want.scope.region}: {live(kind)}, or another box_region"
        )
    if "subnets" in seen:
        subnets(want, seen, [kind])


def check_known(want: Any, seen: dict[str, Any], kind: str) -> None:
    """Refuse a type that is retired or that AWS does not know."""
    if retired(kind):
        raise Refused(f"box_instance_type: {kind} is retired, and today's drivers do not support its GPU: {live(kind)}")
    if kind not in seen["types"]:
        near = nearest(kind, seen)
        hint = f"set box_instance_type: {near}, if you mean that" if near else live(kind)
        raise Refused(f"box_instance_type: {want.scope.region} knows no {kind}: {hint}, or another box_region")


def unknown(want: Any, types: dict[str, Any]) -> list[str]:
    """The types named that the region does not know, and that were not always so."""
    return [kind for kind in want.wanted.types if kind not in types and not retired(kind)]


def nearest(kind: str, seen: dict[str, Any]) -> str:
    """The type of the region that was meant, "" where none is near."""
    return next(iter(get_close_matches(kind, seen.get("near", ()), n=1)), "")


def check_image(want: Any, image: dict[str, Any], kind: str, facts: dict[str, Any]) -> None:
    """Refuse an image that the type cannot boot, whose drivers are not for its GPU, or that the disk cannot hold."""
    if why := unbootable(image, facts):
        raise Refused(
            f"box_ami: {kind} {why}: set box_ami: pytorch to have the matching image found, or another box_instance_type"
        )
    if want.disk_gib < image["snapshot_gib"]:
        raise Refused(
            f"box_disk_gib: {want.disk_gib} is smaller than the {image['snapshot_gib']} GiB snapshot of {image['ami']}: "
            f"set box_disk_gib: {image['snapshot_gib']} or more"
        )


def unbootable(image: dict[str, Any], facts: dict[str, Any]) -> str:
    """Why a type cannot use an image, "" where it can."""
    if image["architecture"] not in facts["architectures"]:
        return f"is for {', '.join(facts['architectures'])} and {image['ami']} for {image['architecture']}"
    nvidia = any(word in image["name"].lower() for word in ("nvidia", "deep learning"))
    if nvidia and any(gpu["maker"] != "NVIDIA" for gpu in facts["gpus"]):
        return f"has a GPU of {facts['gpus'][0]['maker']} and {image['ami']} drivers for NVIDIA's alone"
    return ""


def subnets(want: Any, seen: dict[str, Any], kinds: list[str]) -> list[tuple[str, dict[str, str]]]:
    """(type, default subnet) of every place for these types, type by type and zone by zone; refuses where there is none."""
    if not seen["subnets"]:
        raise Refused(
            f"{want.scope.region} has no default subnet: create them with `aws ec2 create-default-vpc`, then run the same command"
        )
    places = [(kind, item) for kind in kinds for item in seen["subnets"] if item["Zone"] in seen["zones"][kind]]
    if not places:
        zones = seen["zones"][kinds[0]]
        raise Refused(
            f"box_instance_type: {kinds[0]} is offered in {', '.join(zones)}, where there is no default subnet: "
            f"create one with `aws ec2 create-default-subnet --availability-zone {zones[0]}`"
        )
    return places
