"""The knobs that say what AWS has to sell: capacity and Spot prices."""

from __future__ import annotations

from typing import Any

from .state import STATE


def set_capacity(body: Any, _: dict[str, str]) -> Any:
    """Say how many more instances of a type a zone (or, without one, the region) can start; null means plenty."""
    for one in body if isinstance(body, list) else [body]:
        place = (one["region"], one["type"], one.get("zone") or "", bool(one.get("spot")))
        if one["free"] is None:
            STATE.capacity.pop(place, None)
        else:
            STATE.capacity[place] = one["free"]
    kept = STATE.capacity.items()
    return [{"region": r, "type": t, "zone": z, "spot": s, "free": n} for (r, t, z, s), n in kept]


def set_spot_price(body: Any, _: dict[str, str]) -> Any:
    """Set the Spot price of a type in a zone (or, without one, in the region), in USD an hour; null means the usual."""
    for one in body if isinstance(body, list) else [body]:
        place = (one["region"], one["type"], one.get("zone") or "")
        if one["usd"] is None:
            STATE.spot_prices.pop(place, None)
        else:
            STATE.spot_prices[place] = float(one["usd"])
    return [{"region": r, "type": t, "zone": z, "usd": usd} for (r, t, z), usd in STATE.spot_prices.items()]
