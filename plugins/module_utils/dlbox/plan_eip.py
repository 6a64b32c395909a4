"""The box's fixed address: one Elastic IP, kept over stop and start, never two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from .change import Call, Change, Ref
from .errors import Refused
from .names import CREATED_TAG, Scope, lacking, own, scope, tag_list, tag_spec
from .spec import COMMON_SPEC

SPEC = {**COMMON_SPEC, "state": {"type": "str", "default": "present", "choices": ["present", "absent"]}}
# The instance shows another public address then, which no later plan reads.
OWNS = ("addresses",)
FRESH = ("addresses",)
# AWS's price for any public IPv4 address, attached or idle, since 2024-02-01.
BILL = "+$0.005 per hour for the address, also while the box is stopped"


@dataclass(frozen=True)
class Want:
    """The address asked for."""

    scope: Scope
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for."""
    return Want(scope(params), params.get("state") or "present")


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads."""
    if want.state == "absent":
        return {"addresses"}
    return {"addresses", "instances"}


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave exactly one address, on the box's instance."""
    found = sorted(own(want.scope, seen["addresses"]), key=address_age)
    if want.state == "absent":
        return [_release(item, "the box is to be absent") for item in found]
    box = next(iter(seen["instances"]), None)
    keep = _kept(found, box)
    here = bool(keep and box and keep.get("InstanceId") == box["InstanceId"])
    extras = [item for item in found if item is not keep and "AssociationId" not in item]
    changes = [_release(item, "a second address would bill for nothing") for item in extras]
    if keep is None:
        # One whose tag was removed still bills.
        if left := next(
            (item for item in seen["addresses"] if box and item.get("InstanceId") == box["InstanceId"]), None
        ):
            _refuse_unnamed(want, left)
        changes.append(_allocate(want))
    elif missing := lacking(want.scope, keep["Tags"]):
        calls = (Call("ec2", "create_tags", {"Resources": [keep["AllocationId"]], "Tags": tag_list(missing)}),)
        after = {**keep["Tags"], **missing}
        changes.append(
            Change("tag", f"address {keep['PublicIp']}", "its tags differ", keep["Tags"], after, calls=calls)
        )
    if not here:
        changes.append(_associate(want, keep, box))
    return changes


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The address, where there is one."""
    box = next(iter(seen.get("instances") or []), None)
    known = _kept(sorted(own(want.scope, seen.get("addresses") or []), key=address_age), box) or {}
    return {
        "public_ip": saved.get("PublicIp", known.get("PublicIp")),
        "allocation_id": saved.get("AllocationId", known.get("AllocationId")),
    }


def address_age(address: dict[str, Any]) -> tuple[bool, str, str]:
    """Sort key of an observed address: in use first, then by creation tag; the allocation id decides a tie the same way everywhere."""
    created = address["Tags"].get(CREATED_TAG, "9")
    return ("AssociationId" not in address, created, address["AllocationId"])


def _kept(found: list[dict[str, Any]], box: dict[str, Any] | None) -> dict[str, Any] | None:
    """The address that stays: the one on the box, else the first by age."""
    here = [item for item in found if box and item.get("InstanceId") == box["InstanceId"]]
    return next(iter([*here, *found]), None)


def _refuse_unnamed(want: Want, address: dict[str, Any]) -> NoReturn:
    name, allocation = address["PublicIp"], address["AllocationId"]
    raise Refused(
        f"address {name} is on the box without the tag dlbox:box={want.scope.box}, and bills: put the tag back to keep it "
        f"(`aws ec2 create-tags --resources {allocation} --tags Key=dlbox:box,Value={want.scope.box}`), or take it off the box"
    )


def _allocate(want: Want) -> Change:
    params = {"Domain": "vpc", "TagSpecifications": [tag_spec("elastic-ip", want.scope.tags)]}
    calls = (Call("ec2", "allocate_address", params, {"AllocationId": "AllocationId", "PublicIp": "PublicIp"}),)
    return Change("allocate", f"address of {want.scope.box}", "the box has none", None, want.scope.tags, BILL, calls)


def _associate(want: Want, keep: dict[str, Any] | None, box: dict[str, Any] | None) -> Change:
    allocation = keep["AllocationId"] if keep else Ref("AllocationId")
    target = box["InstanceId"] if box else Ref("the box's instance")
    before, after = (
        keep.get("InstanceId") if keep else None,
        box["InstanceId"] if box else "the instance to be launched",
    )
    calls = (
        Call(
            "ec2", "associate_address", {"AllocationId": allocation, "InstanceId": target, "AllowReassociation": True}
        ),
    )
    return Change(
        "associate", f"address of {want.scope.box}", "the box is not at its address", before, after, calls=calls
    )


def _release(item: dict[str, Any], reason: str) -> Change:
    release = Call("ec2", "release_address", {"AllocationId": item["AllocationId"]})
    leave = (
        [Call("ec2", "disassociate_address", {"AssociationId": item["AssociationId"]})]
        if "AssociationId" in item
        else []
    )
    before = {"address": item["PublicIp"], "instance": item.get("InstanceId")}
    return Change("release", f"address {item['PublicIp']}", reason, before, None, "-$0.005 per hour", (*leave, release))
