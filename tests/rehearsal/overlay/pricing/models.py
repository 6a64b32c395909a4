"""Price list entries made of data/prices.json, and the filters AWS applies to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError

DATA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "prices.json").read_text())


def entry(service: str, family: str, attributes: dict[str, str], unit: str, usd: str, text: str) -> dict[str, Any]:
    """One product with its On-Demand price, in the price list's form."""
    sku = hashlib.sha256(json.dumps([service, attributes], sort_keys=True).encode()).hexdigest()[:16].upper()
    dimension = {"unit": unit, "description": text, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}}
    dimension |= {"appliesTo": [], "rateCode": f"{sku}.JRTCKXETXF.6YS6EN2CT7"}
    term = {"sku": sku, "offerTermCode": "JRTCKXETXF", "effectiveDate": DATA["published"], "termAttributes": {}}
    term["priceDimensions"] = {dimension["rateCode"]: dimension}
    return {
        "product": {"sku": sku, "productFamily": family, "attributes": {"servicecode": service, **attributes}},
        "serviceCode": service,
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": term}},
        "version": "rehearsal",
        "publicationDate": DATA["published"],
    }


def products() -> Iterator[dict[str, Any]]:
    """Every product of the data file."""
    for code, region in DATA["regions"].items():
        place = {"regionCode": code, "location": region["location"], "locationType": "AWS Region"}
        for kind, usd in region["instances"].items():
            usage = {
                "usagetype": f"{region['prefix']}BoxUsage:{kind}",
                "operation": "RunInstances",
                "instanceType": kind,
            }
            system = {"operatingSystem": "Linux", "preInstalledSw": "NA", "licenseModel": "No License required"}
            terms = {"tenancy": "Shared", "capacitystatus": "Used", "marketoption": "OnDemand"}
            text = f"${usd} per On Demand Linux {kind} Instance Hour"
            yield entry("AmazonEC2", "Compute Instance", {**place, **usage, **system, **terms}, "Hrs", usd, text)
        usage = {
            "usagetype": f"{region['prefix']}EBS:VolumeUsage.gp3",
            "volumeApiName": "gp3",
            "volumeType": "General Purpose",
        }
        text = f"${region['gp3_gb_month']} per GB-month of General Purpose (gp3) provisioned storage"
        yield entry("AmazonEC2", "Storage", {**place, **usage}, "GB-Mo", region["gp3_gb_month"], text)
        for name in ("InUseAddress", "IdleAddress"):
            usage = {"usagetype": f"{region['prefix']}PublicIPv4:{name}", "group": "VPCPublicIPv4Address"}
            text = f"${DATA['public_ipv4_hour']} per public IPv4 address per hour"
            yield entry("AmazonVPC", "VpcPublicIPv4", {**place, **usage}, "Hrs", DATA["public_ipv4_hour"], text)


def matches(product: dict[str, Any], field: str, value: str) -> bool:
    """AWS's TERM_MATCH: the field, named in any case, has exactly this value."""
    known = {k.lower(): v for k, v in product["product"]["attributes"].items()}
    known["productfamily"] = product["product"]["productFamily"]
    known["sku"] = product["product"]["sku"]
    return bool(known.get(field.lower()) == value)


class PricingBackend(BaseBackend):  # type: ignore[misc]
    """The price list."""

    def get_products(self, service: str, filters: list[dict[str, str]]) -> list[str]:
        """The products of a service that pass every filter, each as the JSON text that AWS sends."""
        for one in filters:
            if one["Type"] != "TERM_MATCH":
                raise JsonRESTError(
                    "InvalidParameterException", f"The rehearsal knows TERM_MATCH only, not {one['Type']}."
                )
        found = [p for p in products() if p["serviceCode"] == service]
        return [json.dumps(p) for p in found if all(matches(p, f["Field"], f["Value"]) for f in filters)]


pricing_backends = BackendDict(PricingBackend, "pricing")
