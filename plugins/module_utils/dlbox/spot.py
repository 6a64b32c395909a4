"""Spot: the launch's market options, what an open request means, and its end before the instance's."""

from __future__ import annotations

from typing import Any

from .change import Call, Change
from .errors import Refused
from .names import SPOT_TAG
from .power import terminate

# What a persistent request is while it can still launch or start something that bills.
ALIVE = ("open", "active", "disabled")
# What its status says where AWS stopped the instance itself; it starts it again when it has capacity.
TAKEN_BACK = ("instance-stopped-no-capacity", "instance-stopped-by-price", "instance-stopped-capacity-oversubscribed")


def market(want: Any) -> dict[str, Any]:
    """RunInstances' InstanceMarketOptions: persistent, and stopped where AWS takes the capacity back; {} for On-Demand."""
    if not want.spot:
        return {}
    options: dict[str, Any] = {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"}
    if want.spot_max_usd:
        options["MaxPrice"] = want.spot_max_usd
    return {"InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": options}}


def known(seen: dict[str, Any]) -> bool:
    """Whether the box was launched as Spot at some time, as its security group tells."""
    return any(SPOT_TAG in group["Tags"] for group in seen["groups"])


def check_lifecycle(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> None:
    """Refuse to take one way of paying for the other, which AWS cannot change, and a Spot box that nothing can stop any more."""
    spot = box.get("InstanceLifecycle") == "spot"
    if spot != want.spot:
        here, other = ("a Spot", "On-Demand") if spot else ("an On-Demand", "Spot")
        raise Refused(
            f"box_spot: {box['InstanceId']} is {here} instance and cannot become {other}: set box_spot: {'true' if spot else 'false'}, "
            "or save what is on its disk, destroy it, and run this again"
        )
    if spot and box.get("SpotInstanceRequestId") not in {item["id"] for item in seen["spot_requests"]}:
        raise Refused(
            f"the Spot request of {box['InstanceId']} was cancelled, and AWS stops no such instance, at no stop time either: "
            "save what is on its disk, destroy it, and run this again"
        )


def interrupted(seen: dict[str, Any]) -> bool:
    """Whether AWS stopped the box itself, and will start it again."""
    stopped = {
        item.get("SpotInstanceRequestId") for item in seen["instances"] if item["State"] in ("stopping", "stopped")
    }
    return any(item["id"] in stopped and item["why"] in TAKEN_BACK for item in seen.get("spot_requests", []))


def check_stop(seen: dict[str, Any]) -> None:
    """Refuse to call a box stopped that AWS starts again by itself."""
    if interrupted(seen):
        raise Refused(
            f"AWS stopped Spot box {seen['instances'][0]['InstanceId']} to take its capacity back, and starts it again by itself, which then bills: "
            "no stop holds it down, so let it come back and stop it then, or end it with playbooks/destroy.yml"
        )


def check_requests(seen: dict[str, Any]) -> None:
    """Refuse a launch while a Spot request of the box is alive: it launches by itself, and two would bill."""
    if request := next(iter(seen.get("spot_requests", [])), None):
        raise Refused(
            f"Spot request {request['id']} of this box is {request['state']} ({request['why']}) and launches by itself when AWS has capacity: "
            "wait and run the same command, or end it with playbooks/destroy.yml"
        )


def cancel(seen: dict[str, Any]) -> list[Change]:
    """The end of every request of the box, before its instance's, and of what a request launched in place of the box."""
    of_boxes = {item["SpotInstanceRequestId"] for item in seen["instances"] if "SpotInstanceRequestId" in item}
    ids = sorted(of_boxes | {item["id"] for item in seen["spot_requests"]})
    ended = [
        Change(
            "cancel",
            f"Spot request {ident}",
            "the box is to be absent",
            "alive",
            None,
            "it launches nothing more",
            (Call("ec2", "cancel_spot_instance_requests", {"SpotInstanceRequestIds": [ident]}),),
        )
        for ident in ids
    ]
    # AWS gives the tags of the request, but not those of the box, to an instance that it launches again.
    return ended + [
        change for item in strangers(seen) for change in terminate({"InstanceId": item, "State": "running"})
    ]


def strangers(seen: dict[str, Any]) -> list[str]:
    """Instances of the box's requests that do not carry its tag: AWS launched them in place of one that ended."""
    boxes = {item["InstanceId"] for item in seen["instances"]}
    return sorted(
        {item["instance"] for item in seen["spot_requests"] if item["instance"] and item["state"] != "open"} - boxes
    )
