"""Spot requests: what a launch asks for, and what its request shows at each moment of its instance's life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.moto_api._internal import mock_random

from .patches.states import age
from .state import STATE

LIVE = ("open", "active", "disabled")
MESSAGES = {
    "fulfilled": "Your spot request is fulfilled.",
    "pending-evaluation": "Your Spot request has been submitted for review, and is pending evaluation.",
    "capacity-not-available": "There is no Spot capacity available that matches your request.",
    "price-too-low": "Your Spot request price is lower than the minimum required Spot request fulfillment price.",
    "limit-exceeded": "Your Spot request exceeds a quota of your account.",
    "bad-parameters": "Your Spot request failed due to bad parameters.",
    "marked-for-stop": "Your Spot instance is marked for stop.",
    "instance-stopped-by-user": "Your Spot instance was stopped due to user-initiated stop.",
    "instance-stopped-no-capacity": "Your Spot instance was stopped because there is no Spot capacity available that matches your request.",
    "instance-terminated-by-user": "Your Spot instance was terminated due to user-initiated termination.",
    "instance-terminated-no-capacity": "Your Spot instance was terminated because there is no Spot capacity available that matches your request.",
    "request-canceled-and-instance-running": "Your Spot request is canceled, but your instance is still running.",
}


@dataclass(frozen=True)
class Asked:
    """The Spot options of a launch; the most it pays is in USD an hour, None for whatever Spot costs."""

    persistent: bool = False
    behaviour: str = "terminate"
    max_usd: float | None = None


@dataclass(eq=False)
class Request:
    """One Spot request and the instance that fulfilled it last."""

    asked: Asked
    instance: Any
    launch_again: Callable[[], Any]
    created: datetime
    id: str = field(default_factory=lambda: f"sir-{mock_random.get_random_hex(8)}")
    cancelled: bool = False
    interrupted: bool = False
    waiting: str = "pending-evaluation"

    def shown(self) -> tuple[str, str]:
        """State and status code, as AWS would answer them now."""
        return shown(self, self.instance.state, lagging(self.instance))

    def fulfil(self, instance: Any) -> None:
        """Take an instance for this request's own."""
        self.instance, self.waiting, self.interrupted = instance, "pending-evaluation", False
        instance.spot_request, instance.spot_instance_request_id = self, self.id


def shown(request: Request, instance_state: str, lags: bool) -> tuple[str, str]:
    """State and status code for the state of the instance: AWS's table of a Spot request's life."""
    by = "no-capacity" if request.interrupted else "by-user"
    if instance_state in ("shutting-down", "terminated"):
        if request.cancelled:
            return "cancelled", f"instance-terminated-{by}"
        if not request.asked.persistent:
            return "closed", f"instance-terminated-{by}"
        return ("failed" if request.waiting == "bad-parameters" else "open"), request.waiting
    if request.cancelled:
        return "cancelled", "request-canceled-and-instance-running"
    if instance_state == "stopping" or (instance_state == "stopped" and lags):
        return "active", "marked-for-stop"
    return ("disabled", f"instance-stopped-{by}") if instance_state == "stopped" else ("active", "fulfilled")


def lagging(instance: Any) -> bool:
    """Whether an instance's request has not noticed yet that it stopped."""
    return age(instance) < STATE.knobs.transition_s + STATE.knobs.spot_delay_s


def requests(backend: Any) -> list[Request]:
    """Every Spot request of a region, the oldest first."""
    return list(backend.spot_instance_requests.values())


def live(backend: Any) -> list[tuple[Request, str]]:
    """The requests that can still launch or hold an instance, with their states."""
    states = [(one, one.shown()[0]) for one in requests(backend)]
    return [(one, state) for one, state in states if state in LIVE]
