"""Spot instances: they stop, start and end with their request, and a persistent request launches again."""

from __future__ import annotations

from typing import Any

from moto.ec2 import utils
from moto.ec2.models import EC2Backend
from moto.ec2.responses.instances import InstanceResponse

from ..spot import Asked, Request
from ..spot_life import look_again
from ..state import STATE
from .capacity import check_price
from .errors import refuse


def attach(backend: Any, instance: Any, asked: Asked, tags: dict[str, str], launch_again: Any) -> None:
    """Give an instance the request that it was launched for."""
    request = Request(asked, instance, launch_again, STATE.now())
    request.fulfil(instance)
    backend.spot_instance_requests[request.id] = request
    backend.create_tags([request.id], tags)


def refuse_stop(instance: Any) -> None:
    """A Spot instance stops only for a persistent request that was not cancelled."""
    request: Request | None = getattr(instance, "spot_request", None)
    if request is None or instance.state != "running":
        return
    if not request.asked.persistent:
        text = f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot Instance request."
        only = "You can only stop Spot Instances associated with persistent Spot Instance requests."
        raise refuse("UnsupportedOperation", f"{text} {only}")
    if request.cancelled:
        text = f"You can't stop the Spot Instance '{instance.id}' because the associated Spot Instance request is cancelled."
        raise refuse("IncorrectSpotRequestState", text)


def refuse_start(instance: Any) -> None:
    """A Spot instance starts only when its user stopped it, its request has noticed, and the price is right."""
    request: Request | None = getattr(instance, "spot_request", None)
    if request is None or instance.state != "stopped":
        return
    if request.shown()[1] != "instance-stopped-by-user":
        text = (
            f"You can't start the Spot Instance '{instance.id}' because the associated Spot Instance request is not in"
        )
        raise refuse("IncorrectSpotRequestState", f"{text} an appropriate state to support start.")
    check_price(instance.ec2_backend.region_name, instance.instance_type, instance.availability_zone, request.asked)


def apply() -> None:
    """Patch moto."""
    start, stop, modify = EC2Backend.start_instances, EC2Backend.stop_instances, EC2Backend.modify_instance_attribute
    all_reservations, get_param = EC2Backend.all_reservations, InstanceResponse._get_param

    def start_instances(self: Any, instance_ids: list[str]) -> Any:
        for one in self.get_multi_instances_by_id(instance_ids):
            refuse_start(one)
        return start(self, instance_ids)

    def stop_instances(self: Any, instance_ids: list[str]) -> Any:
        for one in self.get_multi_instances_by_id(instance_ids):
            refuse_stop(one)
        return stop(self, instance_ids)

    def modify_instance_attribute(self: Any, instance_id: str, key: str, value: Any) -> Any:
        if key == "instance_type" and self.get_instance(instance_id).lifecycle == "spot":
            raise refuse("UnsupportedOperation", "The instance type of a Spot Instance can't be modified.")
        return modify(self, instance_id, key, value)

    def reservations(self: Any, filters: Any = None) -> Any:
        look_again(self)
        return all_reservations(self, filters)

    def whole_market(self: Any, name: str, if_none: Any = None) -> Any:
        # moto asks for the market's type alone; a launch needs its options too.
        return get_param(self, name.removesuffix(".MarketType") if name.startswith("InstanceMarket") else name, if_none)

    EC2Backend.start_instances = start_instances
    EC2Backend.stop_instances = stop_instances
    EC2Backend.modify_instance_attribute = modify_instance_attribute
    EC2Backend.all_reservations = reservations
    InstanceResponse._get_param = whole_market
    utils.EC2_PREFIX_TO_RESOURCE["sir"] = "spot-instances-request"
