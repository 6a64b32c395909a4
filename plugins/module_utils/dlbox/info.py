"""What exists of a box and what it costs: for the receipt, and for the list of what still bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import alarm_form, standing, values
from .change import Change
from .names import Scope, own, scope
from .observe_price import HOURS_PER_MONTH
from .spec import COMMON_SPEC
from .spot import interrupted, strangers

SPEC = {
    **COMMON_SPEC,
    "ami": {"type": "str", "default": ""},
    "ubuntu": {"type": "str", "default": "24.04"},
    "pytorch": {"type": "str", "default": ""},
}
OWNS = ()
FRESH = ()


@dataclass(frozen=True)
class Want:
    """The box asked about, and the image that a new one would get; without `ami` that is not looked up."""

    scope: Scope
    ami: str
    ubuntu: str
    pytorch: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for."""
    ami = str(params.get("ami") or "")
    if ami and not ami.startswith("ami-"):
        values.choice("box_ami", ami, ("pytorch", "base", "ubuntu", "ami-…"))
    return Want(
        scope(params), ami, str(params.get("ubuntu")), values.version("box_pytorch", params.get("pytorch") or "")
    )


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the answer is made of; prices only for what exists."""
    parts = {"account", "instances", "addresses", "tagged_volumes", "key_pairs", "groups", "spot_requests"}
    parts |= {"schedules", "function_role"}
    if not parts <= seen.keys():
        return parts
    parts |= {"function", "function_permissions", "rules"} if seen["function_role"] else set()
    parts |= {"price_instance"} if seen["instances"] else set()
    parts |= {"newest_image"} if seen["instances"] and want.ami else set()
    parts |= {"price_disk"} if seen["tagged_volumes"] else set()
    # A group that is gone can no longer tell whether there was an alarm.
    parts |= {"alarm", "alarm_subscriptions"} if alarm_form.marked(seen) or not seen["groups"] else set()
    return parts | ({"price_address"} if own(want.scope, seen["addresses"]) else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Nothing: asking changes nothing."""
    return []


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The box as the receipt shows it."""
    box: dict[str, Any] = next(iter(seen["instances"]), {})
    seen = {**seen, "addresses": own(want.scope, seen["addresses"])}
    address: dict[str, Any] = next(iter(seen["addresses"]), {})
    stopped = bool(box) and box["State"] in ("stopping", "stopped")
    return {
        **{key: seen["account"][key] for key in ("account", "partition", "rehearsal")},
        "state": box.get("State", "absent"),
        "instance_id": box.get("InstanceId"),
        "instance_type": box.get("InstanceType"),
        "spot": box.get("InstanceLifecycle") == "spot",
        "interrupted": interrupted(seen),
        "ami": box.get("ImageId"),
        "newer_ami": _newer(seen, box),
        "public_ip": address.get("PublicIp", box.get("PublicIpAddress")),
        **standing.planned(want, seen, box, datetime.fromisoformat(seen["account"]["now"])),
        "alarm": alarm_form.standing(seen, box),
        "hourly_usd": total(costs(seen, running=not stopped)),
        "hourly_usd_stopped": total(costs(seen, running=False)),
        "bills": bills(seen),
    }


def _newer(seen: dict[str, Any], box: dict[str, Any]) -> dict[str, Any] | None:
    """The image that the settings mean today, where the box has another: a box is never replaced for it."""
    image = seen.get("newest_image")
    return (
        {"ami": image["ami"], "name": image["name"]} if box and image and image["ami"] != box.get("ImageId") else None
    )


def costs(seen: dict[str, Any], running: bool) -> list[float | None]:
    """USD per hour of each thing that bills; None where no price is known."""
    size = sum(volume["Size"] for volume in seen["tagged_volumes"])
    month = seen.get("price_disk") if size else 0.0
    disk = None if month is None else size * month / HOURS_PER_MONTH
    addresses = [seen["price_address"] for _ in seen["addresses"]] if seen["addresses"] else []
    instances = [seen["price_instance"] for _ in seen["instances"]] if running and seen["instances"] else []
    return [disk, *addresses, *instances]


def total(prices: list[float | None]) -> float | None:
    """The sum in USD per hour, None if any price is unknown."""
    known = [price for price in prices if price is not None]
    return round(sum(known), 4) if len(known) == len(prices) else None


def _state(box: dict[str, Any]) -> str:
    return "stopped: free of charge until it starts" if box["State"] == "stopped" else str(box["State"])


def bills(seen: dict[str, Any]) -> list[str]:
    """Everything of the box that costs money, in words; empty means nothing does."""
    return [
        *(f"instance {item['InstanceId']} ({item['InstanceType']}, {_state(item)})" for item in seen["instances"]),
        *(f"disk {item['VolumeId']} ({item['Size']} GiB)" for item in seen["tagged_volumes"]),
        *(f"address {item['PublicIp']}" for item in seen["addresses"]),
        *(f"instance {ident} (launched by a Spot request in place of the box)" for ident in strangers(seen)),
        *(
            f"Spot request {item['id']} (open: it launches by itself)"
            for item in seen["spot_requests"]
            if item["state"] == "open"
        ),
        *(
            f"alarm {one['AlarmName']} ($0.10 a month, the account's first ten free)"
            for one in [seen.get("alarm")]
            if one
        ),
    ]
