"""When the function must be woken: rules in UTC for every offset that the zone has, one per time of day. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from . import timetable, zone_data
from .timetable import Timetable

# The rule of a snooze's end has a date too, for one may be drawn out to the same time: what stands is never moved.
_OURS = r"-at-(\d{4}|(?P<once>\d{6})|prove)"
# A Monday; any week shows how weekdays shift with the date.
_MONDAY = date(2024, 1, 1)
# Offsets that the zone had or will have then: rules outlive the run that makes them.
_PAST, _AHEAD = timedelta(days=366), timedelta(days=3 * 366)


def offsets(zone_name: str, now: datetime) -> set[timedelta]:
    """The UTC offsets of a zone from a year ago to three years ahead."""
    zone = zone_data.zone(zone_name)
    days = range((_PAST + _AHEAD).days)
    return {(now - _PAST + timedelta(n)).astimezone(zone).utcoffset() or timedelta() for n in days}


def wakes(table: Timetable, now: datetime) -> dict[time, set[int]]:
    """ISO weekdays by time of day, both in UTC: whenever a line may be due."""
    found: dict[time, set[int]] = {}
    for offset in offsets(table.zone, now):
        for line in table.entries:
            for day in line.days:
                moment = datetime.combine(_MONDAY + timedelta(day - 1), line.at) - offset
                found.setdefault(moment.time(), set()).add(moment.isoweekday())
    return found


def rules(prefix: str, table: Timetable, now: datetime, until: datetime | None) -> dict[str, str]:
    """The rules' schedule expressions by name; `until`, the end of a snooze, has its own where no other wakes the function then."""
    found = wakes(table, now)
    named = {f"{prefix}-at-{at:%H%M}": timetable.cron(at, found[at]) for at in sorted(found)}
    end = until and until.astimezone(UTC)
    if end and end.isoweekday() not in found.get(end.time(), ()):
        named[f"{prefix}-at-{end:%d%H%M}"] = once_at(end)
    return named


def ours(prefix: str, names: Iterable[str]) -> list[str]:
    """Those names that are of the box's rules, and of no other box's whose name only begins alike."""
    return [name for name in names if re.fullmatch(re.escape(prefix) + _OURS, name)]


def ends_snooze(name: str) -> bool:
    """Whether a rule's or a permission's name is that of the end of a snooze: a day of the month and a time, in UTC."""
    found = re.search(_OURS + "$", name)
    return bool(found and found["once"])


def once_at(moment: datetime) -> str:
    """The expression of a rule that fires once, at a minute in UTC."""
    return f"cron({moment.minute} {moment.hour} {moment.day} {moment.month} ? {moment.year})"


def once(expression: str) -> datetime | None:
    """The moment of a rule that fires once; None for any other expression."""
    try:
        return datetime.strptime(expression, "cron(%M %H %d %m ? %Y)").replace(tzinfo=UTC)
    except ValueError:
        return None
