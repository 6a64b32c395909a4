"""Which types can be had and which may be proposed: one answer for the choice, the table and the offers."""

from __future__ import annotations

from typing import Any

from .wanted import Needs

# Gone from AWS, or without a driver in today's Deep Learning AMIs (p2 left AWS's own instance data in 2025-03, p3 by 2026-05), and what replaces them.
_RETIRED = {
    "p2": "g4dn.xlarge",
    "p3": "g5.xlarge",
    "p3dn": "g5.xlarge",
    "g2": "g4dn.xlarge",
    "g3": "g4dn.xlarge",
    "g3s": "g4dn.xlarge",
}
WHOLE_GPU = Needs(1)
_LINUX = {"x86_64", "arm64"}


def retired(kind: str) -> bool:
    """Whether AWS, or today's drivers, have left a type behind."""
    return kind.split(".")[0] in _RETIRED


def live(kind: str) -> str:
    """What to set in place of a type that cannot be had."""
    return f"set box_instance_type: {_RETIRED.get(kind.split('.')[0], 'g4dn.xlarge')} (or g5.xlarge, g6.xlarge)"


def unsold(facts: dict[str, Any], spot: bool) -> str:
    """Why a type is not sold as asked, "" where it is."""
    if not _LINUX & {*facts["architectures"]}:
        return "it runs macOS alone, on a Dedicated Host, which dlbox does not allocate"
    if facts["spot" if spot else "on_demand"]:
        return ""
    return "it is not sold as Spot" if facts["on_demand"] else "it is sold as Capacity Blocks, which dlbox does not buy"


def unfit(kind: str, facts: dict[str, Any], needs: Needs = WHOLE_GPU) -> str:
    """Why a type is never proposed to somebody who did not name it, "" where it may be."""
    if retired(kind):
        return "it is retired"
    if "x86_64" not in facts["architectures"]:
        return "it is arm64: name it where you mean it"
    return needs.short(facts) or unsold(facts, spot=not facts["on_demand"])
