"""DescribeRegions: which regions an account has that never opted in to one."""

from __future__ import annotations

import fnmatch
from typing import Any

from boto3 import Session
from moto.core.responses import ActionResult
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from .errors import refuse

ENABLED = frozenset(
    [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-central-1",
        "eu-north-1",
        "ap-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-southeast-1",
        "ap-southeast-2",
    ]
)
REGIONS = [
    {
        "RegionName": name,
        "Endpoint": f"ec2.{name}.amazonaws.com",
        "OptInStatus": "opt-in-not-required" if name in ENABLED else "not-opted-in",
    }
    for name in sorted(Session().get_available_regions("ec2"))
]
FILTERS = {"region-name": "RegionName", "endpoint": "Endpoint", "opt-in-status": "OptInStatus"}


def regions(named: list[str], every: bool, filters: dict[str, list[str]]) -> list[dict[str, str]]:
    """The regions named, else those the account has, else, with `every`, all of them."""
    known = {one["RegionName"]: one for one in REGIONS}
    for name in named:
        if name not in known:
            raise refuse("InvalidParameterValue", f"Invalid region name: {name}")
    for name in filters:
        if name not in FILTERS:
            raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    found = [known[name] for name in named] or [r for r in REGIONS if every or r["RegionName"] in ENABLED]
    return [
        one
        for one in found
        if all(any(fnmatch.fnmatchcase(one[FILTERS[n]], w) for w in wanted) for n, wanted in filters.items())
    ]


def apply() -> None:
    """Patch moto."""

    def describe_regions(self: Any) -> ActionResult:
        self.error_on_dryrun()
        every, filters = bool(self._get_param("AllRegions")), self._filters_from_querystring()
        return ActionResult({"Regions": regions(self._get_param("RegionNames", []), every, filters)})

    AvailabilityZonesAndRegions.describe_regions = describe_regions
