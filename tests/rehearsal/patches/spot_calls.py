"""DescribeSpotInstanceRequests, CancelSpotInstanceRequests and DescribeSpotPriceHistory."""

from __future__ import annotations

import fnmatch
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.responses.spot_instances import SpotInstances

from .. import prices
from ..spot import LIVE, MESSAGES, Request, requests
from ..spot_life import look_again
from ..state import STATE
from .errors import refuse
from .limits import offered
from .paging import page


def view(backend: Any, request: Request) -> dict[str, Any]:
    """A Spot request as AWS describes it."""
    instance, asked = request.instance, request.asked
    state, code = request.shown()
    usd = asked.max_usd or prices.on_demand(backend.region_name, instance.instance_type) or 0.0
    return {
        "SpotInstanceRequestId": request.id,
        "CreateTime": request.created,
        "InstanceId": None if state == "open" else instance.id,
        "InstanceInterruptionBehavior": asked.behaviour,
        "LaunchSpecification": {
            "ImageId": instance.image_id,
            "InstanceType": instance.instance_type,
            "KeyName": instance.key_name,
            "SecurityGroups": [{"GroupId": one.id, "GroupName": one.name} for one in instance.security_groups],
            "Placement": {"AvailabilityZone": instance.availability_zone, "Tenancy": "default"},
        },
        "LaunchedAvailabilityZone": instance.availability_zone,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": f"{usd:.6f}",
        "State": state,
        "Status": {"Code": code, "Message": MESSAGES[code], "UpdateTime": STATE.now()},
        "Tags": [{"Key": k, "Value": v} for k, v in backend.tags.get(request.id, {}).items()],
        "Type": "persistent" if asked.persistent else "one-time",
    }


def filtered(view: dict[str, Any], name: str) -> list[str]:
    """What a filter of DescribeSpotInstanceRequests looks at."""
    tags = {one["Key"]: one["Value"] for one in view["Tags"]}
    if name.startswith("tag:"):
        return [tags[name[4:]]] if name[4:] in tags else []
    known = {
        "state": [view["State"]],
        "status-code": [view["Status"]["Code"]],
        "instance-id": [view["InstanceId"] or ""],
        "spot-instance-request-id": [view["SpotInstanceRequestId"]],
        "type": [view["Type"]],
        "launch.instance-type": [view["LaunchSpecification"]["InstanceType"]],
        "launched-availability-zone": [view["LaunchedAvailabilityZone"]],
        "tag-key": list(tags),
    }
    if name not in known:
        raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return known[name]


def matches(view: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    """Whether a request passes every filter; a value may hold wildcards."""
    return all(
        any(fnmatch.fnmatchcase(have, want) for have in filtered(view, name) for want in wanted)
        for name, wanted in filters.items()
    )


def named(backend: Any, idents: list[str]) -> list[Request]:
    """The requests of these ids, or all; an unknown id is refused."""
    look_again(backend)
    every = {one.id: one for one in requests(backend)}
    for ident in idents:
        if ident not in every:
            text = f"The spot instance request ID '{ident}' does not exist"
            raise refuse("InvalidSpotInstanceRequestID.NotFound", text)
    return [every[ident] for ident in idents] if idents else list(every.values())


def cancel(request: Request) -> dict[str, str]:
    """Cancel a request that is not over; a stopped instance of it is terminated by AWS."""
    if request.shown()[0] in LIVE:
        request.cancelled = True
        if request.instance.state in ("stopping", "stopped"):
            request.instance.terminate()
    return {"SpotInstanceRequestId": request.id, "State": request.shown()[0]}


def history(region: str, types: list[str], zones: list[str]) -> list[dict[str, Any]]:
    """The Spot prices of types now, in each zone that offers them."""
    found = [(kind, zone, prices.spot(region, kind, zone)) for kind in types for zone in offered(region, kind)]
    common = {"ProductDescription": "Linux/UNIX", "Timestamp": STATE.now()}
    return [
        {"InstanceType": kind, "AvailabilityZone": zone, "SpotPrice": f"{usd:.6f}", **common}
        for kind, zone, usd in found
        if usd is not None and (not zones or zone in zones)
    ]


def apply() -> None:
    """Patch moto."""

    def describe_spot_instance_requests(self: Any) -> ActionResult:
        self.error_on_dryrun()
        backend, filters = self.ec2_backend, self._filters_from_querystring()
        views = [view(backend, one) for one in named(backend, self._get_param("SpotInstanceRequestIds", []))]
        found, token = page(self, [one for one in views if matches(one, filters)], 1000)
        return ActionResult({"SpotInstanceRequests": found, "NextToken": token})

    def cancel_spot_instance_requests(self: Any) -> ActionResult:
        self.error_on_dryrun()
        asked = named(self.ec2_backend, self._get_param("SpotInstanceRequestIds", []) or [""])
        return ActionResult({"CancelledSpotInstanceRequests": [cancel(one) for one in asked]})

    def describe_spot_price_history(self: Any) -> ActionResult:
        filters = self._filters_from_querystring()
        types = self._get_param("InstanceTypes", []) or filters.get("instance-type") or prices.hourly(self.region)
        zone = self._get_param("AvailabilityZone")
        zones = [zone] if zone else list(filters.get("availability-zone", []))
        found, token = page(self, history(self.region, list(types), zones), 1000)
        return ActionResult({"SpotPriceHistory": found, "NextToken": token})

    def request_spot_instances(self: Any) -> None:
        raise NotImplementedError("ask for Spot through RunInstances with InstanceMarketOptions")

    # CreateTags asks moto's own describe whether a request exists.
    EC2Backend.describe_spot_instance_requests = lambda self, filters: named(self, list(filters.values()))
    SpotInstances.describe_spot_instance_requests = describe_spot_instance_requests
    SpotInstances.cancel_spot_instance_requests = cancel_spot_instance_requests
    SpotInstances.describe_spot_price_history = describe_spot_price_history
    SpotInstances.request_spot_instances = request_spot_instances
