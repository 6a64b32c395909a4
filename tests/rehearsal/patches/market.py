"""The market options of RunInstances: which AWS takes, which it refuses."""

from __future__ import annotations

from typing import Any

from ..spot import Asked
from .errors import refuse


def read(options: dict[str, Any], tags: dict[str, Any]) -> Asked | None:
    """The Spot options of a launch; None for On-Demand."""
    if not options:
        if "spot-instances-request" in tags:
            text = "You cannot specify tags for Spot instances requests if there are no Spot instances requests being created"
            raise refuse("InvalidParameterValue", f"{text} by the request.")
        return None
    if options.get("MarketType") != "spot":
        raise refuse("InvalidParameterValue", f"The rehearsal has no market {options.get('MarketType')}, only spot.")
    given = options.get("SpotOptions") or {}
    kind, behaviour = given.get("SpotInstanceType", "one-time"), given.get("InstanceInterruptionBehavior", "terminate")
    if kind == "one-time" and behaviour != "terminate":
        text = f"The request with type 'one-time' is not supported when instanceInterruptionBehavior is set to '{behaviour}'."
        raise refuse("InvalidParameterCombination", text)
    if kind == "persistent" and behaviour == "terminate":
        text = "The terminate InstanceInterruptionBehavior is not supported when requestType is set to persistent."
        raise refuse("InvalidParameterCombination", text)
    return Asked(kind == "persistent", behaviour, price(given.get("MaxPrice")))


def price(text: Any) -> float | None:
    """The most that a request pays, in USD an hour."""
    if text is None:
        return None
    try:
        usd = float(text)
    except ValueError:
        usd = 0.0
    if usd < 0.001:
        raise refuse("InvalidParameterValue", f"Invalid value '{text}' for spotPrice.")
    return usd
