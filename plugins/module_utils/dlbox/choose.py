"""Which type the box gets: the order to try, and what was passed over, with reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .errors import Refused
from .families import Family, family_of
from .fit import live, retired, unfit, unsold
from .launch_checks import check_type, nearest, unknown
from .wanted import Wanted

_FEW = 6
# How much dearer than the cheapest a type may be where needs set no cap.
NEAR = 1.5


@dataclass(frozen=True)
class Choice:
    """Types to try in order, the first being the choice; and (type, reason) of each that was passed over."""

    types: tuple[str, ...]
    passed: tuple[tuple[str, str], ...] = ()


def parts(want: Any, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that a choice is made from; the names of other types only where one is misspelt."""
    needed = {"types", "zones"} | (set() if want.wanted.single else {"quotas", "others"})
    needed |= {"near"} if "types" in seen and unknown(want, seen["types"]) else set()
    return needed | ({"prices"} if want.wanted.needs else set())


def kept(want: Any, seen: dict[str, Any]) -> str | None:
    """The type of the box that stands, where it is one of those asked for; None where there is none, or another is wanted.

    Price and quota do not matter to a box that stands: it would not come back cheaper.
    """
    box = next(iter(seen["instances"]), None)
    if box is None:
        return None
    kind = str(box["InstanceType"])
    needs = want.wanted.needs
    if needs is None:
        return kind if kind in want.wanted.types else None
    facts = seen["types"].get(kind)
    return kind if facts and not needs.short(facts) else None


def choose(want: Any, seen: dict[str, Any]) -> Choice:
    """The types to try, best first; refuses, with what would work, where none is left."""
    if want.wanted.single:
        check_type(want, seen, want.wanted.types[0])
        return Choice(want.wanted.types)
    ranked = _ranked(want, seen)
    why = {kind: _unfit(want, seen, kind) for kind in ranked}
    able = [kind for kind in ranked if not why[kind]]
    if not able:
        raise _none(want, seen, why)
    able = _affordable(want, seen, able)
    lacking = {kind: short for kind in able if (short := quota_short(want, seen, kind))}
    # Where the quota allows none of them, it is asked for on behalf of the first.
    best = [kind for kind in able if kind not in lacking] or able
    before = ranked[: ranked.index(best[0])] if want.wanted.needs else ranked
    passed = [(kind, why[kind] or lacking[kind]) for kind in before if kind not in best]
    return Choice(tuple(best[:_FEW]), tuple(passed))


def _affordable(want: Any, seen: dict[str, Any], able: list[str]) -> list[str]:
    """Those near the cheapest, where needs set no cap: neither a full zone nor a small quota may end in a bill many times as high."""
    needs, cheapest = want.wanted.needs, seen.get("prices", {}).get(able[0])
    if needs is None or needs.max_hourly_usd:
        return able
    if cheapest is None:
        # Without prices, size is what tells of them.
        return [kind for kind in able if seen["types"][kind]["vcpus"] <= seen["types"][able[0]]["vcpus"]]
    return [kind for kind in able if seen["prices"].get(kind, float("inf")) <= cheapest * NEAR]


def quota_short(want: Any, seen: dict[str, Any], kind: str) -> str:
    """What the quota lacks for a type, "" where it is enough or not known."""
    family = family_of(kind, want.spot)
    have = seen["quotas"].get(family.code, {}).get("value") if family else None
    if family is None or have is None:
        return ""
    need = seen["types"][kind]["vcpus"] + in_use(want, seen, family)
    return "" if have >= need else f"quota {family.code} grants {have} of {need} vCPUs"


def in_use(want: Any, seen: dict[str, Any], family: Family) -> int:
    """vCPUs of the family that other instances use, with the same way of paying."""
    return sum(item["vcpus"] for item in seen["others"] if family_of(item["type"], item["spot"]) == family)


def _ranked(want: Any, seen: dict[str, Any]) -> list[str]:
    """Named types as they were named; for needs, every type of the region, the cheapest first and unknown prices last."""
    if want.wanted.needs is None:
        return list(want.wanted.types)
    return sorted(
        seen["types"], key=lambda kind: (seen["prices"].get(kind, float("inf")), seen["types"][kind]["vcpus"], kind)
    )


def _unfit(want: Any, seen: dict[str, Any], kind: str) -> str:
    """Why a type cannot be had at all, "" where it can."""
    facts, needs = seen["types"].get(kind), want.wanted.needs
    if retired(kind):
        return "it is retired"
    if facts is None:
        near = nearest(kind, seen)
        return f"{want.scope.region} does not know it{near and f', did you mean {near}?'}"
    if not seen["zones"].get(kind):
        return f"{want.scope.region} does not offer it"
    if (why := unsold(facts, want.spot)) or needs is None:
        return why
    if why := unfit(kind, facts, needs):
        return why
    price = seen["prices"].get(kind)
    if needs.max_hourly_usd and price is None:
        return "its price is not known"
    return f"it costs ${price:g} an hour" if needs.max_hourly_usd and price > needs.max_hourly_usd else ""


def _none(want: Any, seen: dict[str, Any], why: dict[str, str]) -> Refused:
    region, needs = want.scope.region, want.wanted.needs
    if needs is None:
        said = "; ".join(f"{kind}: {reason}" for kind, reason in why.items())
        return Refused(
            f"box_instance_type: none of the types can be had in {region} ({said}): {live(want.wanted.types[0])}"
        )
    any_price = replace(want, wanted=Wanted(needs=replace(needs, max_hourly_usd=0)))
    enough = [kind for kind in seen["types"] if not _unfit(any_price, seen, kind)]
    priced = min(
        (kind for kind in enough if kind in seen["prices"]), key=lambda kind: seen["prices"][kind], default=None
    )
    if priced:
        hint = f"the cheapest that has it is {priced} at ${seen['prices'][priced]:g} an hour: raise max_hourly_usd, or ask for less"
    elif enough:
        hint = "the Pricing API told no price: leave max_hourly_usd out, or name a type"
    else:
        hint = "ask for less, or set another box_region (`ansible-playbook playbooks/quota.yml -e quota_regions=all` compares them)"
    return Refused(f"box_instance_type: no type in {region} has {needs}: {hint}")
