"""What things cost in the rehearsal: data/prices.json, and the Spot prices that a knob sets. USD an hour."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from .state import STATE

DATA: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "prices.json").read_text())
SPOT_SHARE = 0.4  # of the On-Demand price, where no knob says otherwise


def scaled(usd: str, factor: str) -> str:
    """A price times a region's factor, as AWS writes prices: decimal, without trailing zeros."""
    return f"{(Decimal(usd) * Decimal(factor)).normalize():f}"


@cache
def hourly(region: str) -> dict[str, str]:
    """The On-Demand price of every type that a region sells; empty for a region without a price list."""
    place = DATA["regions"].get(region)
    if place is None:
        return {}
    offered = {one["InstanceType"] for one in INSTANCE_TYPE_OFFERINGS["region"].get(region, [])}
    every = {**DATA["typed_in"], **DATA["guessed"]}
    prices = {kind: scaled(usd, place["factor"]) for kind, usd in every.items()} | place.get("instances", {})
    return {kind: usd for kind, usd in prices.items() if kind in offered}


def on_demand(region: str, instance_type: str) -> float | None:
    """The On-Demand price of a type in a region; None when nobody knows it."""
    usd = hourly(region).get(instance_type)
    return None if usd is None else float(usd)


def spot(region: str, instance_type: str, zone: str) -> float | None:
    """The Spot price in a zone: the knob's for the zone, else for the region, else a share of On-Demand."""
    for place in ((region, instance_type, zone), (region, instance_type, "")):
        if place in STATE.spot_prices:
            return STATE.spot_prices[place]
    usd = on_demand(region, instance_type)
    return None if usd is None else round(usd * SPOT_SHARE, 6)
