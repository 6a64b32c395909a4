"""What is: one function per part of the picture, each a read or two, returning plain JSON-like data.

A part takes (aws, want, seen) and may use parts that a plan asked for earlier. "Not there" is None or an empty list;
a read that failed raises, so that missing data never looks like absence.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from . import local
from .aws import Aws
from .errors import DlboxError
from .names import private_key_path, tag_map
from .observe_alarm import ALARM_PARTS
from .observe_box import BOX_PARTS
from .observe_function import FUNCTION_PARTS
from .observe_launch import LAUNCH_PARTS
from .observe_price import PRICE_PARTS
from .observe_quota import QUOTA_PARTS
from .observe_schedule import SCHEDULE_PARTS


def account(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """{"account", "partition", "rehearsal", "now"}: whose credentials, and the time by AWS's clock, which decides when anything fires."""
    who = aws.call("sts", "get_caller_identity")
    now = parsedate_to_datetime(who["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC).isoformat()
    return {"account": who["Account"], "partition": who["Arn"].split(":")[1], "rehearsal": aws.rehearsal, "now": now}


def caller_address(aws: Aws, want: Any, seen: dict[str, Any]) -> str:
    """The IPv4 address that AWS sees this machine under, as the source named in box_address_source answers it."""
    # A rehearsal sees this machine under an address of its own.
    source = f"{aws.client('ec2').meta.endpoint_url}/dlbox/checkip" if aws.rehearsal else want.address_source
    try:
        if not source.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("it must begin with https://")
        with urllib.request.urlopen(source, timeout=10) as answer:  # noqa: S310 - scheme checked above
            return str(answer.read(64).decode("ascii").strip())
    except (OSError, ValueError) as error:
        raise DlboxError(
            f"box_address_source: {source} did not tell this machine's address ({error}): "
            "write your address into box_allowed_cidrs, as in 203.0.113.7/32"
        ) from error


def key_pairs(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The key pair of the box's exact name, with its public key."""
    filters = [{"Name": "key-name", "Values": [want.scope.prefix]}]
    found = aws.call("ec2", "describe_key_pairs", Filters=filters, IncludePublicKey=True)["KeyPairs"]
    return [
        {"KeyName": pair["KeyName"], "KeyPairId": pair["KeyPairId"], "Tags": tag_map(pair.get("Tags"))}
        | {"PublicKey": " ".join(pair.get("PublicKey", "").split()[:2])}
        for pair in found
    ]


def private_key(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The private key file on this machine."""
    path = want.path or private_key_path(seen["account"]["account"], want.scope)
    found = local.read_private_key(path)
    return {"path": path, **(found or {})}


def groups(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Security groups of the box's exact name, with ingress rules as EC2 gives them."""
    found = aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=_named("group-name", want))
    return [
        {"GroupId": group["GroupId"], "VpcId": group.get("VpcId"), "Tags": tag_map(group.get("Tags"))}
        | {"IpPermissions": group["IpPermissions"]}
        for group in found
    ]


def prefix_list(aws: Aws, want: Any, seen: dict[str, Any]) -> str:
    """The id of the prefix list that EC2 Instance Connect comes from in this region."""
    name = f"com.amazonaws.{want.scope.region}.ec2-instance-connect"
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    found = aws.call("ec2", "describe_managed_prefix_lists", Filters=filters)["PrefixLists"]
    if not found:
        raise DlboxError(
            f"box_instance_connect: {want.scope.region} has no prefix list {name}: set box_instance_connect: false"
        )
    return str(found[0]["PrefixListId"])


def _named(field: str, want: Any) -> list[dict[str, Any]]:
    return [{"Name": field, "Values": [want.scope.prefix]}]


PARTS: dict[str, Callable[[Aws, Any, dict[str, Any]], Any]] = {
    **{part.__name__: part for part in (account, caller_address, key_pairs, private_key, groups, prefix_list)},
    **BOX_PARTS,
    **FUNCTION_PARTS,
    **LAUNCH_PARTS,
    **PRICE_PARTS,
    **QUOTA_PARTS,
    **SCHEDULE_PARTS,
    **ALARM_PARTS,
}
