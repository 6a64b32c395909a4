"""What the rehearsal AWS says about machines, read through the AWS API alone."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

HOME_REGION = "us-west-2"
MARK = "dlbox-driver"


@dataclass(frozen=True)
class Opening:
    """One permission of a security group: from which addresses to which ports."""

    protocol: str
    first: int
    last: int
    cidr: str


@dataclass(frozen=True)
class Instance:
    """One instance as AWS describes it."""

    id: str
    region: str
    state: str
    launched: str
    private_ip: str
    key_name: str
    public_ips: tuple[str, ...] = ()
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True)
class Facts:
    """All instances, and every loopback address that AWS has given out, in use or not."""

    instances: dict[str, Instance] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()


def openings(group: dict[str, Any]) -> list[Opening]:
    """Flatten a security group's inbound IPv4 permissions."""
    return [
        Opening(rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1), source["CidrIp"])
        for rule in group["IpPermissions"]
        for source in rule.get("IpRanges", [])
    ]


def instance(raw: dict[str, Any], region: str, elastic: dict[str, str], groups: dict[str, list[Opening]]) -> Instance:
    """Build one Instance from its description, the region's Elastic IPs and its security groups."""
    own = [address for address, owner in elastic.items() if owner == raw["InstanceId"]]
    public = {*own, raw.get("PublicIpAddress", "")}
    return Instance(
        id=raw["InstanceId"],
        region=region,
        state=raw["State"]["Name"],
        launched=str(raw["LaunchTime"]),
        private_ip=raw.get("PrivateIpAddress", ""),
        key_name=raw.get("KeyName", ""),
        public_ips=tuple(sorted(address for address in public if address.startswith("127."))),
        openings=tuple(one for group in raw.get("SecurityGroups", []) for one in groups.get(group["GroupId"], [])),
    )


class Cloud:
    """Clients for one endpoint; every call carries the driver's mark, so that tests can tell it from a user's."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.clients: dict[tuple[str, str], Any] = {}

    @cached_property
    def session(self) -> boto3.Session:
        """One session with the rehearsal's own dummy keys; no profile of the user's is read."""
        return boto3.Session(aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal")

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a region."""
        if (service, region) not in self.clients:
            self.clients[service, region] = self.session.client(
                service, region_name=region, endpoint_url=self.endpoint, config=Config(user_agent_extra=MARK)
            )
        return self.clients[service, region]

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Read or turn one of the server's own knobs."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.endpoint}/dlbox/{path}", data, timeout=30) as answer:
            return json.load(answer)

    def region_facts(self, region: str) -> Facts:
        """Observe one region."""
        ec2 = self.client("ec2", region)
        raw = _pages(ec2, "describe_instances", "Reservations", lambda one: one["Instances"])
        addresses = ec2.describe_addresses()["Addresses"]
        if not raw and not addresses:
            return Facts()
        groups = {one["GroupId"]: openings(one) for one in _pages(ec2, "describe_security_groups", "SecurityGroups")}
        elastic = {one["PublicIp"]: one.get("InstanceId", "") for one in addresses}
        found = [instance(one, region, elastic, groups) for one in raw]
        given = {*elastic, *(address for one in found for address in one.public_ips)}
        return Facts({one.id: one for one in found}, tuple(sorted(a for a in given if a.startswith("127."))))

    def facts(self, regions: list[str]) -> Facts:
        """Observe the given regions; an error in one is an error of the whole, never an empty answer."""
        seen = [self.region_facts(region) for region in regions]
        instances = {name: one for facts in seen for name, one in facts.instances.items()}
        return Facts(instances, tuple(sorted({address for facts in seen for address in facts.addresses})))

    def public_key(self, one: Instance) -> str:
        """Return the public key that an instance was launched with, or nothing."""
        if not one.key_name:
            return ""
        ec2 = self.client("ec2", one.region)
        found = ec2.describe_key_pairs(KeyNames=[one.key_name], IncludePublicKey=True)["KeyPairs"]
        return str(found[0].get("PublicKey", "")) if found else ""


def _pages(client: Any, call: str, key: str, unfold: Callable[[Any], list[Any]] = lambda one: [one]) -> list[Any]:
    """Collect all pages of a describe."""
    pages = client.get_paginator(call).paginate()
    return [item for page in pages for one in page[key] for item in unfold(one)]
