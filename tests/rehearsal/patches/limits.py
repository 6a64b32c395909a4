"""Where and whether a launch or start may happen: zone offering, architecture, vCPU quota, capacity and price."""

from __future__ import annotations

import re
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.servicequotas.models import servicequotas_backends

from ..spot import Asked
from ..state import STATE
from . import capacity
from .errors import refuse

FAMILIES = {
    "P": ("L-417A185B", "L-7212CCBC"), "G": ("L-DB2E81BA", "L-3819A6DF"), "VT": ("L-DB2E81BA", "L-3819A6DF"),
    "INF": ("L-1945791B", "L-B5D1601B"), "TRN": ("L-2C3B7624", "L-6B0D517C"), "DL": ("L-6E869C2A", "L-85EED4F7"),
    "F": ("L-74FC7D96", "L-88CF9481"), "X": ("L-7295265B", "L-E3A00192"),
}  # fmt: skip
NOT_FREE = (
    "The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run "
    "'describe-instance-types' with the filter 'free-tier-eligible=true'."
)
STANDARD = ("L-1216C47A", "L-34B43A08")


def quota_code(instance_type: str, spot: bool) -> str:
    """The vCPU quota that an instance type counts against."""
    letters = re.match(r"[a-z]+", instance_type.split(".")[0])
    family = letters[0].upper() if letters else ""
    # g5g and gr6 are G, x2gd is X, p4de is P: the first letters before the generation decide.
    family = "G" if family in ("G", "GR") else family
    code = FAMILIES.get(family, STANDARD)[1 if spot else 0]
    return "L-C4BD4855" if spot and instance_type.startswith("p5") else code


def vcpus(instance_type: str) -> int:
    """How many vCPUs a type has."""
    return int(INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 0))


def check_quota(backend: Any, instance_type: str, count: int, spot: bool) -> None:
    """Refuse what the account's vCPU quota does not allow."""
    code = quota_code(instance_type, spot)
    limit = servicequotas_backends[backend.account_id][backend.region_name].granted(code)
    used = sum(
        vcpus(one.instance_type)
        for one in backend.all_instances()
        if one.state in ("pending", "running") and quota_code(one.instance_type, one.lifecycle == "spot") == code
    )
    if used + count * vcpus(instance_type) <= limit:
        return
    if spot:
        raise refuse("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
    raise refuse(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {limit:g} allows for the instance bucket "
        "that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request "
        "an adjustment to this limit.",
    )


def offered(region: str, instance_type: str) -> list[str]:
    """The zones of a region that offer a type."""
    zones = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return sorted(one["Location"] for one in zones if one["InstanceType"] == instance_type)


def place(backend: Any, ami: Any, count: int, options: dict[str, Any], spot: Asked | None) -> str | None:
    """Check a launch against every limit; answer its subnet, the default one of a suitable zone when none is named."""
    instance_type, region = options["instance_type"], backend.region_name
    asked: str | None = options.get("subnet_id")
    info = INSTANCE_TYPES.get(instance_type)
    zones = offered(region, instance_type)
    if info is None:
        raise refuse("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    if not zones:
        text = "The requested configuration is currently not supported. Please check the documentation for supported"
        raise refuse("Unsupported", f"{text} configurations.")
    built_for = info.get("ProcessorInfo", {}).get("SupportedArchitectures", [])
    if ami.architecture not in built_for:
        text = (
            f"The architecture '{','.join(built_for)}' of the specified instance type does not match the architecture"
        )
        raise refuse("InvalidParameterValue", f"{text} '{ami.architecture}' of the specified AMI.")
    subnet = asked or next((n["SubnetId"] for n in options["nics"] if "SubnetId" in n), None)
    zone = backend.get_subnet(subnet).availability_zone if subnet else options.get("placement")
    if zone and zone not in zones:
        text = f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone ({zone})."
        hint = f" Please retry your request by not specifying an Availability Zone or choosing {', '.join(zones)}."
        raise refuse("Unsupported", text + hint)
    if STATE.knobs.account_plan == "FREE" and not info.get("FreeTierEligible"):
        raise refuse("InvalidParameterCombination", NOT_FREE)
    check_quota(backend, instance_type, count, spot is not None)
    zone = zone or capacity.best_zone(region, instance_type, zones, spot)
    capacity.check_price(region, instance_type, zone, spot)
    capacity.check_capacity(region, instance_type, zone, count, spot is not None)
    if subnet or options["nics"]:
        return asked
    default = (backend.get_default_subnets() or {}).get(zone)
    if default is None:
        raise refuse("MissingInput", f"No subnets found for the default VPC in {zone}. Please specify a subnet.")
    return str(default.id)


def apply() -> None:
    """Patch moto."""
    start = EC2Backend.start_instances

    def start_instances(self: Any, instance_ids: list[str]) -> Any:
        stopped = [one for one in self.get_multi_instances_by_id(instance_ids) if one.state == "stopped"]
        for one in stopped:
            spot = one.lifecycle == "spot"
            check_quota(self, one.instance_type, 1, spot)
            capacity.check_capacity(self.region_name, one.instance_type, one.availability_zone, 1, spot)
        started = start(self, instance_ids)
        for one in stopped:
            capacity.use_capacity(self.region_name, one.instance_type, one.availability_zone, one.lifecycle == "spot")
        return started

    EC2Backend.start_instances = start_instances
