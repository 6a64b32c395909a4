"""What a launch needs to know: the type, where it is offered, the image and the subnets."""

from __future__ import annotations

import re
from typing import Any

from .aws import Aws
from .errors import AwsError, Refused

CANONICAL = "/aws/service/canonical/ubuntu/server/{line}/stable/current/{arch}/hvm/{root}/ami-id"
DLAMI = "/aws/service/deeplearning/ami/{arch}"


def type_facts(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """vCPUs, architectures and GPUs of the wanted instance type, None where AWS does not know it (in this region)."""
    try:
        found = aws.call("ec2", "describe_instance_types", InstanceTypes=[want.instance_type])["InstanceTypes"]
    except AwsError as error:
        if error.code not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        return None
    facts = found[0]
    return {
        "vcpus": facts["VCpuInfo"]["DefaultVCpus"],
        "architectures": facts["ProcessorInfo"]["SupportedArchitectures"],
        "gpus": [
            {"name": gpu.get("Name"), "maker": gpu.get("Manufacturer"), "count": gpu.get("Count", 0)}
            | {"memory_mib": gpu.get("MemoryInfo", {}).get("SizeInMiB", 0)}
            for gpu in facts.get("GpuInfo", {}).get("Gpus", [])
        ],
    }


def zones(aws: Aws, want: Any, seen: dict[str, Any]) -> list[str]:
    """Availability zones of the region that offer the wanted type."""
    filters = [{"Name": "instance-type", "Values": [want.instance_type]}]
    found = aws.pages(
        "ec2",
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=filters,
    )
    return sorted(item["Location"] for item in found if item["InstanceType"] == want.instance_type)


def subnets(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, str]]:
    """The default VPC's default subnets, by zone."""
    found = aws.pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    kept = [{"SubnetId": item["SubnetId"], "VpcId": item["VpcId"], "Zone": item["AvailabilityZone"]} for item in found]
    return sorted(kept, key=lambda item: item["Zone"])


def image(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """The AMI that box_ami and box_ubuntu mean today for the type's architecture."""
    facts = seen["type_facts"] or {"architectures": ["x86_64"]}
    arch = "x86_64" if "x86_64" in facts["architectures"] else "arm64"
    name, ami = "", want.ami
    if want.ami == "ubuntu":
        name = CANONICAL.format(
            line=want.ubuntu,
            arch="amd64" if arch == "x86_64" else arch,
            root="ebs-gp2" if want.ubuntu == "22.04" else "ebs-gp3",
        )
        ami = _parameter(aws, name)
    elif not want.ami.startswith("ami-"):
        listed = aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=DLAMI.format(arch=arch), Recursive=True)
        name, ami = newest(want.ami, want.ubuntu, {item["Name"]: item["Value"] for item in listed})
    return {**_describe(aws, want, ami), "parameter": name}


def newest(flavour: str, ubuntu: str, parameters: dict[str, str]) -> tuple[str, str]:
    """The parameter and AMI of the newest DLAMI of a flavour ("pytorch", "base") on an Ubuntu line."""
    shape = {
        "pytorch": r"oss-nvidia-driver-(?:gpu-)?pytorch-(\d+)\.(\d+)",
        "base": r"base-(?:oss-nvidia-driver|with-single-cuda)(?:-gpu)?()()",
    }
    pattern = re.compile(rf".*/{shape[flavour]}-ubuntu-{re.escape(ubuntu)}/latest/ami-id")
    matches = ((pattern.fullmatch(name), name, ami) for name, ami in parameters.items())
    found = [((int(hit[1] or 0), int(hit[2] or 0), "oss" in name, name), ami) for hit, name, ami in matches if hit]
    if not found:
        lines = sorted({hit[1] for name in parameters if (hit := re.search(r"-ubuntu-(\d\d\.\d\d)/latest", name))})
        raise Refused(
            f"box_ubuntu: no {flavour} Deep Learning AMI for Ubuntu {ubuntu} here; there are images for "
            f"{', '.join(lines) or 'no Ubuntu line'}, or set box_ami: ubuntu"
        )
    best, ami = max(found)
    return best[3], ami


def _parameter(aws: Aws, name: str) -> str:
    try:
        return str(aws.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
    except AwsError as error:
        if error.code != "ParameterNotFound":
            raise
        raise Refused(f"box_ubuntu: AWS publishes no {name}: take 22.04 or 24.04") from error


def _describe(aws: Aws, want: Any, ami: str) -> dict[str, Any]:
    try:
        found = aws.call("ec2", "describe_images", ImageIds=[ami])["Images"]
    except AwsError as error:
        if not error.code.startswith("InvalidAMIID"):
            raise
        found = []
    if not found:
        raise Refused(
            f"box_ami: {ami} is not in {want.scope.region}: AMIs belong to one region; set pytorch, base or ubuntu to have it found"
        )
    facts = found[0]
    root: dict[str, Any] = next(
        (item for item in facts["BlockDeviceMappings"] if item["DeviceName"] == facts["RootDeviceName"]), {}
    )
    return {"ami": ami, "name": facts.get("Name", ""), "architecture": facts["Architecture"]} | {
        "root_device": facts["RootDeviceName"], "snapshot_gib": root.get("Ebs", {}).get("VolumeSize", 0)
    }  # fmt: skip


LAUNCH_PARTS = {part.__name__: part for part in (type_facts, zones, subnets, image)}
