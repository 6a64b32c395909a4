"""What happens to Spot requests by itself: instances launched again, and interruptions that the knob calls for."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends

from .patches.states import when
from .spot import Request, requests
from .state import ACCOUNT, STATE

# Why a launch is refused, and what a request that waits for it shows; anything else can never be fulfilled.
WAITING = {
    "InsufficientInstanceCapacity": "capacity-not-available",
    "SpotMaxPriceTooLow": "price-too-low",
    "MaxSpotInstanceCountExceeded": "limit-exceeded",
}
BUSY: set[int] = set()


def look_again(backend: Any) -> None:
    """Launch for every open request whose instance is gone; its new instance has none of the old one's tags."""
    if id(backend) in BUSY:
        return
    BUSY.add(id(backend))
    try:
        for one in requests(backend):
            if one.shown()[0] == "open" and one.instance.state == "terminated":
                launch_for(one)
    finally:
        BUSY.discard(id(backend))


def launch_for(request: Request) -> None:
    """Try to fulfil an open request."""
    try:
        request.fulfil(request.launch_again().instances[0])
    except ServiceException as refused:
        request.waiting = WAITING.get(refused.code, "bad-parameters")
        return
    STATE.changed(write=False)


def interrupt(body: Any, _: Any) -> Any:
    """Take a Spot instance's capacity away, as its request's behaviour says; with `resume`, give it back."""
    backend = ec2_backends[ACCOUNT][body["region"]]
    instance = backend.get_instance(body["instance_id"])
    request: Request | None = getattr(instance, "spot_request", None)
    if request is None:
        raise ValueError(f"{instance.id} is not a Spot instance: launch it with InstanceMarketOptions")
    if body.get("resume"):
        resume(request)
    elif instance.state == "running":
        take_away(request)
    else:
        raise ValueError(f"{instance.id} is {instance.state}: only a running instance is interrupted")
    return {"instance_id": instance.id, "state": instance.state, "request": request.id, "shown": request.shown()}


def take_away(request: Request) -> None:
    """Stop or terminate a request's instance in AWS's name."""
    instance, request.interrupted = request.instance, True
    ends = request.asked.behaviour == "terminate"
    instance.terminate() if ends else instance.stop()
    code = "Server.SpotInstanceTermination" if ends else "Server.SpotInstanceShutdown"
    instance.state_reason.code = code
    instance.state_reason.message = f"{code}: Spot Instance {'termination' if ends else 'shutdown'}"
    instance._reason = f"Service initiated ({when()})"


def resume(request: Request) -> None:
    """Start an interrupted instance again."""
    instance = request.instance
    if not request.interrupted or instance.state != "stopped" or request.cancelled:
        raise ValueError(f"{instance.id} is not stopped by an interruption: nothing can be resumed")
    request.interrupted = False
    instance.start()
