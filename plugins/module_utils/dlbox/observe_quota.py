"""What Service Quotas and the running instances say about the family of a type."""

from __future__ import annotations

from typing import Any

from .aws import Aws
from .errors import AwsError
from .families import family_of
from .names import BOX_TAG, tag_map

_RUNNING = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]


def quota(aws: Aws, want: Any, seen: dict[str, Any]) -> int:
    """The vCPUs that the account may run On-Demand in the family of the wanted type."""
    family = family_of(want.instance_type)
    asked = {"ServiceCode": "ec2", "QuotaCode": family.code if family else ""}
    try:
        found = aws.call("service-quotas", "get_service_quota", **asked)
    except AwsError as error:
        # An account that never had its own value: AWS's default holds.
        if error.code != "NoSuchResourceException":
            raise
        found = aws.call("service-quotas", "get_aws_default_service_quota", **asked)
    return int(found["Quota"]["Value"])


def others(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Instances that use the same quota up: On-Demand, running or pending, of the family, and not this box's own."""
    family = family_of(want.instance_type)
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=_RUNNING)
    used = [
        item
        for reservation in found
        for item in reservation["Instances"]
        if item["State"]["Name"] in ("pending", "running")
        and family_of(item["InstanceType"]) == family
        and item.get("InstanceLifecycle") != "spot"
        and tag_map(item.get("Tags")).get(BOX_TAG) != want.scope.box
    ]
    sizes = _vcpus(aws, {item["InstanceType"] for item in used})
    return [{"InstanceId": item["InstanceId"], "vcpus": sizes.get(item["InstanceType"], 0)} for item in used]


def quota_requests(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests to raise the family's quota, the newest first."""
    family = family_of(want.instance_type)
    operation = "list_requested_service_quota_change_history_by_quota"
    asked = {"ServiceCode": "ec2", "QuotaCode": family.code if family else ""}
    found = aws.pages("service-quotas", operation, "RequestedQuotas", **asked)
    kept = [
        {"id": item["Id"], "status": item["Status"], "desired": int(item["DesiredValue"])}
        | {"created": item["Created"].isoformat(), "case": item.get("CaseId")}
        for item in found
    ]
    return sorted(kept, key=lambda item: str(item["created"]), reverse=True)


def _vcpus(aws: Aws, types: set[str]) -> dict[str, int]:
    if not types:
        return {}
    # A filter, because a name that AWS no longer knows fails the whole call.
    filters = [{"Name": "instance-type", "Values": sorted(types)}]
    found = aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=filters)
    return {item["InstanceType"]: item["VCpuInfo"]["DefaultVCpus"] for item in found}


QUOTA_PARTS: dict[str, Any] = {part.__name__: part for part in (quota, others, quota_requests)}
