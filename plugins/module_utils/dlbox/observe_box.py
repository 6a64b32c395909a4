"""The box itself as EC2 shows it: instances, volumes, addresses."""

from __future__ import annotations

from typing import Any

from .aws import Aws
from .names import BOX_TAG, GENERATION_TAG, LIVE, tag_map

_INSTANCE = [
    "InstanceId",
    "InstanceType",
    "ImageId",
    "KeyName",
    "PublicIpAddress",
    "PrivateIpAddress",
    "MetadataOptions",
    "Architecture",
    "SubnetId",
    "VpcId",
    "RootDeviceName",
    "InstanceLifecycle",
    "SpotInstanceRequestId",
]


def instances(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Live instances whose tag is exactly the box's name, the oldest first."""
    filters = [*_tagged(want), {"Name": "instance-state-name", "Values": [*LIVE]}]
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    live = [instance_view(item) for reservation in found for item in reservation["Instances"]]
    return sorted(
        (item for item in live if item["State"] in LIVE and item["Tags"].get(BOX_TAG) == want.scope.box),
        key=lambda item: (item["LaunchTime"], item["InstanceId"]),
    )


def strays(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Live instances in the box's security group, tagged or not: one whose tag was removed still bills."""
    ids = [group["GroupId"] for group in seen["groups"]]
    if not ids:
        return []
    states = {"Name": "instance-state-name", "Values": [*LIVE]}
    filters = [{"Name": "instance.group-id", "Values": ids}, states]
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    return [instance_view(item) for reservation in found for item in reservation["Instances"]]


def spent(aws: Aws, want: Any, seen: dict[str, Any]) -> int:
    """The highest generation among the box's dead instances: AWS answers their launch tokens with the dead."""
    if not seen["groups"]:
        return 0
    filters = [*_tagged(want), {"Name": "instance-state-name", "Values": ["shutting-down", "terminated"]}]
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    tags = [tag_map(item.get("Tags")) for reservation in found for item in reservation["Instances"]]
    known = [mine.get(GENERATION_TAG, "1") for mine in tags if mine.get(BOX_TAG) == want.scope.box]
    return max((int(text) for text in known if text.isdecimal()), default=0)


def volumes(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The volumes of the box's instance."""
    filters = [{"Name": "attachment.instance-id", "Values": [item["InstanceId"] for item in seen["instances"]]}]
    found = aws.pages("ec2", "describe_volumes", "Volumes", Filters=filters)
    return [
        {"VolumeId": volume["VolumeId"], "Size": volume["Size"], "VolumeType": volume["VolumeType"]}
        | {"Encrypted": volume["Encrypted"], "Tags": tag_map(volume.get("Tags"))}
        | {"Attachments": [{"Device": at["Device"], "InstanceId": at["InstanceId"]} for at in volume["Attachments"]]}
        for volume in found
    ]


def tagged_volumes(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Volumes whose tag is exactly the box's name, attached or not, and not on their way out: a disk bills wherever it is."""
    found = aws.pages("ec2", "describe_volumes", "Volumes", Filters=_tagged(want))
    kept = [
        {"VolumeId": item["VolumeId"], "Size": item["Size"], "Tags": tag_map(item.get("Tags"))}
        for item in found
        if item["State"] not in ("deleting", "deleted")
    ]
    return [item for item in kept if item["Tags"].get(BOX_TAG) == want.scope.box]


def shutdown_behavior(aws: Aws, want: Any, seen: dict[str, Any]) -> str:
    """What a shutdown from within does to the instance: stop or terminate."""
    params = {"InstanceId": seen["instances"][0]["InstanceId"], "Attribute": "instanceInitiatedShutdownBehavior"}
    return str(aws.call("ec2", "describe_instance_attribute", **params)["InstanceInitiatedShutdownBehavior"]["Value"])


def addresses(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Every Elastic IP of the region, whoever's: there are few, and one whose tag was removed still bills."""
    found = aws.call("ec2", "describe_addresses")["Addresses"]
    keys = ("AllocationId", "AssociationId", "InstanceId", "PublicIp", "NetworkInterfaceId")
    return [{key: item[key] for key in keys if item.get(key)} | {"Tags": tag_map(item.get("Tags"))} for item in found]


def instance_view(item: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an instance as DescribeInstances tells it."""
    return {key: item[key] for key in _INSTANCE if key in item} | {
        "State": item["State"]["Name"],
        "LaunchTime": item["LaunchTime"].isoformat(),
        "Zone": item["Placement"]["AvailabilityZone"],
        "Groups": sorted(group["GroupId"] for group in item.get("SecurityGroups", [])),
        "Tags": tag_map(item.get("Tags")),
    }


def _tagged(want: Any) -> list[dict[str, Any]]:
    return [{"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]}]


BOX_PARTS: dict[str, Any] = {
    part.__name__: part for part in (instances, strays, spent, volumes, tagged_volumes, shutdown_behavior, addresses)
}
