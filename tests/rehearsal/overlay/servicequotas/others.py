"""EC2's other quotas, which make its list as long as AWS's: nobody here asks for them."""

from __future__ import annotations

import hashlib

from moto.ec2.models.instance_types import INSTANCE_FAMILIES

NAMED = {
    "L-43DA4232": ("Running On-Demand High Memory instances", 0.0),
    "L-F7808C92": ("Running On-Demand HPC instances", 0.0),
    "L-3E6EC3A3": ("VPN connections per region", 50.0),
    "L-A2478D36": ("Transit gateways per account", 5.0),
    "L-E0233F82": ("Attachments per transit gateway", 5000.0),
    "L-4FB7FF5D": ("Customer gateways per region", 50.0),
    "L-B665C33B": ("AMIs", 50000.0),
    "L-0E3CBAB9": ("Public AMIs", 5.0),
    "L-AEA9B60D": ("Concurrent AMI copies per destination region", 100.0),
}


def made_up(name: str) -> str:
    """A code for a quota whose own is not known."""
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


HOSTS = {made_up(name): (name, 0.0) for name in (f"Running Dedicated {one} Hosts" for one in sorted(INSTANCE_FAMILIES))}
OTHERS: dict[str, tuple[str, float]] = {**NAMED, **HOSTS}
