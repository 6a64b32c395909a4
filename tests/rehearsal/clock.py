"""When a schedule is due, as pure functions of the expression, its zone and a window of time."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from . import cron

# AWS has the newest rules of zones, as the locked tzdata has; this system's own may be years behind.
zoneinfo.reset_tzpath(to=())

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Timing:
    """When something fires: its expression, zone, and bounds; `born` is where a rate counts from."""

    expression: str
    zone: str
    born: datetime
    start: datetime | None = None
    end: datetime | None = None


def instant(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a wall-clock time: the first of a repeated hour, none inside a gap."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def occurrences(timing: Timing, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments in (after, until] at which an expression is due, in order."""
    kind, _, rest = timing.expression.partition("(")
    body = rest.removesuffix(")").strip()
    zone = ZoneInfo(timing.zone or "UTC")
    if kind == "at":
        moment = instant(datetime.fromisoformat(body), zone)
        candidates = iter([moment] if moment else [])
    elif kind == "rate":
        candidates = rate(body, timing.start or timing.born, after)
    elif kind == "cron":
        candidates = crons(body, zone, after, until)
    else:
        raise ValueError(f"`{timing.expression}` is neither at(), rate() nor cron().")
    for moment in candidates:
        if moment > until:
            return
        if moment > after:
            yield moment


def rate(body: str, born: datetime, after: datetime) -> Iterator[datetime]:
    """Yield the ticks of a rate, counted from its birth, without end."""
    found = re.fullmatch(r"(\d+) (minute|hour|day)s?", body)
    if not found or int(found[1]) == 0:
        raise ValueError(f"`rate({body})` must be a number and minutes, hours or days.")
    every = int(found[1]) * UNITS[found[2]]
    tick = born + max((after - born) // every, 0) * every
    while True:
        tick += every
        yield tick


def crons(body: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments of a cron in its zone."""
    first, last = (moment.astimezone(zone).date() for moment in (after, until))
    for wall in cron.local_times(cron.parse(body), first - DAY, last + DAY):
        moment = instant(wall, zone)
        if moment:
            yield moment


def due(timing: Timing, after: datetime, until: datetime) -> list[datetime]:
    """List the moments in (after, until] at which something fires, inside its own start and end."""
    begin = max(after, timing.start - timedelta(microseconds=1)) if timing.start else after
    finish = min(until, timing.end) if timing.end else until
    return list(occurrences(timing, begin, finish)) if begin < finish else []


def finished(timing: Timing, now: datetime) -> bool:
    """Tell whether a schedule has nothing left to fire: a one-time schedule that passed, or one after its end."""
    if timing.end and timing.end <= now:
        return True
    return timing.expression.startswith("at(") and not any(occurrences(timing, now, datetime.max.replace(tzinfo=UTC)))
