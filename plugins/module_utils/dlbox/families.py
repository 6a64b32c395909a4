"""Which vCPU quota an instance type counts against, On-Demand or Spot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Family(NamedTuple):
    """Instances that share one vCPU quota: what it is for, its code and its name in Service Quotas."""

    name: str
    code: str
    title: str


def _running(name: str, code: str) -> Family:
    return Family(name, code, f"Running On-Demand {name} instances")


def _spot(name: str, code: str) -> Family:
    return Family(f"{name} Spot", code, f"All {name} Spot Instance Requests")


_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"
_LETTERS = ("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z")
_GRAPHICS = ("g", "gr", "vt")
ON_DEMAND = {
    **dict.fromkeys(_LETTERS, _running(_STANDARD, "L-1216C47A")),
    **dict.fromkeys(_GRAPHICS, _running("G and VT", "L-DB2E81BA")),
    "p": _running("P", "L-417A185B"),
    "inf": _running("Inf", "L-1945791B"),
    "trn": _running("Trn", "L-2C3B7624"),
    "dl": _running("DL", "L-6E869C2A"),
    "f": _running("F", "L-74FC7D96"),
    "x": _running("X", "L-7295265B"),
}
# P is split by generation, as "p4"; those of later generations are not known.
SPOT = {
    **dict.fromkeys(_LETTERS, _spot(_STANDARD, "L-34B43A08")),
    **dict.fromkeys(_GRAPHICS, _spot("G and VT", "L-3819A6DF")),
    **dict.fromkeys(("p2", "p3", "p4"), _spot("P4, P3 and P2", "L-7212CCBC")),
    "p5": _spot("P5", "L-C4BD4855"),
}
ADDRESSES = Family("Elastic IPs", "L-0263D0A3", "EC2-VPC Elastic IPs")


def family_of(instance_type: str, spot: bool = False) -> Family | None:
    """The family of a type such as g5.xlarge; None where no quota code is known (hpc, mac, u-)."""
    parts = re.match(r"([a-z]+)(\d)", instance_type)
    if not parts:
        return None
    if spot:
        return SPOT.get(parts[1]) or SPOT.get(parts[0])
    return ON_DEMAND.get(parts[1])


# Titles of Service Quotas: what stands between names the families, as in "G and VT" or "P4, P3 and P2".
_TITLES = {False: re.compile(r"Running On-Demand (.+) instances"), True: re.compile(r"All (.+) Spot Instance Requests")}
_LIKE = {"gr": "g", "im": "i", "is": "i"}


def by_title(quotas: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, bool], Family]:
    """The families as a region lists its quotas ({code: {"name"}}): {(letters, maybe with a generation; Spot?): family}."""
    found: dict[tuple[str, bool], Family] = {}
    for code, item in quotas.items():
        for spot, form in _TITLES.items():
            if title := form.fullmatch(item["name"]):
                family = _spot(title[1], code) if spot else _running(title[1], code)
                found |= {(word.lower(), spot): family for word in re.findall(r"[A-Za-z]+\d*", title[1])}
    return found


def listed(instance_type: str, spot: bool, titles: Mapping[tuple[str, bool], Family]) -> Family | None:
    """The family of a type by the titles of by_title(), by the code known here only where no title fits."""
    parts = re.match(r"([a-z]+)(\d*)", instance_type)
    letters = _LIKE.get(parts[1], parts[1]) if parts else ""
    # AWS lists a generation by itself, or the letter for all.
    exact = titles.get((letters + parts[2], spot)) if parts else None
    return exact or titles.get((letters, spot)) or family_of(instance_type, spot)
