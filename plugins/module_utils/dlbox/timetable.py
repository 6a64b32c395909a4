"""When a box stops and starts: times on weekdays of a zone, as cron expressions and as moments. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from . import zone_data

# ISO weekdays 1 to 7, under AWS's names.
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DAILY = (1, 2, 3, 4, 5, 6, 7)
_CRON = re.compile(r"cron\((\d{1,2}) (\d{1,2}) (?:\* \* \?|\? \* ([A-Z,]+)) \*\)")


@dataclass(frozen=True, order=True)
class Entry:
    """One line: "stop" or "start", at a local time, on ISO weekdays (1 is Monday)."""

    verb: str
    at: time
    days: tuple[int, ...] = DAILY


@dataclass(frozen=True)
class Timetable:
    """Everything that happens by itself, in one zone."""

    entries: tuple[Entry, ...]
    zone: str


def cron(at: time, days: Iterable[int] = DAILY) -> str:
    """The schedule expression of a time on ISO weekdays; six fields, and one of the two day fields is `?`."""
    if set(days) == set(DAILY):
        return f"cron({at.minute} {at.hour} * * ? *)"
    return f"cron({at.minute} {at.hour} ? * {','.join(DAYS[day - 1] for day in sorted(days))} *)"


def entry(verb: str, expression: str) -> Entry | None:
    """Read an expression that `cron` wrote; None for any other."""
    found = _CRON.fullmatch(expression)
    names = (found[3] or ",".join(DAYS)).split(",") if found else []
    if not found or int(found[1]) > 59 or int(found[2]) > 23 or not set(names) <= set(DAYS):
        return None
    return Entry(verb, time(int(found[2]), int(found[1])), tuple(sorted(DAYS.index(name) + 1 for name in names)))


def instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The moment of a local time in UTC: the first one in a repeated hour, none inside a gap, as EventBridge Scheduler does."""
    wall = datetime.combine(day, at)
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def moments(one: Entry, zone: str, after: datetime) -> Iterator[datetime]:
    """The moments after a moment at which a line is due, in order and in UTC, without end."""
    local = zone_data.zone(zone)
    first = after.astimezone(local).date()
    for day in (first + timedelta(n) for n in count()):
        if day.isoweekday() in one.days and (moment := instant(day, one.at, local)) and moment > after:
            yield moment


def firings(table: Timetable, after: datetime) -> Iterator[tuple[datetime, str]]:
    """(moment, verb) of the whole timetable after a moment, in order, without end."""
    return merged([stream(one, table.zone, after) for one in table.entries])


def stream(one: Entry, zone: str, after: datetime) -> Iterator[tuple[datetime, str]]:
    """(moment, verb) of one line."""
    return ((moment, one.verb) for moment in moments(one, zone, after))


def merged(streams: Iterable[Iterator[tuple[datetime, str]]]) -> Iterator[tuple[datetime, str]]:
    """Several such streams in order; what coincides comes once."""
    last = None
    for one in heapq.merge(*streams):
        if one != last:
            yield one
        last = one


def stops(table: Timetable, after: datetime) -> Iterator[datetime]:
    """The stops alone."""
    return (moment for moment, verb in firings(table, after) if verb == "stop")


def told(moment: datetime, zone: str) -> dict[str, str]:
    """A moment for the user, {"local": "Sun 2026-11-22 20:00 Asia/Shanghai", "utc": "2026-11-22T12:00:00Z"}."""
    local, utc = moment.astimezone(zone_data.zone(zone)), moment.astimezone(UTC)
    # Not %a: Ansible takes on the user's locale.
    day = DAYS[local.weekday()].title()
    return {"local": f"{day} {local:%Y-%m-%d %H:%M} {zone}", "utc": f"{utc:%Y-%m-%dT%H:%M:%SZ}"}


def next_five(streams: Iterator[tuple[datetime, str]], zone: str) -> list[dict[str, str]]:
    """The first five of a stream for the user: `verb`, `local`, `utc`."""
    return [{"verb": verb, **told(moment, zone)} for moment, verb in islice(streams, 5)]
