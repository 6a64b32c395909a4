"""What Service Quotas, the account's plan and the running instances say about the types asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

from . import observe_gpu
from .aws import Aws, if_there
from .errors import AwsError
from .families import ADDRESSES, Family, by_title, family_of, listed
from .names import BOX_TAG
from .observe_price import PRICING_REGION
from .quota_lines import lines


def quotas(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{family's code: {"code", "value"}}, in vCPUs, for every family among the types asked for."""
    kinds = want.wanted.types or seen["types"]
    families = {family: kind for kind in sorted(kinds) if (family := family_of(kind, want.spot))}
    found = aws.together([partial(_granted, aws, family, kind, want.spot) for family, kind in families.items()])
    return dict(zip((family.code for family in families), found, strict=True))


def address_quota(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """{"code", "value"} of the region's Elastic IPs."""
    return _granted(aws, ADDRESSES)


def others(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """What shares a quota with the types asked for, and is not this box's own: {"id", "type", "spot", "vcpus"}.

    That are instances, running or pending, and for Spot the requests that AWS has yet to serve.
    """
    families = {family_of(kind, want.spot) for kind in want.wanted.types or seen["types"]}
    looks = [observe_gpu.running, *([observe_gpu.open_spot_requests] if want.spot else [])]
    used = [
        {"id": item["id"], "type": item["type"], "spot": item["spot"]}
        for found in aws.together([partial(look, aws, aws.region) for look in looks])
        for item in found
        if family_of(item["type"], item["spot"]) in families and item["tags"].get(BOX_TAG) != want.scope.box
    ]
    known = observe_gpu.named_types(aws, aws.region, {item["type"] for item in used})
    return [{**item, "vcpus": known[item["type"]]["vcpus"] if item["type"] in known else 0} for item in used]


def quota_requests(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """{code: requests, the newest first} of each quota that is not enough."""
    codes = [line.code for line in lines(want, seen) if not line.enough]
    found = aws.together([partial(observe_gpu.quota_requests, aws, aws.region, QuotaCode=code) for code in codes])
    return dict(zip(codes, found, strict=True))


def market(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """{"types", "prices"} of the region's GPU types: what could be had instead; prices are empty where they may not be asked."""
    if want.wanted.needs:
        return {"types": seen["types"], "prices": seen["prices"]}
    types, prices = aws.together([lambda: observe_gpu.gpu_types(aws, aws.region), lambda: _prices(aws)])
    return {"types": types, "prices": prices}


def account_plan(aws: Aws, want: Any, seen: dict[str, Any]) -> str:
    """FREE or PAID; "" where AWS does not tell (an older account, or these credentials may not ask)."""
    try:
        # The service has one endpoint for all regions, beside the Pricing API's.
        return str(aws.call("freetier", "get_account_plan_state", region=PRICING_REGION)["accountPlanType"])
    except AwsError as error:
        aws.say(f"the account's plan is not known: {error}")
        return ""


def _granted(aws: Aws, family: Family, kind: str = "", spot: bool = False) -> dict[str, Any]:
    """The quota of a family, found by its name where its code has come to mean something else: as quota.yml finds that of a type of it."""
    asked = {"ServiceCode": "ec2", "QuotaCode": family.code}
    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        known = if_there(aws.call, "service-quotas", operation, **asked)
        if known is None:
            # An account that never had its own value: AWS's default holds.
            continue
        found = known["Quota"]
        if found["QuotaName"] == family.title:
            return {"code": family.code, "value": observe_gpu.granted(found)}
        break
    every = observe_gpu.quotas(aws, aws.region)
    titled = next((code for code, item in every.items() if item["name"] == family.title), family.code)
    own = listed(kind, spot, by_title(every)) if kind else None
    code = own.code if own else titled
    return {"code": code, "value": every.get(code, {}).get("value")}


def _prices(aws: Aws) -> dict[str, float]:
    try:
        return observe_gpu.gpu_prices(aws, aws.region)
    except AwsError as error:
        aws.say(f"no prices: {error}")
        return {}


def prices(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, float]:
    """USD per hour On-Demand by GPU type; empty where the prices may not be asked."""
    return _prices(aws)


QUOTA_PARTS: dict[str, Any] = {
    part.__name__: part for part in (quotas, address_quota, others, quota_requests, market, account_plan, prices)
}
