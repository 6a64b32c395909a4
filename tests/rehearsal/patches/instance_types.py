"""DescribeInstanceTypes and …Offerings: what the region offers, wildcards in filters, pages; and fast enough to be asked often."""

from __future__ import annotations

import fnmatch
from functools import cache, lru_cache
from typing import Any
from xml.sax.saxutils import escape

from moto.core.utils import get_service_model
from moto.ec2.exceptions import InvalidInstanceTypeError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES, InstanceType
from moto.ec2.responses.instances import InstanceResponse

from .errors import refuse
from .paging import page

ANSWER = (
    '<Describe{what}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>rehearsal</requestId>'
    "<{name}>{items}</{name}>{token}</Describe{what}Response>"
)
Filters = tuple[tuple[str, tuple[str, ...]], ...]


@cache
def offered(region: str) -> dict[str, InstanceType]:
    """The types that a region offers, by name, sorted."""
    names = {one["InstanceType"] for one in INSTANCE_TYPE_OFFERINGS["region"].get(region, [])}
    return {name: InstanceType(name) for name in sorted(names) if name in INSTANCE_TYPES}


def xml(shape: Any, value: Any) -> str:
    """A value as EC2 writes it; moto's own serializer takes four milliseconds for one type."""
    if shape.type_name == "structure":
        members = ((name, one) for name, one in shape.members.items() if value.get(name) is not None)
        parts = [(one.serialization.get("name", name), xml(one, value[name])) for name, one in members]
        return "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts)
    if shape.type_name == "list":
        return "".join(f"<item>{xml(shape.member, one)}</item>" for one in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


@cache
def item(name: str) -> str:
    """The description of one type; the same in every region."""
    return f"<item>{xml(get_service_model('ec2').shape_for('InstanceTypeInfo'), INSTANCE_TYPES[name])}</item>"


@cache
def offer(kind: str, location: str, where: str) -> str:
    """One offering of a type."""
    facts = {"InstanceType": kind, "LocationType": where, "Location": location}
    return f"<item>{xml(get_service_model('ec2').shape_for('InstanceTypeOffering'), facts)}</item>"


def told(what: str, name: str, items: list[str], token: str | None) -> tuple[int, dict[str, str], bytes]:
    """A whole answer; in bytes, because moto would look through a text for a place for the request's id."""
    after = f"<nextToken>{token}</nextToken>" if token else ""
    return 200, {}, ANSWER.format(what=what, name=name, items="".join(items), token=after).encode()


def passes(kind: InstanceType, filters: Filters) -> bool:
    """Whether a type passes every filter; a value may hold wildcards."""
    for name, wanted in filters:
        value = kind.get_filter_value(name)
        have = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        if not any(fnmatch.fnmatchcase(one, want) for one in have for want in wanted):
            return False
    return True


@lru_cache(1000)
def chosen(region: str, named: tuple[str, ...], filters: Filters) -> list[str]:
    """The names of the types that a question is about; what AWS offers does not change while the server runs."""
    kinds = offered(region)
    unknown = [name for name in named if name not in kinds]
    if unknown:
        raise InvalidInstanceTypeError(unknown, error_type="InvalidInstanceType")
    return [name for name, kind in kinds.items() if (not named or name in named) and passes(kind, filters)]


@lru_cache(1000)
def offers(region: str, where: str, filters: Filters) -> list[str]:
    """Where a region offers what."""
    keys = {"instance-type": "InstanceType", "location": "Location"}
    for name, _ in filters:
        if name not in keys:
            raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return [
        offer(one["InstanceType"], one["Location"], where)
        for one in INSTANCE_TYPE_OFFERINGS.get(where, {}).get(region, [])
        if all(any(fnmatch.fnmatchcase(one[keys[n]], w) for w in wanted) for n, wanted in filters)
    ]


def apply() -> None:
    """Patch moto."""

    def filters_of(asked: Any) -> Filters:
        return tuple((name, tuple(values)) for name, values in asked._filters_from_querystring().items())

    def describe_instance_types(self: Any) -> Any:
        self.error_on_dryrun()
        named = tuple(self._get_param("InstanceTypes", []))
        if named and self._get_param("MaxResults"):
            text = "The parameter MaxResults cannot be used with the parameter InstanceTypes."
            raise refuse("InvalidParameterCombination", text)
        names, token = page(self, chosen(self.region, named, filters_of(self)), 100)
        return told("InstanceTypes", "instanceTypeSet", [item(name) for name in names], token)

    def describe_instance_type_offerings(self: Any) -> Any:
        self.error_on_dryrun()
        where = self._get_param("LocationType") or "region"
        found, token = page(self, offers(self.region, where, filters_of(self)), 1000)
        return told("InstanceTypeOfferings", "instanceTypeOfferingSet", found, token)

    InstanceResponse.describe_instance_types = describe_instance_types
    InstanceResponse.describe_instance_type_offerings = describe_instance_type_offerings
