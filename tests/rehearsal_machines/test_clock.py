"""When a schedule is due, held against zoneinfo by brute force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal import clock
from rehearsal.clock import Timing

ZONES = ["UTC", "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"]
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
BORN = datetime(2025, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    """Read a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes(after: datetime, until: datetime) -> list[datetime]:
    """List every full minute in (after, until]."""
    first = after.replace(second=0, microsecond=0)
    count = int((until - first) / timedelta(minutes=1)) + 1
    return [one for one in (first + timedelta(minutes=n) for n in range(count + 1)) if after < one <= until]


@settings(deadline=None)
@given(st.sampled_from(ZONES), MOMENTS, st.integers(1, 4000), st.integers(0, 23), st.integers(0, 59))
def test_a_daily_cron_is_due_at_the_first_moment_that_shows_its_wall_clock(
    zone: str, after: datetime, length: int, hour: int, minute: int
) -> None:
    until, place = after + timedelta(minutes=length), ZoneInfo(zone)
    shown: dict[datetime, datetime] = {}
    for moment in minutes(after - timedelta(hours=3), until):
        wall = moment.astimezone(place).replace(tzinfo=None)
        if (wall.hour, wall.minute) == (hour, minute):
            shown.setdefault(wall, moment)
    expected = [moment for moment in shown.values() if moment > after]
    assert clock.due(Timing(f"cron({minute} {hour} * * ? *)", zone, BORN), after, until) == expected


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    MOMENTS,
    st.integers(0, 3000),
    st.integers(0, 3000),
    st.sampled_from(["cron(0/17 * * * ? *)", "rate(7 minutes)"]),
)
def test_two_windows_side_by_side_are_due_exactly_what_one_is(
    zone: str, after: datetime, one: int, two: int, expression: str
) -> None:
    middle = after + timedelta(minutes=one)
    until, timing = middle + timedelta(minutes=two), Timing(expression, zone, BORN)
    assert clock.due(timing, after, middle) + clock.due(timing, middle, until) == clock.due(timing, after, until)


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 90), st.sampled_from(["minute", "hour", "day"]), st.integers(1, 5000))
def test_a_rate_counts_from_its_birth(born: datetime, every: int, unit: str, length: int) -> None:
    after = born + timedelta(minutes=length)
    found = clock.due(Timing(f"rate({every} {unit}s)", "UTC", born), after, after + timedelta(days=3))
    step = every * clock.UNITS[unit]
    assert all((moment - born) % step == timedelta(0) for moment in found)
    assert len(found) == (after + timedelta(days=3) - born) // step - (after - born) // step


@pytest.mark.parametrize(
    ("expression", "zone", "after", "until", "expected"),
    [
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2027-03-27T12:00", "2027-03-28T12:00", []),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2027-10-30T12:00", "2027-10-31T12:00", ["2027-10-31T00:30"]),
        ("at(2027-03-28T02:30:00)", "Europe/Berlin", "2027-03-27T12:00", "2027-03-28T12:00", []),
        ("at(2027-10-31T02:30:00)", "Europe/Berlin", "2027-10-30T12:00", "2027-10-31T12:00", ["2027-10-31T00:30"]),
        ("cron(0 20 * * ? *)", "Asia/Shanghai", "2026-11-21T11:59:59", "2026-11-21T12:00", ["2026-11-21T12:00"]),
        ("cron(0 20 * * ? *)", "Asia/Shanghai", "2026-11-21T12:00", "2026-11-22T11:59", []),
        ("cron(0 9 ? * MON-FRI *)", "UTC", "2026-11-20T10:00", "2026-11-23T10:00", ["2026-11-23T09:00"]),
        ("cron(0 9 ? * FRI-MON *)", "UTC", "2026-11-20T10:00", "2026-11-23T08:00", ["2026-11-21T09:00", "2026-11-22T09:00"]),
        ("cron(0 9 L * ? *)", "UTC", "2028-02-01T00:00", "2028-03-01T00:00", ["2028-02-29T09:00"]),
        ("cron(0 9 15W * ? *)", "UTC", "2026-11-01T00:00", "2026-11-30T00:00", ["2026-11-16T09:00"]),
        ("cron(0 9 1W * ? *)", "UTC", "2026-08-01T00:00", "2026-08-30T00:00", ["2026-08-03T09:00"]),
        ("cron(0 9 ? * 6L *)", "UTC", "2026-11-01T00:00", "2026-12-01T00:00", ["2026-11-27T09:00"]),
        ("cron(0 9 ? * TUE#2 *)", "UTC", "2026-11-01T00:00", "2026-12-01T00:00", ["2026-11-10T09:00"]),
        ("cron(0/30 9 21 NOV ? 2026)", "UTC", "2026-01-01T00:00", "2028-01-01T00:00", ["2026-11-21T09:00", "2026-11-21T09:30"]),
    ],
)  # fmt: skip
def test_table(expression: str, zone: str, after: str, until: str, expected: list[str]) -> None:
    assert clock.due(Timing(expression, zone, BORN), utc(after), utc(until)) == [utc(one) for one in expected]


def test_a_schedule_keeps_to_its_start_and_end() -> None:
    timing = Timing("rate(1 hour)", "UTC", BORN, start=utc("2026-01-01T10:00"), end=utc("2026-01-01T12:30"))
    found = clock.due(timing, utc("2026-01-01T00:00"), utc("2026-01-02T00:00"))
    assert found == [utc("2026-01-01T11:00"), utc("2026-01-01T12:00")]
    assert clock.finished(timing, utc("2026-01-01T12:30"))
    assert not clock.finished(timing, utc("2026-01-01T12:29"))


@pytest.mark.parametrize(
    "expression", ["cron(0 20 * * *)", "cron(0 20 * * * *)", "cron(0 25 * * ? *)", "rate(0 hours)", "20:00"]
)
def test_what_aws_would_refuse_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        clock.due(Timing(expression, "UTC", BORN), BORN, BORN + timedelta(days=1))
