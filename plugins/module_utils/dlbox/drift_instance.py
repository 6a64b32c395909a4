"""What can drift on a box that stands, one function each: type, disk, metadata service, shutdown, groups, tags."""

from __future__ import annotations

from typing import Any

from .change import Call, Change
from .choose import choose, kept
from .errors import Refused
from .launch_checks import unbootable
from .names import lacking, tag_list


def drift(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> list[Change]:
    """Every difference but the running state."""
    found = (
        _tags(want, box),
        _groups(seen, box),
        _metadata(box),
        _shutdown(seen, box),
        _disk(want, seen, box),
        _resize(want, seen, box),
    )
    return [item for item in found if item]


def _tags(want: Any, box: dict[str, Any]) -> Change | None:
    missing = lacking(want.scope, box["Tags"])
    if not missing:
        return None
    calls = (Call("ec2", "create_tags", {"Resources": [box["InstanceId"]], "Tags": tag_list(missing)}),)
    return Change("tag", _thing(box), "its tags differ", box["Tags"], {**box["Tags"], **missing}, calls=calls)


def _groups(seen: dict[str, Any], box: dict[str, Any]) -> Change | None:
    wanted = [group["GroupId"] for group in seen["groups"]]
    if not wanted or box["Groups"] == wanted:
        return None
    call = Call("ec2", "modify_instance_attribute", {"InstanceId": box["InstanceId"], "Groups": wanted})
    return Change(
        "update", _thing(box), "it is not in the box's security group alone", box["Groups"], wanted, calls=(call,)
    )


def _metadata(box: dict[str, Any]) -> Change | None:
    here = box.get("MetadataOptions", {}).get("HttpTokens")
    if here == "required":
        return None
    params = {"InstanceId": box["InstanceId"], "HttpTokens": "required", "HttpEndpoint": "enabled"}
    call = Call("ec2", "modify_instance_metadata_options", params)
    return Change(
        "update", _thing(box), "its metadata service answers without a token (IMDSv1)", here, "required", calls=(call,)
    )


def _shutdown(seen: dict[str, Any], box: dict[str, Any]) -> Change | None:
    here = seen["shutdown_behavior"]
    if here == "stop":
        return None
    params = {"InstanceId": box["InstanceId"], "InstanceInitiatedShutdownBehavior": {"Value": "stop"}}
    call = Call("ec2", "modify_instance_attribute", params)
    return Change("update", _thing(box), "a shutdown from within would lose the disk", here, "stop", calls=(call,))


def _disk(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> Change | None:
    device = box.get("RootDeviceName")
    root = next((item for item in seen["volumes"] if device in (at["Device"] for at in item["Attachments"])), None)
    if root is None or root["Size"] == want.disk_gib:
        return None
    if root["Size"] > want.disk_gib:
        raise Refused(
            f"box_disk_gib: the disk of {box['InstanceId']} has {root['Size']} GiB and cannot shrink to {want.disk_gib}: "
            f"set box_disk_gib: {root['Size']}"
        )
    call = Call("ec2", "modify_volume", {"VolumeId": root["VolumeId"], "Size": want.disk_gib})
    bill = f"+{want.disk_gib - root['Size']} GiB gp3 by the month"
    return Change(
        "grow", f"disk {root['VolumeId']}", "box_disk_gib is larger", root["Size"], want.disk_gib, bill, (call,)
    )


def _resize(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> Change | None:
    here, zone = box["InstanceType"], box["Zone"]
    if kept(want, seen):
        return None
    if box.get("InstanceLifecycle") == "spot":
        raise Refused(
            f"box_instance_type: {box['InstanceId']} is a Spot instance, which keeps its type: set box_instance_type: {here}, "
            "or save what is on its disk, destroy it, and run this again"
        )
    types, image = choose(want, seen).types, seen["own_image"]
    misfits = {item: why for item in types if image and (why := unbootable(image, seen["types"][item]))}
    # Its disk lies in one zone, and holds the drivers of its image.
    kind = next((item for item in types if zone in seen["zones"][item] and item not in misfits), types[0])
    if box["State"] != "stopped":
        raise Refused(
            f"box_instance_type: {box['InstanceId']} is {here} and {box['State']}, and a type changes only while the box is stopped: "
            f"run playbooks/stop.yml, then this command, or set box_instance_type: {here}"
        )
    built_for = seen["types"][kind]["architectures"]
    if box.get("Architecture", "x86_64") not in built_for:
        raise Refused(
            f"box_instance_type: {kind} is for {', '.join(built_for)} and this box's disk for {box['Architecture']}: "
            "set a type of the same architecture, or make another box"
        )
    if kind in misfits:
        raise Refused(
            f"box_instance_type: {kind} {misfits[kind]}: set a type whose GPUs are NVIDIA's, or make another box with box_ami: ubuntu"
        )
    if zone not in seen["zones"][kind]:
        raise Refused(
            f"box_instance_type: {kind} is not offered in {zone}, where this box's disk is "
            f"(it is in {', '.join(seen['zones'][kind])}): set a type that is"
        )
    params = {"InstanceId": box["InstanceId"], "InstanceType": {"Value": kind}}
    call = Call("ec2", "modify_instance_attribute", params)
    reason, bill = "box_instance_type differs", "the price per hour changes"
    return Change("resize", _thing(box), reason, here, kind, bill, (call,))


def _thing(box: dict[str, Any]) -> str:
    return f"instance {box['InstanceId']}"
