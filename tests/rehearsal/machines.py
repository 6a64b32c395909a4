"""Decides what to do with the machines: instances and containers in, steps out. Nothing here acts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from .cloud import HOME_REGION, Facts, Instance
from .forward import Forward

REBOOT_STATUS = 133
# A subnet of 4,096 addresses, one per zone, is shared out among the regions that every account has.
BLOCK = 128
BLOCKS = (
    HOME_REGION, "us-east-1", "us-east-2", "us-west-1", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
    "eu-central-1", "eu-north-1", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
)  # fmt: skip
UP = ("pending", "running")
DOWN = ("stopping", "stopped")


@dataclass(frozen=True)
class Container:
    """One container as podman lists it."""

    instance_id: str
    status: str
    exit_code: int = 0
    pid: int = 0


@dataclass(frozen=True)
class Boot:
    """What the driver last did with a machine: which launch it booted, and whether it wants it to run."""

    launched: str
    up: bool


@dataclass(frozen=True)
class Step:
    """One thing to do with one machine, and why."""

    verb: str
    instance_id: str
    reason: str


def step(one: Instance, container: Container | None, boot: Boot | None) -> Step | None:
    """Decide what one instance's machine needs."""
    running = container is not None and container.status in ("running", "stopping")
    if one.state in UP:
        if container is None:
            return Step("create", one.id, f"instance is {one.state} and has no machine")
        if running:
            return None if boot else Step("adopt", one.id, "machine runs and the driver has no note of it")
        if boot is None or not boot.up or boot.launched != one.launched:
            return Step("start", one.id, f"instance is {one.state} and its machine is off")
        if container.exit_code == REBOOT_STATUS:
            return Step("start", one.id, "machine rebooted itself")
        return Step("report", one.id, "machine powered itself off") if one.state == "running" else None
    if one.state in DOWN and container is not None and (running or (boot and boot.up)):
        return Step("stop", one.id, f"instance is {one.state}")
    if one.state not in (*UP, *DOWN) and container is not None:
        return Step("remove", one.id, f"instance is {one.state}")
    return None


def steps(facts: Facts, containers: dict[str, Container], boots: dict[str, Boot]) -> list[Step]:
    """Decide for all machines; a container whose instance AWS no longer knows is removed with its disk."""
    wanted = [step(one, containers.get(name), boots.get(name)) for name, one in facts.instances.items()]
    gone = [Step("remove", name, "AWS knows no such instance") for name in containers if name not in facts.instances]
    return [one for one in wanted if one] + gone


def address(private_ip: str, subnet: str, region: str = HOME_REGION) -> str:
    """Place an instance's private address in the machines' range: the same address where that is the home region's default VPC.

    On AWS every region's default VPC has the same range, and AWS deals the same addresses in each; here all share one network.
    """
    network = ipaddress.ip_network(subnet)
    host_part = int(ipaddress.ip_address(private_ip)) & int(network.hostmask)
    return str(network[host_part + BLOCK * BLOCKS.index(region) if region in BLOCKS else host_part])


def hardware_address(address: str) -> str:
    """Give an address its own MAC address, so that the host's ARP entry still holds for the next machine there."""
    return "02:00:" + ipaddress.ip_address(address).packed.hex(":")


def hostname(private_ip: str) -> str:
    """Name a machine as EC2 does."""
    return "ip-" + private_ip.replace(".", "-")


def forwards(facts: Facts, running: Iterable[str], subnet: str) -> list[Forward]:
    """List what the security groups let through to the machines that run."""
    found = {
        Forward(public, address(one.private_ip, subnet, one.region), rule.protocol, rule.first, rule.last, rule.cidr)
        for one in facts.instances.values()
        if one.id in set(running) and one.state in UP
        for public in one.public_ips
        for rule in one.openings
    }
    return sorted(found)
