"""The times and weekdays that the user asks for: made a timetable, or refused before anything is created."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from . import zone_data, zones
from .errors import Refused
from .timetable import DAILY, DAYS, Entry, Timetable, instant

_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_SETS = {"daily": DAILY, "weekdays": DAILY[:5]}
_NAMES = {name.title(): number for number, name in enumerate(DAYS, start=1)}


def wanted(asked: Mapping[str, Any], today: date) -> Timetable:
    """The timetable of stop_time, stop_days, start_time, start_days and timezone; each refusal names its setting."""
    zone = zones.zone_name("box_timezone", asked["timezone"])
    stops = clock_times("box_stop_time", asked["stop_time"])
    starts = clock_times("box_start_time", asked["start_time"])
    if not stops:
        raise Refused(
            'box_stop_time: there is no time in it, so the box would never stop by itself; write one, as in "20:00"'
        )
    stop_days = weekdays("box_stop_days", asked["stop_days"])
    start_days = weekdays("box_start_days", asked["start_days"]) if starts else ()
    for key, times, days in (("box_stop_time", stops, stop_days), ("box_start_time", starts, start_days)):
        for at in times:
            check_days(key, at, days, zone, today)
    _check_starts(starts, start_days, stops, stop_days)
    entries = [Entry("stop", at, stop_days) for at in stops] + [Entry("start", at, start_days) for at in starts]
    return Timetable(tuple(entries), zone)


def clock_time(key: str, value: Any) -> time:
    """A time of day from "20:00"; refuses everything else, and tells the number that YAML makes of it without quotes."""
    match = _TIME.fullmatch(str(value))
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return time(int(match[1]), int(match[2]))
    number = int(value) if re.fullmatch(r"\d{1,4}", str(value)) else None
    meant = f"{(number or 0) // 60:02}:{(number or 0) % 60:02}"
    if number is not None and number < 24 * 60:
        raise Refused(
            f"{key}: {value} is not a time; YAML reads {meant} without quotes as the number {number}: "
            f'if you mean {meant}, write it in quotes, "{meant}"'
        )
    wrote = str(value)[:50] if number is None else f"{value} ({meant}, as YAML reads it without quotes)"
    raise Refused(f'{key}: {wrote!r} is not a time of day; write it on the 24-hour clock and in quotes, as in "20:00"')


def clock_times(key: str, value: Any) -> tuple[time, ...]:
    """One time or a list of them, in order and each once; nothing for an empty list or text."""
    return tuple(sorted({clock_time(key, one) for one in _items(key, value)}))


def weekdays(key: str, value: Any) -> tuple[int, ...]:
    """ISO weekdays from `daily`, `weekdays` or a list such as [Mon, Sat]."""
    if isinstance(value, str) and value.lower() in _SETS:
        return _SETS[value.lower()]
    named = [str(one).strip().title() for one in _items(key, value)]
    if wrong := [name for name in named if name not in _NAMES]:
        near = next((name for name in _NAMES if wrong[0][:2] == name[:2]), "")
        hint = f"write {near}" if near else "write daily, weekdays, or a list of " + ", ".join(_NAMES)
        raise Refused(f"{key}: {wrong[0][:20]!r} is not a weekday; {hint}")
    if not named:
        raise Refused(f"{key}: there is no day in it; write daily, weekdays, or a list such as [Mon, Sat]")
    return tuple(sorted({_NAMES[name] for name in named}))


def check_days(key: str, at: time, days: tuple[int, ...], zone: str, today: date) -> None:
    """Refuse a time that daylight saving leaves out on one of its days of the coming year: AWS would skip it."""
    if left_out := _left_out(at, days, zone, today):
        usable = at
        while gap := _left_out(usable, days, zone, today):
            usable = _after_gap(gap, usable, zone)
        raise Refused(
            f"{key}: there is no {at:%H:%M} in {zone} on {left_out} (daylight saving begins), so AWS would leave it out that day: "
            f'write "{usable:%H:%M}", the next time that every day has'
        )


def _items(key: str, value: Any) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        raise Refused(
            f"{key}: {value[:50]!r} is a text; after -e write a list as JSON, as in -e '{{\"{key}\": {value[:50]}}}'"
        )
    return list(value) if isinstance(value, list | tuple) else [] if value in ("", None) else [value]


def _check_starts(
    starts: tuple[time, ...], start_days: tuple[int, ...], stops: tuple[time, ...], stop_days: tuple[int, ...]
) -> None:
    if starts and (alone := sorted(set(start_days) - set(stop_days))):
        day = DAYS[alone[0] - 1].title()
        raise Refused(f"box_start_days: {day} has a start and no stop; add it to box_stop_days, or leave it out here")
    if both := sorted(set(starts) & set(stops)):
        raise Refused(
            f'box_start_time: "{both[0]:%H:%M}" is a time in box_stop_time too, and AWS would do both; move one of them'
        )
    if starts and starts[-1] >= stops[-1]:
        raise Refused(
            f'box_start_time: "{starts[-1]:%H:%M}" is not before the last stop of the day at {stops[-1]:%H:%M}, so the box would run '
            "all night; start it earlier, or add a later time to box_stop_time"
        )


def _left_out(at: time, days: tuple[int, ...], zone: str, today: date) -> date | None:
    coming = (today + timedelta(n) for n in range(366))
    local = zone_data.zone(zone)
    return next((day for day in coming if day.isoweekday() in days and not instant(day, at, local)), None)


def _after_gap(day: date, at: time, zone: str) -> time:
    wall = datetime.combine(day, at)
    while not instant(wall.date(), wall.time(), zone_data.zone(zone)):
        wall += timedelta(minutes=1)
    return wall.time()
