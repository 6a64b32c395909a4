"""What the rows of quota_table mean for the user: one sentence that says which setting to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .quota_table import cheapest, price_order

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """How to tell it: the box's region, whether AWS is a rehearsal, every type or a few, regions compared or one in full; and the box."""

    home: str
    rehearsal: bool = False
    every: bool = False
    compare: bool = False
    box: str = ""


def advice(rows: Sequence[Row], told: Told) -> str:
    """What to do next: the setting to write."""
    row = sorted(rows, key=lambda row: (*rank(row)[:3], row["region"] != told.home))[0]
    (best, how), (first, _) = bests(row)
    also = "" if told.compare else "; -e quota_regions=all compares the regions"
    if mine := next((row for row in rows if row["region"] == told.home and row["own"]), None):
        return f"Next: nothing: {_of_the_box(mine, told.box)}{also}."
    if row["error"]:
        return "No region answered: put right what the lines above say, then run the same command."
    if not first:
        return f"No region shown has such a GPU type{also or ': try -e quota_regions=all'}."
    kind, where = (best or first)["type"], row["region"]
    write = f"write {'' if where == told.home else f'`box_region: {where}` and '}`box_instance_type: {kind}`"
    if how:
        return f"Next: as Spot you may run {kind} in {where}: {write} and `box_spot: true`{also}."
    if best:
        return f"Next: the cheapest that you may run is {kind} in {where}{_at(best)}: {write}{also}."
    way = first["on_demand"] or first["spot"]
    write += "" if first["on_demand"] else " and `box_spot: true`"
    if any(family["request"] for family in row["families"] if family["code"] == way["code"]):
        pending = ", ".join(f"{each} in {one['region']}" for one in rows for each in asked(one))
        return f"Next: no quota has room now, and AWS has not decided yet ({pending}): run site.yml once it has{also}."
    more = f"{way['lacking']} more vCPUs" if way["lacking"] else "what it needs"
    return f"Next: no quota has room now: {write}, and site.yml asks AWS for {more}{also}."


def _of_the_box(row: Row, box: str) -> str:
    """What a box that runs may be instead."""
    own = row["own"]
    best = None if own["spot"] else cheapest(row, "on_demand")
    runs = f"{box} runs as {own['type']}"
    if own["spot"]:
        return f"{runs}, and a Spot box keeps its type"
    if best is None or best["type"] == own["type"]:
        return runs
    return (
        f"{runs}; the cheapest with a whole NVIDIA GPU that it may be instead is {best['type']}{_at(best)}: for that, "
        f"run playbooks/stop.yml, write `box_instance_type: {best['type']}` and run site.yml"
    )


def _at(row: Row) -> str:
    return "" if row["usd"] is None else f" at ${row['usd']:g} an hour"


def bests(row: Row) -> tuple[tuple[dict[str, Any] | None, str], tuple[dict[str, Any] | None, str]]:
    """The cheapest type that may run, and of all; with "Spot" where it may only so, at a price that is not told."""
    on_demand, spot, first = (cheapest(row, way) for way in ("on_demand", "spot", ""))
    return (spot, "Spot") if spot and not on_demand else (on_demand, ""), (first, "")


def rank(row: Row) -> tuple[Any, ...]:
    """Regions in the order of interest: On-Demand by price, Spot alone, nothing yet, failed."""
    (best, how), (first, _) = bests(row)
    grade = 3 if row["error"] else 2 if best is None else 1 if how else 0
    shown = best or first
    return (grade, shown is None, price_order(shown) if shown else (), row["region"])


def asked(row: Row) -> list[str]:
    """The open requests of a region, as in "Spot G 8"."""
    return [
        f"{'Spot ' * item['spot']}{item['name'][0]} {item['request']['desired']}"
        for item in row["families"]
        if item["request"]
    ]
