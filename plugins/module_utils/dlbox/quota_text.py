"""The rows of quota_table as text for a terminal, and the sentence that says which setting to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .quota_table import cheapest, few, price_order

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """How to tell it: the box's region, whether AWS is a rehearsal, every type or a few, regions compared or one in full."""

    home: str
    rehearsal: bool = False
    every: bool = False
    compare: bool = False


def text(rows: Sequence[Row], told: Told) -> str:
    """The whole text, at most 118 characters wide but for its last sentence."""
    where = "AWS regions" if told.compare else rows[0]["region"]
    title = f"GPUs in {where}{' (a rehearsal)' * told.rehearsal}"
    lines = _comparison(rows) if told.compare else _table(rows[0], told)
    return "\n".join(line.rstrip() for line in [title, "", *lines, "", *_notes(rows), advice(rows, told)])


def _notes(rows: Sequence[Row]) -> list[str]:
    """What could not be asked, each thing once, with the regions where it does not hold for all."""
    notes: dict[str, list[str]] = {}
    for row in rows:
        for note in row["notes"]:
            notes.setdefault(note, []).append(row["region"])
    return [note + (f" ({', '.join(where)})" if len(where) < len(rows) else "") for note, where in notes.items()]


def _table(row: Row, told: Told) -> Iterator[str]:
    yield f"{'quota of vCPUs':<34}{'granted':>8}{'in use':>8}{'free':>6}  open request"
    for family in row["families"]:
        name = f"{'Spot' if family['spot'] else 'On-Demand'} {family['name']} ({family['code']})"
        quota, free = (_number(family[key]) for key in ("quota", "free"))
        used = f"{family['in_use']}{'+?' if family['uncounted'] else ''}"
        yield f"{name:<34}{quota:>8}{used:>8}{free:>6}  {_request(family['request'])}"
    for family in row["families"]:
        if family["uncounted"]:
            yield f"+?: AWS does not tell the vCPUs of {', '.join(family['uncounted'])}, which run"
    for group in dict.fromkeys(item["group"] for item in row["types"]):
        types = [item for item in row["types"] if item["group"] == group]
        shown = types if told.every else few(types)
        yield ""
        yield f"{group:<16}{'vCPUs':>6}  {'GPUs':<23}{'GPU GiB':>8}{'$ an hour':>11}  {'On-Demand':<22}{'Spot':<22}"
        for item in shown:
            cells = f"{item['type']:<16}{item['vcpus']:>6}  {_gpus(item):<23}{item['gpu_memory_gib']:>8.0f}{_price(item):>11}"
            notes = item["unfit"] if item["unfit"] in ("arm64", "retired") else ""
            yield f"{cells}  {_may(item['on_demand']):<22}{_may(item['spot']):<22}{notes}"
        if len(shown) < len(types):
            hidden = len(types) - len(shown)
            yield f"and {hidden} larger one{'s' if hidden > 1 else ''}: -e quota_types=all"


def _comparison(rows: Sequence[Row]) -> Iterator[str]:
    yield f"{'':<16}{'vCPUs in use/granted':<41}cheapest with a whole NVIDIA GPU, $ an hour"
    yield f"{'region':<16}{'G':<9}{'P':<9}{'Spot G':<9}{'Spot P':<14}{'that you may run':<23}{'of all':<23}open requests"
    for row in sorted(rows, key=_rank):
        if row["error"]:
            yield f"{row['region']:<16}{row['error']}"
            continue
        cells = [_used(row, letter, spot) for spot in (False, True) for letter in ("G", "P")]
        quotas = "".join(f"{cell:<{width}}" for cell, width in zip(cells, (9, 9, 9, 14), strict=True))
        names = [f"{item['type']} {how or _price(item)}" if item else "none" for item, how in _bests(row)]
        yield f"{row['region']:<16}{quotas}{names[0]:<23}{names[1]:<23}{', '.join(_asked(row))}"


def advice(rows: Sequence[Row], told: Told) -> str:
    """What to do next: the setting to write."""
    well = sorted(rows, key=lambda row: (*_rank(row)[:3], row["region"] != told.home))
    row = well[0]
    (best, how), (first, _) = _bests(row)
    also = "" if told.compare else "; -e quota_regions=all compares the regions"
    if row["error"]:
        return "No region answered: put right what the lines above say, then run the same command."
    if not first:
        return f"No region shown has such a GPU type{also or ': try -e quota_regions=all'}."
    kind, where = (best or first)["type"], row["region"]
    write = f"write {'' if where == told.home else f'`box_region: {where}` and '}`box_instance_type: {kind}`"
    if how:
        return f"Next: as Spot you may run {kind} in {where}: {write} and `box_spot: true`{also}."
    if best:
        price = "" if best["usd"] is None else f" at ${best['usd']:g} an hour"
        return f"Next: the cheapest that you may run is {kind} in {where}{price}: {write}{also}."
    pending = [f"{asked} in {row['region']}" for row in rows for asked in _asked(row)]
    wait = f"AWS has not decided yet ({', '.join(pending)}): come back later, or " if pending else ""
    return f"Next: no quota has room for one more now; {wait}{write}, and site.yml asks AWS for the {first['vcpus']} vCPUs that it needs{also}."


def _bests(row: Row) -> tuple[tuple[dict[str, Any] | None, str], tuple[dict[str, Any] | None, str]]:
    """The cheapest type that may run, and of all; with "Spot" where it may only so, at a price that is not told."""
    on_demand, spot, first = (cheapest(row, way) for way in ("on_demand", "spot", ""))
    return (spot, "Spot") if spot and not on_demand else (on_demand, ""), (first, "")


def _rank(row: Row) -> tuple[Any, ...]:
    """Regions in the order of interest: On-Demand by price, Spot alone, nothing yet, failed."""
    (best, how), (first, _) = _bests(row)
    grade = 3 if row["error"] else 2 if best is None else 1 if how else 0
    shown = best or first
    return (grade, shown is None, price_order(shown) if shown else (), row["region"])


def _used(row: Row, letter: str, spot: bool) -> str:
    mine = [item for item in row["families"] if item["spot"] == spot and item["name"].startswith(letter)]
    return " + ".join(f"{item['in_use']}/{_number(item['quota'])}" for item in mine) or "-"


def _asked(row: Row) -> list[str]:
    """The open requests of a region, as in "Spot G 8"."""
    return [
        f"{'Spot ' * item['spot']}{item['name'][0]} {item['request']['desired']}"
        for item in row["families"]
        if item["request"]
    ]


def _request(request: Mapping[str, Any] | None) -> str:
    return f"{request['desired']} vCPUs, {request['status']} since {request['created'][:10]}" if request else ""


def _gpus(item: Row) -> str:
    count = f"1/{round(1 / item['share'])}" if item["share"] else str(item["gpus"])
    return f"{count} {item['gpu']}"


def _may(way: Mapping[str, Any] | None) -> str:
    if way is None:
        return "not sold"
    return "?" if way["lacking"] is None else f"needs {way['lacking']} more vCPUs" if way["lacking"] else "yes"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _price(item: Row) -> str:
    return "?" if item["usd"] is None else f"{item['usd']:.3f}"
