"""What one region has of GPUs: types, zones, prices, quotas and what uses them up. Each function is one question to AWS."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from .aws import Aws, if_there
from .observe_price import PRICING_REGION, dimension

# Every NVIDIA and AMD GPU type's name begins with g or p; DescribeInstanceTypes has no filter for GPUs.
GPU_NAMES = [{"Name": "instance-type", "Values": ["g*", "p*"]}]


def type_view(facts: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a type: vCPUs, architectures, how it is sold, and GPUs with count, share of a GPU and memory in MiB."""
    return {
        "vcpus": facts["VCpuInfo"]["DefaultVCpus"],
        "memory_mib": facts.get("MemoryInfo", {}).get("SizeInMiB", 0),
        "architectures": facts["ProcessorInfo"]["SupportedArchitectures"],
        "on_demand": "on-demand" in facts.get("SupportedUsageClasses", ["on-demand"]),
        "spot": "spot" in facts.get("SupportedUsageClasses", ["spot"]),
        "gpus": [
            {"name": gpu.get("Name"), "maker": gpu.get("Manufacturer"), "count": gpu.get("Count", 0)}
            | {"memory_mib": gpu.get("MemoryInfo", {}).get("SizeInMiB", 0)}
            # Since 2025 a type may have a part of a GPU: Count 0, and how much of one.
            | {"share": gpu.get("GpuPartitionSize", 1.0)}
            for gpu in facts.get("GpuInfo", {}).get("Gpus", [])
        ],
    }


def gpu_types(aws: Aws, region: str) -> dict[str, dict[str, Any]]:
    """Every GPU type that the region offers, by name."""
    found = aws.pages("ec2", "describe_instance_types", "InstanceTypes", region=region, Filters=GPU_NAMES)
    return {item["InstanceType"]: type_view(item) for item in found if item.get("GpuInfo", {}).get("Gpus")}


def named_types(aws: Aws, region: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """The types of these names that the region knows; a filter, because an unknown name would fail the whole call."""
    if not names:
        return {}
    filters = [{"Name": "instance-type", "Values": sorted(names)}]
    found = aws.pages("ec2", "describe_instance_types", "InstanceTypes", region=region, Filters=filters)
    return {item["InstanceType"]: type_view(item) for item in found}


def offered(aws: Aws, region: str, names: Collection[str] = ("g*", "p*")) -> set[str]:
    """The names alone of the types that the region offers, GPU types unless told otherwise: a type is the same in every region."""
    asked = {"LocationType": "region", "Filters": [{"Name": "instance-type", "Values": [*names]}]}
    found = aws.pages("ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", region=region, **asked)
    return {item["InstanceType"] for item in found}


def regions(aws: Aws) -> dict[str, bool]:
    """Every region of AWS, and whether the account has it enabled."""
    found = aws.call("ec2", "describe_regions", AllRegions=True)["Regions"]
    return {item["RegionName"]: item.get("OptInStatus") != "not-opted-in" for item in found}


def offers(aws: Aws, region: str, filters: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The availability zones that offer each type that passes the filters."""
    asked = {"LocationType": "availability-zone", "Filters": filters}
    found = aws.pages("ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", region=region, **asked)
    zones: dict[str, list[str]] = {}
    for item in found:
        zones.setdefault(item["InstanceType"], []).append(item["Location"])
    return {kind: sorted(places) for kind, places in zones.items()}


def gpu_prices(aws: Aws, region: str) -> dict[str, float]:
    """USD per hour On-Demand for Linux on shared hardware, by GPU type of the region; raises where these credentials may not ask."""
    terms = {"regionCode": region, "instanceFamily": "GPU instance", "operatingSystem": "Linux", "tenancy": "Shared"}
    terms |= {"preInstalledSw": "NA", "capacitystatus": "Used", "marketoption": "OnDemand"}
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in terms.items()]
    asked = {"ServiceCode": "AmazonEC2", "Filters": filters}
    found = aws.pages("pricing", "get_products", "PriceList", region=PRICING_REGION, **asked)
    products = [json.loads(item) for item in found]
    prices = [(item["product"]["attributes"]["instanceType"], dimension(item, "Hrs")) for item in products]
    return {kind: usd for kind, usd in prices if usd}


def granted(quota: dict[str, Any]) -> int | None:
    """The value of a quota; AWS may send a reason in its place."""
    return int(quota["Value"]) if quota.get("Value") is not None else None


def quotas(aws: Aws, region: str) -> dict[str, dict[str, Any]]:
    """{code: {"name", "value"}} of every quota of EC2 in the region."""
    asked = {"ServiceCode": "ec2", "MaxResults": 100}
    found = aws.pages("service-quotas", "list_service_quotas", "Quotas", region=region, **asked)
    return {item["QuotaCode"]: {"name": item["QuotaName"], "value": granted(item)} for item in found}


def default_quota(aws: Aws, region: str, code: str) -> int | None:
    """AWS's default of a quota that quotas() leaves out, which it does where the account has no value of its own."""
    asked = {"ServiceCode": "ec2", "QuotaCode": code}
    found = if_there(aws.call, "service-quotas", "get_aws_default_service_quota", region=region, **asked)
    return found and granted(found["Quota"])


def running(aws: Aws, region: str) -> list[dict[str, Any]]:
    """Instances that use quota up: {"id", "type", "spot", "tags"} of all that are pending or running."""
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    found = aws.pages("ec2", "describe_instances", "Reservations", region=region, Filters=states)
    return [
        {"id": item["InstanceId"], "type": item["InstanceType"], "spot": item.get("InstanceLifecycle") == "spot"}
        | {"tags": {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}}
        for reservation in found
        for item in reservation["Instances"]
        if item["State"]["Name"] in ("pending", "running")
    ]


def open_spot_requests(aws: Aws, region: str) -> list[dict[str, Any]]:
    """Spot requests without an instance yet, which use quota up as if they had it: the same of each."""
    states = [{"Name": "state", "Values": ["open"]}]
    operation = "describe_spot_instance_requests"
    found = aws.pages("ec2", operation, "SpotInstanceRequests", region=region, Filters=states)
    return [
        {"id": item["SpotInstanceRequestId"], "type": item["LaunchSpecification"]["InstanceType"], "spot": True}
        | {"tags": {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}}
        for item in found
        if item["State"] == "open"
    ]


def quota_requests(aws: Aws, region: str, **asked: Any) -> list[dict[str, Any]]:
    """Requests to raise quotas of EC2 in the region, the newest first: {"id", "code", "status", "desired", "created", "case"}."""
    operation = "list_requested_service_quota_change_history"
    if "QuotaCode" in asked:
        operation = "list_requested_service_quota_change_history_by_quota"
    found = aws.pages("service-quotas", operation, "RequestedQuotas", region=region, ServiceCode="ec2", **asked)
    kept = [
        {"id": item["Id"], "code": item["QuotaCode"], "status": item["Status"], "desired": int(item["DesiredValue"])}
        | {"created": item["Created"].isoformat(), "case": item.get("CaseId")}
        for item in found
    ]
    return sorted(kept, key=lambda item: str(item["created"]), reverse=True)
