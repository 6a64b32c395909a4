"""When a box stops: the user's time and zone made canonical or refused, and the next stop in local time and UTC."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .errors import Refused

_AREAS = "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific"
_ZONE = re.compile(rf"UTC|(?:{_AREAS})(?:/[A-Za-z0-9_+-]+){{1,2}}")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_DAILY = re.compile(r"cron\((\d{1,2}) (\d{1,2}) \* \* \? \*\)")
# What people write for a zone, where looking at the names of zones does not help; several where it is ambiguous.
_MEANT = {
    "CST": ("Asia/Shanghai", "America/Chicago"),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "AST": ("America/Halifax", "Asia/Riyadh"),
    **dict.fromkeys(("EST", "EDT", "ET", "EST5EDT", "US/EASTERN"), ("America/New_York",)),
    **dict.fromkeys(("CDT", "CST6CDT", "US/CENTRAL"), ("America/Chicago",)),
    **dict.fromkeys(("MST", "MDT", "MST7MDT", "US/MOUNTAIN"), ("America/Denver", "America/Phoenix")),
    **dict.fromkeys(("PST", "PDT", "PT", "PST8PDT", "US/PACIFIC"), ("America/Los_Angeles",)),
    **dict.fromkeys(("SAN FRANCISCO", "SEATTLE"), ("America/Los_Angeles",)),
    **dict.fromkeys(("CET", "CEST", "MET"), ("Europe/Berlin", "Europe/Paris")),
    **dict.fromkeys(("EET", "EEST"), ("Europe/Helsinki", "Europe/Athens")),
    **dict.fromkeys(("GMT", "Z", "ZULU", "UTC", "UCT", "UNIVERSAL", "ETC/UTC", "ETC/GMT"), ("UTC", "Europe/London")),
    **dict.fromkeys(("PRC", "CHINA", "BEIJING", "ASIA/BEIJING", "SHENZHEN", "GUANGZHOU"), ("Asia/Shanghai",)),
    **dict.fromkeys(("INDIA", "DELHI", "MUMBAI", "BANGALORE"), ("Asia/Kolkata",)),
    **dict.fromkeys(("JST", "JAPAN"), ("Asia/Tokyo",)),
    **dict.fromkeys(("KST", "ROK"), ("Asia/Seoul",)),
    **dict.fromkeys(("HST", "US/HAWAII"), ("Pacific/Honolulu",)),
    **dict.fromkeys(("AEST", "AEDT"), ("Australia/Sydney", "Australia/Brisbane")),
    "ROC": ("Asia/Taipei",),
    "HKT": ("Asia/Hong_Kong",),
    "SGT": ("Asia/Singapore",),
}


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


def zone_name(key: str, value: Any) -> str:
    """The name of a time zone: Area/City, or UTC; refuses abbreviations, with what they may mean."""
    text = str(value)
    if _ZONE.fullmatch(text):
        try:
            return ZoneInfo(text).key
        except (ZoneInfoNotFoundError, OSError):
            pass
    if not available_timezones():
        raise Refused(f"{key}: this machine has no time zone data: install it (`sudo apt-get install tzdata`)")
    raise Refused(
        f"{key}: {text[:50]!r} is not a time zone in the form Area/City: write {' or '.join(_candidates(text))}"
    )


def check_daily(key: str, at: time, zone: str, today: date) -> None:
    """Refuse a time that daylight saving leaves out on a day of the coming year: AWS would skip that day's stop."""
    if left_out := _left_out(at, zone, today):
        usable = at
        while gap := _left_out(usable, zone, today):
            usable = _after_gap(gap, usable, zone)
        raise Refused(
            f"{key}: there is no {at:%H:%M} in {zone} on {left_out} (daylight saving begins), so the box would not stop that day: "
            f'write "{usable:%H:%M}", the next time that every day has'
        )


def cron(at: time) -> str:
    """The schedule expression for every day at a time."""
    return f"cron({at.minute} {at.hour} * * ? *)"


def following(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first moment after now at which a daily schedule fires: not in a gap, and in a repeated hour the first time."""
    day = now.astimezone(zone).date()
    moments = (moment for n in count() if (moment := _moment(day + timedelta(n), at, zone)))
    return next(moment for moment in moments if moment > now).astimezone(zone)


def next_stop(now: datetime, at: str, zone: str) -> dict[str, str]:
    """The next daily stop, {"local": "2026-11-22 20:00 Asia/Shanghai", "utc": "2026-11-22T12:00:00Z"}."""
    moment = following(now, time.fromisoformat(at), ZoneInfo(zone))
    return {"local": f"{moment:%Y-%m-%d %H:%M} {zone}", "utc": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def next_stop_of(schedule: Mapping[str, Any] | None, now: datetime) -> dict[str, str] | None:
    """The next stop of a schedule as AWS describes it; None where it is not an enabled daily one."""
    daily = _DAILY.fullmatch(schedule["ScheduleExpression"]) if schedule else None
    if not schedule or not daily or schedule["State"] != "ENABLED":
        return None
    return next_stop(now, f"{int(daily[2]):02}:{int(daily[1]):02}", schedule["ScheduleExpressionTimezone"])


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    wall = datetime.combine(day, at)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def _left_out(at: time, zone: str, today: date) -> date | None:
    days = (today + timedelta(n) for n in range(366))
    return next((day for day in days if not _moment(day, at, ZoneInfo(zone))), None)


def _after_gap(day: date, at: time, zone: str) -> time:
    wall = datetime.combine(day, at)
    while not _moment(wall.date(), wall.time(), ZoneInfo(zone)):
        wall += timedelta(minutes=1)
    return wall.time()


def _candidates(text: str) -> list[str]:
    if meant := _MEANT.get(text.strip().upper()):
        return list(meant)
    named = (name for name in sorted(available_timezones()) if _ZONE.fullmatch(name) and name != "UTC")
    cities = {name.split("/", 1)[1].lower(): name for name in named}
    asked = text.strip().lower().replace(" ", "_").split("/", 1)[-1]
    near = difflib.get_close_matches(asked, cities, n=2, cutoff=0.75)
    return [cities[city] for city in near] or ["a name such as Asia/Shanghai", "America/New_York"]
