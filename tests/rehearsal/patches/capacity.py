"""What a zone can start now: the capacity knob, of On-Demand and of Spot apart, and the Spot price."""

from __future__ import annotations

from .. import prices
from ..spot import Asked
from ..state import STATE
from .errors import refuse


def free(region: str, instance_type: str, zone: str, spot: bool) -> int | None:
    """How many more of a type a zone can start; None is plenty."""
    whole_region = STATE.capacity.get((region, instance_type, "", spot))
    return STATE.capacity.get((region, instance_type, zone, spot), whole_region)


def check_capacity(region: str, instance_type: str, zone: str, count: int, spot: bool) -> None:
    """Refuse what a zone has no capacity for, as AWS does."""
    left = free(region, instance_type, zone, spot)
    if left is None or left >= count:
        return
    if spot:
        raise refuse("InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.")
    text = (
        f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone})."
    )
    raise refuse(
        "InsufficientInstanceCapacity", text + " Our system will be working on provisioning additional capacity."
    )


def use_capacity(region: str, instance_type: str, zone: str, spot: bool) -> None:
    """Count a launch or start against its zone's capacity."""
    for key in ((region, instance_type, zone, spot), (region, instance_type, "", spot)):
        if key in STATE.capacity:
            STATE.capacity[key] -= 1
            return


def too_dear(region: str, instance_type: str, zone: str, asked: Asked | None) -> float | None:
    """The Spot price of a zone when it is above what a request pays at most; None otherwise."""
    usd = prices.spot(region, instance_type, zone) if asked and asked.max_usd is not None else None
    return usd if asked and asked.max_usd is not None and usd is not None and asked.max_usd < usd else None


def check_price(region: str, instance_type: str, zone: str, asked: Asked | None) -> None:
    """Refuse a Spot request that pays less than the Spot price."""
    usd = too_dear(region, instance_type, zone, asked)
    if asked and usd is not None:
        text = f"Your Spot request price of {asked.max_usd:g} is lower than the minimum required Spot request fulfillment price"
        raise refuse("SpotMaxPriceTooLow", f"{text} of {usd:g}.")


def best_zone(region: str, instance_type: str, zones: list[str], asked: Asked | None) -> str:
    """The first zone that can start one at the price; the first of all when none can."""
    left = {zone: free(region, instance_type, zone, asked is not None) for zone in zones}
    able = (z for z in zones if left[z] != 0 and too_dear(region, instance_type, z, asked) is None)
    return next(able, zones[0])
