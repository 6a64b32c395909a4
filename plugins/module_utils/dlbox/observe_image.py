"""The AMI that box_ami, box_ubuntu and box_pytorch mean today."""

from __future__ import annotations

import re
from typing import Any

from .aws import Aws
from .choose import choose
from .errors import AwsError, DlboxError, Refused

CANONICAL = "/aws/service/canonical/ubuntu/server/{line}/stable/current/{arch}/hvm/{root}/ami-id"
DLAMI = "/aws/service/deeplearning/ami/{arch}"


def image(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """The AMI that the settings mean today, for the architecture of the box that stands or of the type chosen."""
    arch = _architecture(want, seen)
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
        name, ami = newest(want.ami, want.ubuntu, {item["Name"]: item["Value"] for item in listed}, want.pytorch)
    return {**_describe(aws, want, ami), "parameter": name}


def own_image(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The image that the box was made from, as image() tells one; None where it is gone, and nothing is known of its drivers."""
    found = _find(aws, seen["instances"][0]["ImageId"])
    return found and _view(found)


def newest_image(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The same for a box that stands; None where it cannot be told, which is no reason to fail."""
    try:
        return image(aws, want, seen)
    except DlboxError as error:
        aws.say(f"no newer image is known: {error}")
        return None


def newest(flavour: str, ubuntu: str, parameters: dict[str, str], pytorch: str = "") -> tuple[str, str]:
    """The parameter and AMI of the newest DLAMI of a flavour ("pytorch", "base") on an Ubuntu line, of one PyTorch where it is named."""
    shape = {
        "pytorch": r"oss-nvidia-driver-(?:gpu-)?pytorch-(\d+)\.(\d+)",
        "base": r"base-(?:oss-nvidia-driver|with-single-cuda)(?:-gpu)?()()",
    }
    pattern = re.compile(rf".*/{shape[flavour]}-ubuntu-{re.escape(ubuntu)}/latest/ami-id")
    matches = ((pattern.fullmatch(name), name, ami) for name, ami in parameters.items())
    every = [((int(hit[1] or 0), int(hit[2] or 0), "oss" in name, name), ami) for hit, name, ami in matches if hit]
    asked = tuple(int(part) for part in pytorch.split(".")) if pytorch and flavour == "pytorch" else ()
    found = [item for item in every if item[0][: len(asked)] == asked]
    if every and not found:
        known = ", ".join(f"{major}.{minor}" for (major, minor, *_), _ in sorted(every))
        raise Refused(
            f"box_pytorch: no Deep Learning AMI with PyTorch {pytorch} for Ubuntu {ubuntu} here: take one of {known}, or leave it empty for the newest"
        )
    if not found:
        lines = sorted({hit[1] for name in parameters if (hit := re.search(r"-ubuntu-(\d\d\.\d\d)/latest", name))})
        raise Refused(
            f"box_ubuntu: no {flavour} Deep Learning AMI for Ubuntu {ubuntu} here; there are images for "
            f"{', '.join(lines) or 'no Ubuntu line'}, or set box_ami: ubuntu"
        )
    best, ami = max(found)
    return best[3], ami


def _architecture(want: Any, seen: dict[str, Any]) -> str:
    if box := next(iter(seen["instances"]), None):
        return str(box.get("Architecture", "x86_64"))
    built_for = seen["types"][choose(want, seen).types[0]]["architectures"]
    return "x86_64" if "x86_64" in built_for else "arm64"


def _parameter(aws: Aws, name: str) -> str:
    try:
        return str(aws.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"])
    except AwsError as error:
        if error.code != "ParameterNotFound":
            raise
        raise Refused(f"box_ubuntu: AWS publishes no {name}: take 22.04 or 24.04") from error


def _describe(aws: Aws, want: Any, ami: str) -> dict[str, Any]:
    found = _find(aws, ami)
    if not found:
        raise Refused(
            f"box_ami: {ami} is not in {want.scope.region}: AMIs belong to one region; set pytorch, base or ubuntu to have it found"
        )
    return _view(found)


def _find(aws: Aws, ami: str) -> dict[str, Any] | None:
    try:
        return next(iter(aws.call("ec2", "describe_images", ImageIds=[ami])["Images"]), None)
    except AwsError as error:
        if not error.code.startswith("InvalidAMIID"):
            raise
        return None


def _view(facts: dict[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = next(
        (item for item in facts["BlockDeviceMappings"] if item["DeviceName"] == facts["RootDeviceName"]), {}
    )
    return {
        "ami": facts["ImageId"],
        "name": facts.get("Name", ""),
        "architecture": facts["Architecture"],
        "created": facts.get("CreationDate", ""),
        "root_device": facts["RootDeviceName"],
        "snapshot_gib": root.get("Ebs", {}).get("VolumeSize", 0),
    }
