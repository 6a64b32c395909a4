"""The box itself: one instance, launched once, adopted by its tag, started, stopped, resized while stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import choose, spot, values
from .change import Change
from .choose import kept
from .drift_instance import drift
from .errors import Refused
from .launch import launch
from .names import Scope, scope
from .power import power, terminate, to_be_stopped
from .spec import COMMON_SPEC
from .wanted import Wanted, wanted

SPEC = {
    **COMMON_SPEC,
    "instance_type": {"type": "raw", "default": ""},
    "spot": {"type": "bool", "default": False},
    "spot_max_usd": {"type": "str", "default": ""},
    "ami": {"type": "str", "default": "pytorch"},
    "ubuntu": {"type": "str", "default": "24.04"},
    "pytorch": {"type": "str", "default": ""},
    "disk_gib": {"type": "str", "default": "100"},
    "state": {"type": "str", "default": "running", "choices": ["running", "stopped", "absent"]},
}
OWNS = ("instances", "volumes", "shutdown_behavior", "strays", "spent", "groups", "spot_requests")
# Not the group: where its generation is behind, the launch meets a dead instance and goes on to the next.
FRESH = ("instances",)
UNVERIFIED = ("whether AWS has capacity for this type now: only a launch tells",)


@dataclass(frozen=True)
class Want:
    """The instance asked for; without types or needs, the running state alone is."""

    scope: Scope
    wanted: Wanted
    spot: bool
    spot_max_usd: str
    ami: str
    ubuntu: str
    pytorch: str
    disk_gib: int
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses bad values by name."""
    state = params.get("state") or "running"
    kinds = wanted("box_instance_type", params["instance_type"]) if params.get("instance_type") else Wanted()
    cap = values.usd("box_spot_max_usd", params.get("spot_max_usd") or "")
    ami = str(params["ami"])
    if not ami.startswith("ami-"):
        values.choice("box_ami", ami, ("pytorch", "base", "ubuntu", "ami-…"))
    ubuntu = values.choice("box_ubuntu", str(params["ubuntu"]), ("22.04", "24.04"))
    pytorch = values.version("box_pytorch", params.get("pytorch") or "")
    disk = values.gib("box_disk_gib", params["disk_gib"])
    return Want(scope(params), kinds, bool(params["spot"]), cap, ami, ubuntu, pytorch, disk, state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads: little for a box that stands, more for a launch or a resize."""
    parts = {"account", "instances", "groups"} | ({"spot_requests"} if want.state == "absent" else set())
    if not parts <= seen.keys():
        return parts
    if want.wanted == Wanted():
        spots = any(item.get("InstanceLifecycle") == "spot" for item in seen["instances"])
        return parts | ({"spot_requests"} if spots else set())
    parts |= {"types"} if want.wanted.needs else set()
    if not parts <= seen.keys():
        return parts
    if seen["instances"]:
        parts |= {"volumes", "shutdown_behavior"} | ({"spot_requests"} if want.spot else set())
        return parts | (set() if kept(want, seen) else {"own_image"} | choose.parts(want, seen))
    parts |= {"strays", "spent", "subnets"} | choose.parts(want, seen)
    parts |= {"spot_requests"} if want.spot or spot.known(seen) else set()
    return parts | ({"image"} if parts <= seen.keys() else set())


def shown(want: Want, seen: dict[str, Any]) -> set[str]:
    """The price of the launch: a dry run looks it up, a real one, which has been decided on, saves the call."""
    return {"prices"} if seen.get("instances") == [] and want.wanted != Wanted() and want.state != "absent" else set()


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave one instance in the wanted state."""
    if len(seen["instances"]) > 1:
        ids = " and ".join(item["InstanceId"] for item in seen["instances"])
        raise Refused(
            f"{ids} both carry the tag dlbox:box={want.scope.box}, and both bill: terminate the one you do not need, "
            "or remove its tag, then run the same command"
        )
    box = next(iter(seen["instances"]), None)
    if want.state == "absent":
        return [*spot.cancel(seen), *(terminate(box) if box else [])]
    if want.wanted == Wanted():
        # stop and destroy must work whatever else has drifted.
        if want.state == "stopped":
            spot.check_stop(seen)
        return power(want, box) if box else []
    if box is None:
        changes = launch(want, seen)
        return changes if want.state == "running" else [*changes, to_be_stopped(want)]
    spot.check_lifecycle(want, seen, box)
    if want.state == "stopped":
        spot.check_stop(seen)
    return [*drift(want, seen, box), *power(want, box)]


def learned(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The box as the last wait saw it, after every other write; and its group, of which a launch moves only notes for the next launch."""
    if "instance" not in saved or want.state == "absent":
        return {}
    return {"instances": [saved["instance"]], "groups": seen["groups"]}


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The instance's id and type, and each place where a launch was tried; the state is for dlbox_info to read afresh."""
    box: dict[str, Any] = next(iter(seen.get("instances") or []), {})
    return {
        "instance_id": saved.get("InstanceId", box.get("InstanceId")),
        "instance_type": saved.get("InstanceType", box.get("InstanceType")),
        "attempts": saved.get("attempts", []),
    }
