"""The launch: refuse what AWS would refuse, before anything is created; then one RunInstances with everything in it."""

from __future__ import annotations

from typing import Any

from .change import Call, Change, Ref
from .errors import Refused
from .names import BOX_TAG, GENERATION_TAG, tag_list, tag_spec
from .power import wait

# Gone from AWS, or without a driver in today's Deep Learning AMIs (p2 left AWS's own instance data in 2025-03, p3 by 2026-05), and what replaces them.
RETIRED = {"p2": "g4dn.xlarge", "p3": "g5.xlarge", "g2": "g4dn.xlarge", "g3": "g4dn.xlarge", "g3s": "g4dn.xlarge"}


def launch(want: Any, seen: dict[str, Any]) -> list[Change]:
    """The one change that creates the instance."""
    lost = [item["InstanceId"] for item in seen["strays"] if item["Tags"].get(BOX_TAG) != want.scope.box]
    if lost:
        raise Refused(
            f"{lost[0]} is in this box's security group without the tag dlbox:box={want.scope.box}, and bills: put the tag back to keep it "
            f"(`aws ec2 create-tags --resources {lost[0]} --tags Key=dlbox:box,Value={want.scope.box}`), or terminate it"
        )
    check_type(want, seen)
    check_image(want, seen["image"], seen["type_facts"])
    image, subnet, number = seen["image"], _subnets(want, seen)[0], generation(seen)
    params = {
        "ImageId": image["ami"],
        "InstanceType": want.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": want.scope.prefix,
        "SubnetId": subnet["SubnetId"],
        "SecurityGroupIds": [seen["groups"][0]["GroupId"] if seen["groups"] else Ref("the security group")],
        "InstanceInitiatedShutdownBehavior": "stop",
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
        "BlockDeviceMappings": [
            {
                "DeviceName": image["root_device"],
                "Ebs": {
                    "VolumeSize": want.disk_gib,
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [
            tag_spec("instance", {**want.scope.tags, GENERATION_TAG: str(number)}),
            tag_spec("volume", want.scope.tags),
        ],
    }
    after = {
        "type": want.instance_type,
        "ami": image["ami"],
        "image": image["name"],
        "zone": subnet["Zone"],
        "disk_gib": want.disk_gib,
    }
    run = Call("ec2", "run_instances", params, {"InstanceId": "Instances.0.InstanceId"})
    bill = f"+{want.instance_type} by the second, +{want.disk_gib} GiB gp3 by the month"
    return [
        Change(
            "launch",
            f"instance {want.scope.box}",
            "no live instance carries the box's tag",
            None,
            after,
            bill,
            (*_note(seen, number), run, wait(Ref("InstanceId"), "running")),
        )
    ]


def generation(seen: dict[str, Any]) -> int:
    """The number in the launch's token: the group's, or the one after that of the last dead instance."""
    return max(_noted(seen), int(seen["spent"]) + 1)


def _noted(seen: dict[str, Any]) -> int:
    return int(seen["groups"][0]["Tags"].get(GENERATION_TAG, "1")) if seen["groups"] else 1


def _note(seen: dict[str, Any], number: int) -> tuple[Call, ...]:
    """The group keeps the number, because dead instances are forgotten."""
    if number == _noted(seen):
        return ()
    tags = tag_list({GENERATION_TAG: str(number)})
    return (Call("ec2", "create_tags", {"Resources": [seen["groups"][0]["GroupId"]], "Tags": tags}),)


def check_type(want: Any, seen: dict[str, Any]) -> None:
    """Refuse a type that is retired, unknown or not offered where a default subnet is."""
    check_known(want, seen)
    if not seen["zones"]:
        raise Refused(
            f"box_instance_type: {want.instance_type} is not offered in {want.scope.region}: {_live(want)}, or another box_region"
        )
    if "subnets" in seen:
        _subnets(want, seen)


def check_known(want: Any, seen: dict[str, Any]) -> None:
    """Refuse a type that is retired or that AWS does not know."""
    if want.instance_type.split(".")[0] in RETIRED:
        raise Refused(
            f"box_instance_type: {want.instance_type} is retired, and today's drivers do not support its GPU: {_live(want)}"
        )
    if seen["type_facts"] is None:
        raise Refused(f"box_instance_type: {want.scope.region} knows no {want.instance_type}: {_live(want)}")


def check_image(want: Any, image: dict[str, Any], facts: dict[str, Any]) -> None:
    """Refuse an image that the type cannot boot or the disk cannot hold."""
    if image["architecture"] not in facts["architectures"]:
        raise Refused(
            f"box_ami: {image['ami']} is for {image['architecture']} and {want.instance_type} for {', '.join(facts['architectures'])}: "
            "set box_ami: pytorch to have the matching image found, or another type"
        )
    if want.disk_gib < image["snapshot_gib"]:
        raise Refused(
            f"box_disk_gib: {want.disk_gib} is smaller than the {image['snapshot_gib']} GiB snapshot of {image['ami']}: "
            f"set box_disk_gib: {image['snapshot_gib']} or more"
        )


def _live(want: Any) -> str:
    live = RETIRED.get(want.instance_type.split(".")[0], "g4dn.xlarge")
    return f"set box_instance_type: {live} (or g5.xlarge, g6.xlarge)"


def _subnets(want: Any, seen: dict[str, Any]) -> list[dict[str, str]]:
    if not seen["subnets"]:
        raise Refused(
            f"{want.scope.region} has no default subnet: create them with `aws ec2 create-default-vpc`, then run the same command"
        )
    fitting = [item for item in seen["subnets"] if item["Zone"] in seen["zones"]]
    if not fitting:
        raise Refused(
            f"box_instance_type: {want.instance_type} is offered in {', '.join(seen['zones'])}, where there is no default subnet: "
            f"create one with `aws ec2 create-default-subnet --availability-zone {seen['zones'][0]}`"
        )
    return fitting
