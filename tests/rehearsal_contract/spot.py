"""What the Spot contracts start from."""

from __future__ import annotations

import time
from typing import Any

from .world import World, setup

PERSISTENT = {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"}


def market(**options: Any) -> dict[str, Any]:
    """The market options of a launch."""
    return {"MarketType": "spot", "SpotOptions": options}


@setup
def spot(aws: World, **options: Any) -> str:
    """A running Spot instance; of a one-time request where no options say otherwise."""
    return aws.launched(InstanceMarketOptions=market(**options))


def requests(aws: World, **filters: str) -> list[dict[str, Any]]:
    """The Spot requests that pass the filters, written as state="open" or tag__owner="me"."""
    named = [{"Name": k.replace("__", ":").replace("_", "-"), "Values": [v]} for k, v in filters.items()]
    found: list[dict[str, Any]] = aws.ec2.describe_spot_instance_requests(Filters=named)["SpotInstanceRequests"]
    return found


def shown(aws: World) -> tuple[str, str]:
    """State and status code of the only Spot request."""
    (found,) = requests(aws)
    return found["State"], found["Status"]["Code"]


def becomes(aws: World, *wanted: str) -> dict[str, Any]:
    """The only Spot request, once it shows this state and status code."""
    until = time.monotonic() + 5
    while shown(aws) != wanted:
        assert time.monotonic() < until, f"{shown(aws)} never became {wanted}"
        time.sleep(0.05)
    return requests(aws)[0]


def interrupted(aws: World, ident: str, **more: Any) -> None:
    """AWS takes the capacity of an instance away."""
    aws.server.post("interrupt", {"region": "us-west-2", "instance_id": ident, **more})
