"""What a launch needs to know: the types, where they are offered, and the subnets."""

from __future__ import annotations

import re
from typing import Any

from . import observe_gpu
from .aws import Aws
from .launch_checks import unknown
from .names import BOX_TAG, tag_map
from .observe_image import image, newest_image, own_image
from .spot import ALIVE


def types(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts of the types asked for, by name, where the region knows them; for needs, of every GPU type that it offers."""
    if want.wanted.needs:
        return observe_gpu.gpu_types(aws, aws.region)
    return observe_gpu.named_types(aws, aws.region, want.wanted.types)


def zones(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, list[str]]:
    """The availability zones that offer each of those types."""
    named = [{"Name": "instance-type", "Values": list(want.wanted.types)}]
    found = observe_gpu.offers(aws, aws.region, observe_gpu.GPU_NAMES if want.wanted.needs else named)
    return {kind: found.get(kind, []) for kind in want.wanted.types} | found


def near(aws: Aws, want: Any, seen: dict[str, Any]) -> list[str]:
    """The names of the region's types that begin with the letters of those that it does not know."""
    letters = {re.match("[a-z]*", kind)[0] for kind in unknown(want, seen["types"])}  # type: ignore[index]
    return sorted(observe_gpu.offered(aws, aws.region, [f"{item}*" for item in sorted(letters)]))


def subnets(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, str]]:
    """The default VPC's default subnets, by zone."""
    found = aws.pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    kept = [{"SubnetId": item["SubnetId"], "VpcId": item["VpcId"], "Zone": item["AvailabilityZone"]} for item in found]
    return sorted(kept, key=lambda item: item["Zone"])


def spot_requests(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The box's Spot requests that can still launch or start something: {"id", "state", "why", "instance"}."""
    filters = [
        {"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]},
        {"Name": "state", "Values": list(ALIVE)},
    ]
    found = aws.pages("ec2", "describe_spot_instance_requests", "SpotInstanceRequests", Filters=filters)
    return [
        {"id": item["SpotInstanceRequestId"], "state": item["State"], "instance": item.get("InstanceId")}
        | {"why": item.get("Status", {}).get("Code", "no reason given")}
        for item in found
        if item["State"] in ALIVE and tag_map(item.get("Tags")).get(BOX_TAG) == want.scope.box
    ]


LAUNCH_PARTS = {
    part.__name__: part for part in (types, zones, near, subnets, spot_requests, image, newest_image, own_image)
}
