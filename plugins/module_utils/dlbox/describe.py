"""The instances that carry the box tag: one DescribeInstances per region, read fast."""

from __future__ import annotations

import contextlib
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .errors import DlboxError
from .hosts import Instance
from .names import BOX_TAG, LIVE, tag_map

PAGE = 1000
_PLAIN = {
    "instanceId": "InstanceId",
    "instanceType": "InstanceType",
    "launchTime": "LaunchTime",
    "ipAddress": "PublicIpAddress",
}


def tagged(aws: Any) -> list[Instance]:
    """Every live instance of the region that carries the box tag."""
    client = aws.client("ec2")
    if aws.rehearsal:
        knock(client.meta.endpoint_url)
    filters = [{"Name": "tag-key", "Values": [BOX_TAG]}]
    # Only while this asks: modules in the same process read everything through the same client.
    client.meta.events.register("before-parse.ec2.DescribeInstances", parse_lean)
    try:
        found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters, MaxResults=PAGE)
    finally:
        client.meta.events.unregister("before-parse.ec2.DescribeInstances", parse_lean)
    return instances(found, aws.region)


def instances(reservations: Iterable[Mapping[str, Any]], region: str) -> list[Instance]:
    """The few facts of each live instance, as plain strings that a cache file can hold."""
    return [
        {
            "id": found["InstanceId"],
            "box": tag_map(found.get("Tags")).get(BOX_TAG, ""),
            "state": found["State"]["Name"],
            "type": found["InstanceType"],
            "ip": found.get("PublicIpAddress", ""),
            "since": _text(found.get("LaunchTime", "")),
            "account": reservation["OwnerId"],
            "region": region,
        }
        for reservation in reservations
        for found in reservation["Instances"]
        if found["State"]["Name"] in LIVE
    ]


def lean(body: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """DescribeInstances' answer cut to what `instances` reads, in boto3's form; and the answer without its reservations.

    botocore's parser takes 1.3 s for 1,000 instances, most of it for values that no host variable carries.
    """
    root = ElementTree.fromstring(body)  # noqa: S314 - AWS's own answer, which botocore parses the same way
    reservations = [
        {
            "OwnerId": reservation.findtext("{*}ownerId"),
            "Instances": [*map(_instance, reservation.iterfind("{*}instancesSet/*"))],
        }
        for reservation in root.iterfind("{*}reservationSet/*")
    ]
    for read in root.findall("{*}reservationSet"):
        root.remove(read)
    return reservations, ElementTree.tostring(root)


def parse_lean(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """botocore's hook before it parses an answer: take the few fields read here, leave it the rest."""
    if response_dict["status_code"] != 200:
        return
    with contextlib.suppress(ElementTree.ParseError):
        customized_response_dict["Reservations"], response_dict["body"] = lean(response_dict["body"])


def knock(url: str) -> None:
    """Say at once that the rehearsal is not running: retrying would take a minute to say less."""
    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname, where.port or 80), timeout=5).close()
    except OSError as error:
        raise DlboxError(
            f"the rehearsal AWS at {url} does not answer: start it with `make up`, or choose a real account with AWS_PROFILE or box_profile"
        ) from error


def _instance(found: ElementTree.Element) -> dict[str, Any]:
    text = {child.tag.rpartition("}")[2]: child.text for child in found}
    tags = [
        {"Key": tag.findtext("{*}key"), "Value": tag.findtext("{*}value") or ""}
        for tag in found.iterfind("{*}tagSet/*")
    ]
    kept = {name: text[source] for source, name in _PLAIN.items() if text.get(source)}
    return {**kept, "State": {"Name": found.findtext("{*}instanceState/{*}name")}, "Tags": tags}


def _text(moment: Any) -> str:
    return moment.isoformat() if hasattr(moment, "isoformat") else str(moment)
