"""The box's security group: SSH, the port range and extra ports, from the allowed networks and from nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import values
from .change import Call, Change, Ref
from .errors import Refused
from .names import BOX_TAG, Scope, lacking, scope, tag_list, tag_spec
from .rules import DESCRIPTION, Rule, asked_for, flatten, permission, spans
from .spec import COMMON_SPEC

SPEC = {
    **COMMON_SPEC,
    "allowed_cidrs": {"type": "list", "elements": "str", "default": ["auto"]},
    "address_source": {"type": "str", "default": "https://checkip.amazonaws.com"},
    "open_to_world": {"type": "bool", "default": False},
    "port_range": {"type": "str", "default": "8080-8089"},
    "extra_ports": {"type": "list", "elements": "str", "default": []},
    "closed_ports": {"type": "list", "elements": "str", "default": []},
    "instance_connect": {"type": "bool", "default": False},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
OWNS = ("groups",)
FRESH = ()


@dataclass(frozen=True)
class Want:
    """Ports and sources asked for; "auto" among the CIDRs stands for the caller's own address."""

    scope: Scope
    cidrs: tuple[str, ...]
    ports: tuple[tuple[int, int], ...]
    address_source: str
    open_to_world: bool
    instance_connect: bool
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses bad CIDRs and ports."""
    cidrs = tuple(
        text if text == "auto" else values.cidr("box_allowed_cidrs", text) for text in params["allowed_cidrs"]
    )
    if not cidrs:
        raise Refused("box_allowed_cidrs is empty, so nobody could reach the box: write auto for your own address")
    world = bool(params["open_to_world"])
    for text in cidrs:
        if values.is_wide(text) and not world:
            raise Refused(
                f"box_allowed_cidrs: {text} opens the box to the whole internet or much of it, where scanners find it within minutes: "
                "write auto, or set box_open_to_world: true to say that you mean it"
            )
    opened = spans(params["port_range"], params["extra_ports"], params["closed_ports"])
    state, connect = params.get("state") or "present", bool(params["instance_connect"])
    return Want(scope(params), cidrs, opened, params["address_source"], world, connect, state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads."""
    if want.state == "absent":
        return {"groups"}
    parts = {"groups"} | ({"caller_address"} if "auto" in want.cidrs else set())
    parts |= {"prefix_list"} if want.instance_connect else set()
    return parts | ({"subnets"} if seen.get("groups") == [] else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave exactly the wanted ingress rules on exactly one group."""
    if len(seen["groups"]) > 1:
        ids = ", ".join(group["GroupId"] for group in seen["groups"])
        raise Refused(
            f"several security groups are named {want.scope.prefix} ({ids}): delete those that the box does not use"
        )
    group = next(iter(seen["groups"]), None)
    if want.state == "absent":
        return _delete(want, group)
    wanted = asked_for(want, seen)
    if group is None:
        return _create(want, seen, wanted)
    present = {rule: text for permission in group["IpPermissions"] for rule, text in flatten(permission)}
    name, gid = f"security group {want.scope.prefix}", group["GroupId"]
    changes = []
    if missing := lacking(want.scope, group["Tags"]):
        calls = (Call("ec2", "create_tags", {"Resources": [gid], "Tags": tag_list(missing)}),)
        changes.append(Change("tag", name, "its tags differ", group["Tags"], {**group["Tags"], **missing}, calls=calls))
    if foreign := sorted(present.keys() - wanted):
        params = {"GroupId": gid, "IpPermissions": [permission(rule, None) for rule in foreign]}
        reason = "no setting asks for it"
        calls = (Call("ec2", "revoke_security_group_ingress", params),)
        changes.append(Change("close", name, reason, [str(rule) for rule in foreign], None, calls=calls))
    if closed := sorted(wanted - present.keys()):
        changes.append(_open(name, gid, closed, "box_allowed_cidrs and the ports ask for it"))
    if renamed := sorted(rule for rule in wanted & present.keys() if present[rule] != DESCRIPTION):
        params = {"GroupId": gid, "IpPermissions": [permission(rule) for rule in renamed]}
        calls = (Call("ec2", "update_security_group_rule_descriptions_ingress", params),)
        before = {str(rule): present[rule] for rule in renamed}
        changes.append(Change("describe", name, "the description differs", before, DESCRIPTION, calls=calls))
    return changes


def learned(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """A group that was just made: its name is unique, so nobody else made it."""
    if "GroupId" not in saved:
        return {}
    made = {"GroupId": saved["GroupId"], "VpcId": seen["subnets"][0]["VpcId"], "Tags": want.scope.tags}
    return {"groups": [{**made, "IpPermissions": [permission(rule) for rule in sorted(asked_for(want, seen))]}]}


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The group's name and, where it exists, id."""
    groups = seen.get("groups") or []
    known = groups[0]["GroupId"] if groups else None
    return {"group_name": want.scope.prefix, "group_id": saved.get("GroupId", known)}


def _create(want: Want, seen: dict[str, Any], wanted: set[Rule]) -> list[Change]:
    if not seen["subnets"]:
        raise Refused(
            f"{want.scope.region} has no default VPC: create one with `aws ec2 create-default-vpc`, then run the same command"
        )
    named = {"GroupName": want.scope.prefix, "Description": f"dlbox {want.scope.box}"}
    placed = {"VpcId": seen["subnets"][0]["VpcId"], "TagSpecifications": [tag_spec("security-group", want.scope.tags)]}
    name = f"security group {want.scope.prefix}"
    make = Call("ec2", "create_security_group", {**named, **placed}, {"GroupId": "GroupId"})
    created = Change("create", name, "there is none of this name", None, {"tags": want.scope.tags}, calls=(make,))
    return [created, _open(name, Ref("GroupId"), sorted(wanted), "box_allowed_cidrs and the ports ask for it")]


def _open(name: str, gid: Any, missing: list[Rule], reason: str) -> Change:
    params = {"GroupId": gid, "IpPermissions": [permission(rule) for rule in missing]}
    calls = (Call("ec2", "authorize_security_group_ingress", params),)
    return Change("open", name, reason, None, [str(rule) for rule in missing], calls=calls)


def _delete(want: Want, group: dict[str, Any] | None) -> list[Change]:
    if not group or group["Tags"].get(BOX_TAG) != want.scope.box:
        return []
    calls = (Call("ec2", "delete_security_group", {"GroupId": group["GroupId"]}),)
    name = f"security group {want.scope.prefix}"
    return [Change("delete", name, "the box is to be absent", group["Tags"], None, calls=calls)]
