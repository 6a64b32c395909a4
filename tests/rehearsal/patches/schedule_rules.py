"""What EventBridge Scheduler accepts as an expression and a time zone: pure."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import available_timezones

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Field, lowest, highest, names, what else it may hold.
FIELDS: tuple[tuple[str, int, int, list[str], str], ...] = (
    ("minutes", 0, 59, [], ""), ("hours", 0, 23, [], ""), ("day-of-month", 1, 31, [], "?LW"),
    ("month", 1, 12, MONTHS, ""), ("day-of-week", 1, 7, DAYS, "?L#"), ("year", 1970, 2199, [], ""),
)  # fmt: skip
RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")


def number(text: str, names: list[str], low: int) -> int:
    """A field's number, given as digits or as a name."""
    return names.index(text.upper()) + low if text.upper() in names else int(text)


def field_ok(text: str, low: int, high: int, names: list[str], special: str) -> bool:
    """Whether one field of a cron expression is well formed."""
    for part in text.split(","):
        if part == "*" or (part == "?" and "?" in special):
            continue
        if special and re.fullmatch(r"L|LW|L-\d+|\d+W|\d+L|\d+#[1-5]", part) and set(part) & set(special):
            continue
        span, _, step = part.partition("/")
        try:
            ends = [low, high] if span == "*" else [number(end, names, low) for end in span.split("-")]
            if (step and int(step) < 1) or len(ends) > 2 or not all(low <= end <= high for end in ends):
                return False
        except ValueError:
            return False
    return True


def cron_ok(expression: str) -> bool:
    """Whether AWS takes a cron expression: six fields, and one of the two day fields is `?`."""
    fields = expression.split()
    if len(fields) != len(FIELDS) or (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(field_ok(text, *rule[1:]) for text, rule in zip(fields, FIELDS, strict=True))


def expression_ok(text: str) -> bool:
    """Whether AWS takes a schedule expression."""
    if text.startswith("cron(") and text.endswith(")"):
        return cron_ok(text[5:-1])
    rate = RATE.fullmatch(text)
    if rate:
        return int(rate[1]) > 0 and (rate[1] == "1") != rate[2].endswith("s")
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", text):
        try:
            datetime.fromisoformat(text[3:-1])
        except ValueError:
            return False
        return True
    return False


def zone_ok(name: str) -> bool:
    """Whether AWS takes a time zone: any IANA name."""
    return name in available_timezones()
