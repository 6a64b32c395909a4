"""One ingress rule, and EC2's IpPermissions form of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import values

DESCRIPTION = "dlbox"


class Rule(NamedTuple):
    """One ingress rule; source is a CIDR, a prefix list id or a group id."""

    protocol: str
    first: int
    last: int
    source: str

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {ports if self.protocol != '-1' else 'all'} from {self.source}"


def spans(port_range: str, extra: list[str], closed: list[str]) -> tuple[tuple[int, int], ...]:
    """(first, last) of what is to be open: SSH, the range and the extra ports, without those that a tunnel reaches."""
    found = [values.port_range("box_port_range", port_range)]
    for text in extra:
        span = values.port_range("box_extra_ports", text)
        if span != (22, 22) and not any(first <= span[0] and span[1] <= last for first, last in found):
            found.append(span)
    for text in closed:
        port, _ = values.port_range("box_jupyter_port", text)
        halves = [half for first, last in found for half in _without(first, last, port)]
        found = [(first, last) for first, last in halves if first <= last]
    return ((22, 22), *found)


def _without(first: int, last: int, port: int) -> list[tuple[int, int]]:
    return [(first, port - 1), (port + 1, last)] if first <= port <= last else [(first, last)]


def asked_for(want: Any, seen: dict[str, Any]) -> set[Rule]:
    """The ingress rules that the settings mean today."""
    sources = {values.own_address(seen["caller_address"]) if text == "auto" else text for text in want.cidrs}
    found = {Rule("tcp", first, last, source) for first, last in want.ports for source in sources}
    return found | ({Rule("tcp", 22, 22, seen["prefix_list"])} if want.instance_connect else set())


def flatten(item: dict[str, Any]) -> list[tuple[Rule, str]]:
    """One of EC2's IpPermissions as single rules with their descriptions."""
    head = (item["IpProtocol"], item.get("FromPort", -1), item.get("ToPort", -1))
    kinds = (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId"),
    )
    return [
        (Rule(*head, entry[key]), entry.get("Description", "")) for kind, key in kinds for entry in item.get(kind, [])
    ]


def permission(rule: Rule, description: str | None = DESCRIPTION) -> dict[str, Any]:
    """A rule in the IpPermission form that EC2's writes take."""
    prefixes = {"pl-": ("PrefixListIds", "PrefixListId"), "sg-": ("UserIdGroupPairs", "GroupId")}
    kind, key = prefixes.get(
        rule.source[:3], ("Ipv6Ranges", "CidrIpv6") if ":" in rule.source else ("IpRanges", "CidrIp")
    )
    entry = {key: rule.source} | ({"Description": description} if description else {})
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.first, "ToPort": rule.last}
    return {"IpProtocol": rule.protocol, **ports, kind: [entry]}
