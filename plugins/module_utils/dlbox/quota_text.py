"""The rows of quota_table as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .quota_next import Told, advice, asked, bests, rank
from .quota_table import few

Row = Mapping[str, Any]
_LEGEND = (
    "GPUs: how many of which, 1/8 being a part of one; GPU GiB: the memory of all of them; $ an hour: On-Demand",
    "On-Demand, Spot: whether the quota has room, ?: none is known; never proposed: parts of a GPU, AMD, arm64, retired",
)


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
    if own := row["own"]:
        yield f"{told.box} itself runs as {own['type']}: what it uses is counted as free for it below"
    for group in dict.fromkeys(item["group"] for item in row["types"]):
        types = [item for item in row["types"] if item["group"] == group]
        shown = types if told.every else few(types)
        yield ""
        yield f"{group:<16}{'vCPUs':>6}  {'GPUs':<23}{'GPU GiB':>8}{'$ an hour':>11}  {'On-Demand':<22}{'Spot':<22}"
        for item in shown:
            cells = f"{item['type']:<16}{item['vcpus']:>6}  {_gpus(item):<23}{item['gpu_memory_gib']:>8.0f}{_price(item):>11}"
            yield f"{cells}  {_may(item['on_demand']):<22}{_may(item['spot']):<22}{_note(item)}"
        if len(shown) < len(types):
            hidden = len(types) - len(shown)
            yield f"and {hidden} more type{'s' if hidden > 1 else ''}: -e quota_types=all shows all"
    yield from ("", *_LEGEND)


def _comparison(rows: Sequence[Row]) -> Iterator[str]:
    yield f"{'':<16}{'vCPUs in use/granted':<41}cheapest with a whole NVIDIA GPU, $ an hour"
    yield f"{'region':<16}{'G':<9}{'P':<9}{'Spot G':<9}{'Spot P':<14}{'that you may run':<23}{'of all':<23}open requests"
    for row in sorted(rows, key=rank):
        if row["error"]:
            yield f"{row['region']:<16}{row['error']}"
            continue
        cells = [_used(row, letter, spot) for spot in (False, True) for letter in ("G", "P")]
        quotas = "".join(f"{cell:<{width}}" for cell, width in zip(cells, (9, 9, 9, 14), strict=True))
        names = [f"{item['type']} {how or _price(item)}" if item else "none" for item, how in bests(row)]
        yield f"{row['region']:<16}{quotas}{names[0]:<23}{names[1]:<23}{', '.join(asked(row))}"


def _used(row: Row, letter: str, spot: bool) -> str:
    mine = [item for item in row["families"] if item["spot"] == spot and item["name"].startswith(letter)]
    return " + ".join(f"{item['in_use']}/{_number(item['quota'])}" for item in mine) or "-"


def _request(request: Mapping[str, Any] | None) -> str:
    return f"{request['desired']} vCPUs, {request['status']} since {request['created'][:10]}" if request else ""


def _gpus(item: Row) -> str:
    count = f"1/{round(1 / item['share'])}" if item["share"] else str(item["gpus"])
    return f"{count} {item['gpu']}"


def _note(item: Row) -> str:
    """Why a type is never proposed, where the other columns do not tell it."""
    return item["unfit"].removeprefix("it is ").partition(":")[0] if item["unfit"].startswith("it is ") else ""


def _may(way: Mapping[str, Any] | None) -> str:
    if way is None:
        return "not sold"
    return "?" if way["lacking"] is None else f"needs {way['lacking']} more vCPUs" if way["lacking"] else "yes"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _price(item: Row) -> str:
    return "?" if item["usd"] is None else f"{item['usd']:.3f}"
