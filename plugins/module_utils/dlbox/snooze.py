"""Skipping stops tonight, or until a time, in a way that undoes itself. Pure, by AWS's clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from . import stop_time, timetable, zone_data
from .errors import Refused
from .timetable import Entry, Timetable

# The description of a schedule whose start date is a snooze, and not somebody's mistake.
MARK = "snoozed by dlbox"
LONGEST = timedelta(days=7)
# A schedule may begin after its start date, so that lies a little before the first stop that counts again.
AHEAD = timedelta(minutes=1)
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})[ t](\d{1,2}:\d{2})")


def asked(key: str, value: Any) -> str:
    """`tonight`, `off`, a time or a date and time as text; empty keeps what is. YAML reads a bare off as false."""
    text = "off" if value is False else str(value).strip().lower()
    if text in ("", "off", "tonight"):
        return text
    if dated := _DATED.fullmatch(text):
        try:
            return f"{date.fromisoformat(dated[1])} {stop_time.clock_time(key, dated[2]):%H:%M}"
        except ValueError as error:
            raise Refused(f"{key}: {dated[1]} is not a date; write it as in 2026-11-23 18:00") from error
    if not text.replace(":", "").isdigit():
        raise Refused(
            f'{key}: {str(value)[:50]!r} is no time to skip stops until; write tonight, off, a time as in "23:30", '
            "or a date and time, as in -e \"snooze='2026-11-23 18:00'\""
        )
    return f"{stop_time.clock_time(key, text):%H:%M}"


def until(table: Timetable, text: str, kept: datetime | None, now: datetime) -> datetime | None:
    """The first stop that counts again, in UTC; None where no stop is skipped. `kept` is the snooze that stands."""
    if text == "":
        return kept if kept and kept > now else None
    if text == "off":
        return None
    standing = kept if kept and kept > now else None
    regular_one = next(timetable.stops(table, now))
    # Asked again, or for another end, what is skipped already counts.
    first = min(regular_one, standing or regular_one)
    local, shown = zone_data.zone(table.zone), timetable.told(first, table.zone)["local"]
    today = now.astimezone(local).date()
    tonight = first.astimezone(local).date() == today
    if text == "tonight":
        if not tonight:
            raise Refused(
                f"no stop is left today: the next is {shown}, so there is nothing to skip tonight; "
                "to skip that one, write a time after it, as in -e \"snooze='2026-11-23 22:00'\""
            )
        return next(moment for moment in timetable.stops(table, now) if moment.astimezone(local).date() != today)
    moment = _moment(table, text, now)
    if moment < first or (moment == first and moment != standing):
        also = ", or tonight" if tonight else ""
        raise Refused(f"snooze: the next stop is only {shown}; write a time after it{also}")
    if moment > now + LONGEST:
        raise Refused("snooze: a stop is skipped for 7 days at most; for longer, change box_stop_time or box_stop_days")
    return moment


def _moment(table: Timetable, text: str, now: datetime) -> datetime:
    day, _, clock = text.rpartition(" ")
    at = stop_time.clock_time("snooze", clock)
    if not day:
        return next(timetable.moments(Entry("stop", at), table.zone, now))
    moment = timetable.instant(date.fromisoformat(day), at, zone_data.zone(table.zone))
    if moment is None or moment <= now:
        why = "has passed" if moment else "does not exist there (daylight saving begins)"
        raise Refused(f"snooze: {text} {table.zone} {why}; write a later one")
    return moment


def firings(table: Timetable, now: datetime, until: datetime | None) -> Iterator[tuple[datetime, str]]:
    """What happens after now, in order: starts as ever, stops from `until` on, and a stop then in any case."""
    regular = timetable.firings(table, now)
    if until is None:
        return regular
    kept = ((moment, verb) for moment, verb in regular if verb == "start" or moment >= until)
    return timetable.merged([kept, iter([(until, "stop")])])


def regular(table: Timetable, moment: datetime) -> bool:
    """Whether a moment is a stop of the timetable itself, so that nothing more is needed for it."""
    before = moment - timedelta(seconds=1)
    return moment in takewhile(lambda stop: stop <= moment, timetable.stops(table, before))
