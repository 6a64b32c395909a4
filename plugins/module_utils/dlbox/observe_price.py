"""What the box costs by the hour, from the Pricing API; None where AWS does not say (or these credentials may not ask)."""

from __future__ import annotations

import json
from typing import Any

from .aws import Aws
from .errors import AwsError

# The Pricing API answers in a few regions only; us-east-1 knows the prices of all.
PRICING_REGION = "us-east-1"
HOURS_PER_MONTH = 730


def price_instance(aws: Aws, want: Any, seen: dict[str, Any]) -> float | None:
    """USD per hour On-Demand for Linux on shared hardware, for the type of the box."""
    box = next(iter(seen["instances"]), None)
    if box is None:
        return None
    terms = {"instanceType": box["InstanceType"], "operatingSystem": "Linux", "tenancy": "Shared"}
    return _price(aws, want, "AmazonEC2", {**terms, "preInstalledSw": "NA", "capacitystatus": "Used"}, "Hrs")


def price_disk(aws: Aws, want: Any, seen: dict[str, Any]) -> float | None:
    """USD per GiB and month of gp3."""
    return _price(aws, want, "AmazonEC2", {"volumeApiName": "gp3", "productFamily": "Storage"}, "GB-Mo")


def price_address(aws: Aws, want: Any, seen: dict[str, Any]) -> float | None:
    """USD per hour of a public IPv4 address in use."""
    return _price(aws, want, "AmazonVPC", {"group": "VPCPublicIPv4Address"}, "Hrs")


def _price(aws: Aws, want: Any, service: str, terms: dict[str, str], unit: str) -> float | None:
    filters = [
        {"Type": "TERM_MATCH", "Field": key, "Value": value}
        for key, value in {**terms, "regionCode": want.scope.region}.items()
    ]
    try:
        answer = aws.call("pricing", "get_products", region=PRICING_REGION, ServiceCode=service, Filters=filters)
    except AwsError as error:
        aws.say(f"no price: {error}")
        return None
    found = [dimension(json.loads(item), unit) for item in answer["PriceList"]]
    return next((price for price in found if price), None)


def dimension(product: dict[str, Any], unit: str) -> float:
    """The On-Demand price in USD of a product of the price list, per unit; 0 where it has none."""
    terms = product["terms"].get("OnDemand", {}).values()
    prices = (item for term in terms for item in term["priceDimensions"].values() if item["unit"] == unit)
    return next((float(item["pricePerUnit"].get("USD", 0)) for item in prices), 0.0)


PRICE_PARTS = {part.__name__: part for part in (price_instance, price_disk, price_address)}
