"""A box that stands as asked for, part by part, and the plan of a noun on it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dlbox.change import Change, writes

ROOT = Path(__file__).parents[2]
PREFIX = "dlbox-us-west-2-lab"
TAGS = {"dlbox:box": "lab", "Name": "lab"}
BOX = {"box": "lab", "region": "us-west-2"}
# 13:00 in Shanghai.
NOW = "2026-01-05T05:00:00+00:00"
MINE = "203.0.113.7"
KEY = "ssh-ed25519 AAAAC3Nza"


def rule(first: int, last: int, source: str = f"{MINE}/32", text: str = "dlbox") -> dict[str, Any]:
    """One TCP rule as EC2 lists it."""
    ranges = [{"CidrIp": source, "Description": text}]
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": ranges}


def gpu_type(vcpus: int, memory_gib: float = 22.35, count: int = 1, **facts: Any) -> dict[str, Any]:
    """An x86_64 type with NVIDIA GPUs."""
    gpu = {"name": "A10G", "maker": "NVIDIA", "count": count, "memory_mib": int(memory_gib * 1024), "share": 1.0}
    return {
        "vcpus": vcpus,
        "memory_mib": 16384,
        "architectures": ["x86_64"],
        "spot": True,
        "on_demand": True,
        "gpus": [gpu],
    } | facts


STANDING: dict[str, Any] = {
    "account": {"account": "123456789012", "partition": "aws", "rehearsal": False, "now": NOW},
    "caller_address": MINE,
    "key_pairs": [{"KeyName": PREFIX, "KeyPairId": "key-1", "Tags": TAGS, "PublicKey": KEY}],
    "private_key": {"path": "/home/me/.ssh/lab", "public_key": KEY, "mode": "600"},
    "groups": [{"GroupId": "sg-1", "VpcId": "vpc-1", "Tags": TAGS, "IpPermissions": [rule(22, 22), rule(8080, 8089)]}],
    "subnets": [
        {"SubnetId": "subnet-a", "VpcId": "vpc-1", "Zone": "us-west-2a"},
        {"SubnetId": "subnet-b", "VpcId": "vpc-1", "Zone": "us-west-2b"},
    ],
    "prefix_list": "pl-1",
    "instances": [
        {
            "InstanceId": "i-1",
            "InstanceType": "g5.xlarge",
            "State": "running",
            "Zone": "us-west-2b",
            "RootDeviceName": "/dev/sda1",
            "MetadataOptions": {"HttpTokens": "required"},
            "LaunchTime": "2026-01-01T00:00:00+00:00",
            "Groups": ["sg-1"],
            "Tags": {**TAGS, "dlbox:generation": "1"},
        }
    ],
    "strays": [],
    "spent": 0,
    "volumes": [{"VolumeId": "vol-1", "Size": 100, "Attachments": [{"Device": "/dev/sda1", "InstanceId": "i-1"}]}],
    "shutdown_behavior": "stop",
    "types": {kind: gpu_type(vcpus) for kind, vcpus in (("g5.xlarge", 4), ("g5.2xlarge", 8), ("t3.large", 2))},
    "zones": {kind: ["us-west-2b", "us-west-2c"] for kind in ("g5.xlarge", "g5.2xlarge", "t3.large")},
    "quotas": {"L-DB2E81BA": {"code": "L-DB2E81BA", "value": 8}},
    "others": [],
    "spot_requests": [],
    "image": {
        "ami": "ami-1", "name": "Deep Learning", "architecture": "x86_64", "root_device": "/dev/sda1", "snapshot_gib": 75,
    },
    "own_image": {"ami": "ami-0", "name": "Deep Learning", "architecture": "x86_64", "root_device": "/dev/sda1", "snapshot_gib": 75},
    "near": ["g5.xlarge", "g5.2xlarge", "g5.12xlarge"],
    "addresses": [
        {"AllocationId": "eipalloc-1", "AssociationId": "eipassoc-1", "InstanceId": "i-1", "PublicIp": "198.51.100.1"}
        | {"Tags": TAGS}
    ],
}  # fmt: skip


def standing(**parts: Any) -> dict[str, Any]:
    """The picture in which nothing differs, but for the parts given."""
    return deepcopy(STANDING) | parts


def altered(part: str, **fields: Any) -> dict[str, Any]:
    """The same with fields of a part's only item changed; a field of None is left out."""
    item = {**deepcopy(STANDING[part][0]), **fields}
    return standing(**{part: [{key: value for key, value in item.items() if value is not None}]})


def wanted(noun: Any, **params: Any) -> Any:
    """What a noun is asked for, through its argument spec, as Ansible does."""
    checked = ArgumentSpecValidator(noun.SPEC).validate(BOX | params)
    assert not checked.error_messages, checked.error_messages
    return noun.want(checked.validated_parameters)


def planned(noun: Any, seen: dict[str, Any], **params: Any) -> list[Change]:
    """The noun's plan on a picture that holds all it says it reads."""
    want = wanted(noun, **params)
    assert noun.needs(want, seen) <= seen.keys()
    changes: list[Change] = noun.plan(want, {part: seen[part] for part in noun.needs(want, seen)})
    assert all(change.reason and change.thing for change in changes)
    return changes


def told(changes: list[Change]) -> list[str]:
    """A plan as a table shows it: "verb: the writes it takes", or the verb alone."""
    return [f"{item.verb}: {', '.join(writes([item]))}".removesuffix(": ") for item in changes]


def is_sentence(text: str) -> bool:
    """One line, one sentence."""
    return "\n" not in text and ". " not in text and not text.endswith(".") and len(text) < 700
