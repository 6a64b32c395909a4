"""Elastic IPs that stay with their instance, a quota on them, and public addresses that never leave the loopback."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from moto.ec2.models import EC2Backend, elastic_ip_addresses, elastic_network_interfaces
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.servicequotas.models import servicequotas_backends

from ..state import STATE
from .errors import refuse

QUOTA = "L-0263D0A3"


def loopback_addresses() -> Iterator[str]:
    """Public addresses to hand out: real, connectable, of this machine alone, never 127.0.x or 127.1.x, never twice."""
    # Servers on other ports begin elsewhere, so that two rehearsals on one machine never share an address.
    first = int(STATE.endpoint.rpartition(":")[2] or 0)
    seconds = [20 + (first + step) % 230 for step in range(230)]
    while True:
        for second, third, fourth in itertools.product(seconds, range(256), range(1, 255)):
            yield f"127.{second}.{third}.{fourth}"


def elastic(nic: Any) -> Any:
    """The Elastic IP of a network interface, if it has one."""
    return next((one for one in nic.ec2_backend.addresses if one.eni is nic), None)


def apply() -> None:
    """Patch moto."""
    allocate, associate, release = (
        EC2Backend.allocate_address,
        EC2Backend.associate_address,
        EC2Backend.release_address,
    )
    nic_stop, nic_start = NetworkInterface.stop, NetworkInterface.start
    fresh = loopback_addresses()

    def allocate_address(self: Any, *args: Any, **options: Any) -> Any:
        limit = servicequotas_backends[self.account_id][self.region_name].granted(QUOTA)
        if len(self.addresses) >= limit:
            raise refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        return allocate(self, *args, **options)

    def associate_address(self: Any, instance: Any = None, eni: Any = None, **options: Any) -> Any:
        if instance and instance.state not in ("running", "stopped", "stopping"):
            text = f"The {instance.state} instance '{instance.id}' is not in a valid state for this operation."
            raise refuse("InvalidInstanceID", text)
        if not options.get("address") and options.get("allocation_id"):
            self.address_by_allocation([options["allocation_id"]])
        nic = eni or instance.nics[0]
        now = elastic(nic)
        if now and options.get("allocation_id") == now.allocation_id:
            return now
        done = associate(self, instance=instance, eni=eni, **options)
        if now:
            now.instance, now.eni, now.association_id = None, None, None
        return done

    def release_address(self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        if found[0].association_id:
            raise refuse("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        release(self, address=address, allocation_id=allocation_id)

    EC2Backend.allocate_address = allocate_address
    EC2Backend.associate_address = associate_address
    EC2Backend.release_address = release_address
    NetworkInterface.stop = lambda self: None if elastic(self) else nic_stop(self)
    NetworkInterface.start = lambda self: None if elastic(self) else nic_start(self)
    elastic_ip_addresses.random_ip = lambda: next(fresh)
    elastic_network_interfaces.random_public_ip = lambda: next(fresh)
