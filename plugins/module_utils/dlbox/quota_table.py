"""What GPUs a region allows, as rows: its quotas, its types, and the cheapest; decided from facts, nothing is asked here.

Facts of a region: {"region", "types": {name: observe_gpu.type_view}, "prices": {name: USD per hour} or None,
"quotas": {code: {"name", "value"}}, "running": [{"type", "spot", "tags"}], "requests": [...] or None, "sizes": {name: vCPUs},
"notes": [(part, why it is None)]}; None is what these credentials may not ask. Of a region that failed: {"region", "error": one sentence}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .families import Family, by_title, listed
from .fit import unfit
from .names import BOX_TAG
from .quota_lines import open_request

Families = dict[tuple[str, bool], Family | None]


def region_row(facts: Mapping[str, Any], box: str = "") -> dict[str, Any]:
    """{"region", "error", "notes", "own", "families", "types"}: quotas as they are used, and types, the cheapest first.

    "own" is what runs of the box that asks: {"type", "spot", "vcpus"} or None; for its next type its vCPUs are free.
    """
    empty: dict[str, Any] = {"notes": [], "own": None, "families": [], "types": []}
    if facts.get("error"):
        return {"region": facts["region"], "error": facts["error"], **empty}
    of = families_of({*facts["types"], *(item["type"] for item in facts["running"])}, facts["quotas"])
    families = _families(facts, of)
    own = _own(facts, box)
    free = {item["code"]: _room(item, of[own["type"], own["spot"]] if own else None, own) for item in families}
    types = [_type_row(kind, facts, of, free) for kind in facts["types"]]
    notes = [f"no {part}: {why}" for part, why in dict.fromkeys(facts["notes"])]
    types = sorted(types, key=price_order)
    return {"region": facts["region"], "error": "", "notes": notes, "own": own, "families": families, "types": types}


def _own(facts: Mapping[str, Any], box: str) -> dict[str, Any] | None:
    mine = next((item for item in facts["running"] if box and item["tags"].get(BOX_TAG) == box), None)
    return mine and {"type": mine["type"], "spot": mine["spot"], "vcpus": facts["sizes"].get(mine["type"], 0)}


def _room(row: Mapping[str, Any], family: Family | None, own: Mapping[str, Any] | None) -> int | None:
    """vCPUs of a quota that the box may have: what is free, and what the box uses itself of its family."""
    if row["quota"] is None:
        return None
    mine: int = own["vcpus"] if own and family and family.code == row["code"] else 0
    return max(int(row["quota"]) - int(row["in_use"]) + mine, 0)


def price_order(row: Mapping[str, Any]) -> tuple[float, int, str]:
    """Cheapest first; where the price is not known, last, the smallest first."""
    return (float("inf") if row["usd"] is None else row["usd"], row["vcpus"], row["type"])


def families_of(kinds: Iterable[str], quotas: Mapping[str, Any]) -> Families:
    """The family of each type, On-Demand and Spot; None where no quota is known."""
    titles = by_title(quotas)
    return {(kind, spot): listed(kind, spot, titles) for kind in kinds for spot in (False, True)}


def _families(facts: Mapping[str, Any], of: Families) -> list[dict[str, Any]]:
    """The quotas that the region's GPU types count against, On-Demand before Spot, with what uses them up."""
    found = []
    for spot in (False, True):
        own = {family for kind in facts["types"] if (family := of[kind, spot])}
        found += [_family_row(family, spot, facts, of) for family in sorted(own)]
    return found


def _family_row(family: Family, spot: bool, facts: Mapping[str, Any], of: Families) -> dict[str, Any]:
    used = [item["type"] for item in facts["running"] if item["spot"] == spot and of[item["type"], spot] == family]
    in_use = sum(facts["sizes"].get(kind, 0) for kind in used)
    quota = facts["quotas"].get(family.code, {}).get("value")
    return {
        "name": family.name.removesuffix(" Spot"),
        "spot": spot,
        "code": family.code,
        "quota": quota,
        "in_use": in_use,
        "free": None if quota is None else max(quota - in_use, 0),
        "request": open_request([item for item in facts["requests"] or () if item["code"] == family.code]),
        # Retired types that still run: AWS tells no size, so the family is fuller than it looks.
        "uncounted": sorted({kind for kind in used if kind not in facts["sizes"]}),
    }


def _type_row(kind: str, facts: Mapping[str, Any], of: Families, free: Mapping[str, int | None]) -> dict[str, Any]:
    view = facts["types"][kind]
    gpus = view["gpus"]
    memory = sum(max(gpu["count"], 1) * gpu["memory_mib"] for gpu in gpus)
    group = of[kind, False]
    ways = {
        name: _way(of[kind, spot], view["vcpus"], free) if view[name] else None
        for name, spot in (("on_demand", False), ("spot", True))
    }
    return {
        "type": kind,
        "group": group.name if group else "other",
        "vcpus": view["vcpus"],
        "gpus": sum(gpu["count"] for gpu in gpus),
        "share": gpus[0]["share"] if not gpus[0]["count"] else None,
        "gpu": gpus[0]["name"] if gpus[0]["maker"] == "NVIDIA" else f"{gpus[0]['maker']} {gpus[0]['name']}",
        "gpu_memory_gib": round(memory / 1024, 1),
        "usd": (facts["prices"] or {}).get(kind),
        **ways,
        "unfit": unfit(kind, view),
    }


def _way(family: Family | None, vcpus: int, free: Mapping[str, int | None]) -> dict[str, Any]:
    """{"code", "lacking"}: vCPUs that are missing, 0 where it may run, None where the quota is not known."""
    room = free.get(family.code) if family else None
    lacking = None if room is None else max(vcpus - room, 0)
    return {"code": family.code if family else None, "lacking": lacking}


def allowed(row: Mapping[str, Any], way: str) -> bool:
    """Whether today's quota lets a type run; way: "on_demand" or "spot"."""
    return row[way] is not None and row[way]["lacking"] == 0


def cheapest(row: Mapping[str, Any], way: str = "") -> dict[str, Any] | None:
    """A region's cheapest type with a whole NVIDIA GPU, of those that run on an x86 image; `way`: of those allowed so."""
    fit = (item for item in row["types"] if not item["unfit"] and (not way or allowed(item, way)))
    return next(fit, None)


def few(types: list[dict[str, Any]], most: int = 3) -> list[dict[str, Any]]:
    """Of each quota, the types that it allows and the cheapest few that it does not; in the order given."""
    kept: set[str] = set()
    for way in ("on_demand", "spot"):
        sold = [item for item in types if item[way] is not None]
        kept |= {item["type"] for item in sold if allowed(item, way)}
        for code in {item[way]["code"] for item in sold}:
            rest = [item for item in sold if item[way]["code"] == code and not allowed(item, way)]
            kept |= {item["type"] for item in rest[:most]}
            # And the one that is proposed.
            kept |= {item["type"] for item in [item for item in rest if not item["unfit"]][:1]}
    return [item for item in types if item["type"] in kept]
