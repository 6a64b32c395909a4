"""AWS's six-field cron expressions, as pure functions: minutes hours day-of-month month day-of-week year."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
# AWS counts Sunday as 1.
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
LIMITS = {"minutes": (0, 59), "hours": (0, 23), "day-of-month": (1, 31), "month": (1, 12), "day-of-week": (1, 7)}


@dataclass(frozen=True)
class Cron:
    """A parsed expression; the two day fields stay text, because L, W and # depend on the month."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]


def numbers(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Expand a field such as `0/15`, `9-17`, `MON-FRI`, `1,2,3` or `*`; a range may wrap around its end."""
    found: set[int] = set()
    for part in text.upper().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = low if first in ("*", "?") else _number(first, names)
        end = _number(last, names) if last else high if first in ("*", "?") or step else begin
        if not (low <= begin <= high and low <= end <= high and int(step or 1) > 0):
            raise ValueError(f"`{part}` is outside {low}-{high}.")
        whole = list(range(begin, end + 1)) if begin <= end else [*range(begin, high + 1), *range(low, end + 1)]
        found.update(whole[:: int(step or 1)])
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    """Read a number or a name of a field."""
    return names[text] if names and text in names else int(text)


def parse(expression: str) -> Cron:
    """Parse what stands between the brackets of `cron(…)`."""
    fields = expression.split()
    if len(fields) != 6:
        raise ValueError(f"`cron({expression})` has {len(fields)} fields; AWS wants six, the last is the year.")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ValueError(f"`cron({expression})` must have `?` in exactly one of day-of-month and day-of-week.")
    return Cron(
        numbers(minutes, *LIMITS["minutes"]),
        numbers(hours, *LIMITS["hours"]),
        days.upper(),
        numbers(months, *LIMITS["month"], MONTHS),
        weekdays.upper(),
        numbers(years, 1970, 2199),
    )


def weekday(day: date) -> int:
    """Return AWS's number of a weekday."""
    return day.isoweekday() % 7 + 1


def in_month(day: date, text: str) -> bool:
    """Tell whether a day matches a day-of-month field."""
    last = calendar.monthrange(day.year, day.month)[1]
    if text == "L":
        return day.day == last
    if text.endswith("W"):
        wanted = last if text == "LW" else min(int(text[:-1]), last)
        return day == nearest_weekday(day.replace(day=wanted), last)
    return day.day in numbers(text, *LIMITS["day-of-month"])


def nearest_weekday(day: date, last: int) -> date:
    """Return the weekday nearest to a day, inside its month."""
    if day.isoweekday() == 6:
        return day - timedelta(1) if day.day > 1 else day + timedelta(2)
    if day.isoweekday() == 7:
        return day + timedelta(1) if day.day < last else day - timedelta(2)
    return day


def in_week(day: date, text: str) -> bool:
    """Tell whether a day matches a day-of-week field."""
    nth = re.fullmatch(r"(\w+)#([1-5])", text)
    if nth:
        return weekday(day) == _number(nth[1], DAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
    if text.endswith("L"):
        wanted = _number(text[:-1], DAYS) if text != "L" else 7
        return weekday(day) == wanted and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return weekday(day) in numbers(text, *LIMITS["day-of-week"], DAYS)


def matches(cron: Cron, day: date) -> bool:
    """Tell whether a cron fires on a day."""
    if day.year not in cron.years or day.month not in cron.months:
        return False
    return in_week(day, cron.weekdays) if cron.days == "?" else in_month(day, cron.days)


def local_times(cron: Cron, first: date, last: date) -> Iterator[datetime]:
    """Yield the wall-clock times of a cron from one day to another, both included, in order."""
    clock = [time(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)]
    for offset in range((last - first).days + 1):
        day = first + timedelta(offset)
        if matches(cron, day):
            yield from (datetime.combine(day, one) for one in clock)
