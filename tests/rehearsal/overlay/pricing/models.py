"""Price list entries made of what data/prices.json says, once, and the filters AWS applies to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from rehearsal.prices import DATA, hourly

# The family's name for the first letters of a type without GPUs.
FAMILIES = {"c": "Compute optimized", "r": "Memory optimized", "x": "Memory optimized"}


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


def about(kind: str) -> dict[str, str]:
    """What the price list says of a type beside its price: family, vCPUs, memory, GPUs."""
    facts = INSTANCE_TYPES[kind]
    gpus = facts.get("GpuInfo", {}).get("Gpus", [])
    found = {
        "instanceType": kind,
        "instanceFamily": "GPU instance" if gpus else FAMILIES.get(kind[0], "General purpose"),
        "vcpu": str(facts["VCpuInfo"]["DefaultVCpus"]),
        "memory": f"{facts['MemoryInfo']['SizeInMiB'] / 1024:g} GiB",
        "currentGeneration": "Yes" if facts.get("CurrentGeneration") else "No",
    }
    return found | ({"gpu": str(gpus[0].get("Count", 0))} if gpus else {})


def products_of(code: str) -> Iterator[dict[str, Any]]:
    """Every product of a region."""
    region = DATA["regions"][code]
    place = {"regionCode": code, "location": region["location"], "locationType": "AWS Region"}
    for kind, usd in hourly(code).items():
        usage = {"usagetype": f"{region['prefix']}BoxUsage:{kind}", "operation": "RunInstances"}
        system = {"operatingSystem": "Linux", "preInstalledSw": "NA", "licenseModel": "No License required"}
        terms = {"tenancy": "Shared", "capacitystatus": "Used", "marketoption": "OnDemand"}
        text = f"${usd} per On Demand Linux {kind} Instance Hour"
        facts = {**place, **usage, **about(kind), **system, **terms}
        yield entry("AmazonEC2", "Compute Instance", facts, "Hrs", usd, text)
    usage = {"usagetype": f"{region['prefix']}EBS:VolumeUsage.gp3", "volumeApiName": "gp3"}
    usage |= {"volumeType": "General Purpose"}
    text = f"${region['gp3_gb_month']} per GB-month of General Purpose (gp3) provisioned storage"
    yield entry("AmazonEC2", "Storage", {**place, **usage}, "GB-Mo", region["gp3_gb_month"], text)
    for name in ("InUseAddress", "IdleAddress"):
        usage = {"usagetype": f"{region['prefix']}PublicIPv4:{name}", "group": "VPCPublicIPv4Address"}
        text = f"${DATA['public_ipv4_hour']} per public IPv4 address per hour"
        yield entry("AmazonVPC", "VpcPublicIPv4", {**place, **usage}, "Hrs", DATA["public_ipv4_hour"], text)


@cache
def listed(service: str) -> list[tuple[dict[str, str], str]]:
    """Every product of a service: what filters look at, with lower-case names, and the JSON text that AWS sends."""
    found = []
    for product in (one for code in DATA["regions"] for one in products_of(code)):
        if product["serviceCode"] == service:
            fields = {k.lower(): v for k, v in product["product"]["attributes"].items()}
            fields |= {"productfamily": product["product"]["productFamily"], "sku": product["product"]["sku"]}
            found.append((fields, json.dumps(product)))
    return found


class PricingBackend(BaseBackend):  # type: ignore[misc]
    """The price list."""

    def get_products(self, service: str, filters: list[dict[str, str]]) -> list[str]:
        """The products of a service that pass every filter (TERM_MATCH: the field has exactly this value)."""
        for one in filters:
            if one["Type"] != "TERM_MATCH":
                raise JsonRESTError(
                    "InvalidParameterException", f"The rehearsal knows TERM_MATCH only, not {one['Type']}."
                )
        wanted = [(one["Field"].lower(), one["Value"]) for one in filters]
        return [text for fields, text in listed(service) if all(fields.get(f) == value for f, value in wanted)]


pricing_backends = BackendDict(PricingBackend, "pricing")
