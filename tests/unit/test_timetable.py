"""When a timetable fires, held against a minute-by-minute walk with zoneinfo, and against AWS's cron as the rehearsal reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from dlbox import timetable
from dlbox.timetable import DAILY, Entry, Timetable
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rehearsal import clock
from unit.times import DAYS, MOMENTS, TIMES, ZONES


@pytest.mark.parametrize(
    ("now", "at", "zone", "local", "utc"),
    [
        ("2026-11-22T11:59:59Z", "20:00", "Asia/Shanghai", "Sun 2026-11-22 20:00 Asia/Shanghai", "2026-11-22T12:00:00Z"),
        ("2026-11-22T12:00:00Z", "20:00", "Asia/Shanghai", "Mon 2026-11-23 20:00 Asia/Shanghai", "2026-11-23T12:00:00Z"),
        ("2026-11-22T17:00:00Z", "00:30", "Asia/Shanghai", "Tue 2026-11-24 00:30 Asia/Shanghai", "2026-11-23T16:30:00Z"),
        ("2027-03-14T06:00:00Z", "02:30", "America/New_York", "Mon 2027-03-15 02:30 America/New_York", "2027-03-15T06:30:00Z"),
        ("2026-11-01T05:00:00Z", "01:30", "America/New_York", "Sun 2026-11-01 01:30 America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-11-01T05:45:00Z", "01:30", "America/New_York", "Mon 2026-11-02 01:30 America/New_York", "2026-11-02T06:30:00Z"),
    ],
    ids=["today", "at the very time", "the local day is ahead", "gap is skipped", "first of two", "never the second"],
)  # fmt: skip
def test_the_next_is_told_in_local_time_and_utc(now: str, at: str, zone: str, local: str, utc: str) -> None:
    line = Entry("stop", time.fromisoformat(at))
    moment = next(timetable.moments(line, zone, datetime.fromisoformat(now)))
    assert timetable.told(moment, zone) == {"local": local, "utc": utc}


@settings(deadline=None, max_examples=200)
@given(MOMENTS, TIMES, DAYS, st.sampled_from(ZONES))
@example(datetime(2027, 3, 14, 6, tzinfo=UTC), time(2, 30), DAILY, "America/New_York")
@example(datetime(2026, 11, 1, 5, 45, tzinfo=UTC), time(1, 30), DAILY, "America/New_York")
@example(datetime(2027, 10, 2, 14, tzinfo=UTC), time(2, 15), DAILY, "Australia/Lord_Howe")
def test_the_next_is_the_first_minute_whose_clock_shows_it_for_the_first_time(
    now: datetime, at: time, days: tuple[int, ...], zone: str
) -> None:
    found = next(timetable.moments(Entry("stop", at, days), zone, now))
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while True:
        local = minute.astimezone(ZoneInfo(zone))
        if (local.hour, local.minute, local.fold) == (at.hour, at.minute, 0) and local.isoweekday() in days:
            break
        minute += timedelta(minutes=1)
    assert found == minute


@settings(deadline=None, max_examples=100)
@given(MOMENTS, TIMES, DAYS, st.sampled_from(ZONES))
def test_a_year_has_one_on_each_chosen_local_day_that_has_the_time(
    now: datetime, at: time, days: tuple[int, ...], zone: str
) -> None:
    until = now + timedelta(days=400)
    local = ZoneInfo(zone)
    stops = list(takewhile(lambda moment: moment < until, timetable.moments(Entry("stop", at, days), zone, now)))
    found = [stop.astimezone(local).date() for stop in stops]
    assert len(found) == len(set(found))
    assert all(stop.astimezone(local).time().replace(fold=0) == at for stop in stops)
    whole = [found[0] + timedelta(n) for n in range((found[-1] - found[0]).days + 1)]
    missing = {day for day in whole if day.isoweekday() in days} - set(found)
    assert all(timetable.instant(day, at, local) is None for day in missing)


@settings(deadline=None, max_examples=100)
@given(MOMENTS, TIMES, DAYS, st.sampled_from(ZONES))
def test_the_expression_means_the_same_to_aws(now: datetime, at: time, days: tuple[int, ...], zone: str) -> None:
    until = now + timedelta(days=60)
    timing = clock.Timing(timetable.cron(at, days), zone, now)
    line = Entry("stop", at, days)
    ours = takewhile(lambda moment: moment <= until, timetable.moments(line, zone, now))
    assert clock.due(timing, now, until) == list(ours)


@given(TIMES, DAYS)
def test_the_expression_is_read_back(at: time, days: tuple[int, ...]) -> None:
    assert timetable.entry("stop", timetable.cron(at, days)) == Entry("stop", at, days)


@pytest.mark.parametrize(
    "expression",
    ["rate(1 day)", "cron(0 20 1 * ? *)", "cron(0 20 ? * MON-FRI *)", "cron(0 25 * * ? *)", "cron(0 20 * * ? 2026)", "at(2026-11-22T20:00:00)"],
)  # fmt: skip
def test_other_expressions_are_not_guessed(expression: str) -> None:
    assert timetable.entry("stop", expression) is None


def test_days_have_their_names_whatever_the_users_locale() -> None:
    class Chinese(datetime):
        """As strftime answers where LC_TIME is zh_CN."""

        def strftime(self, form: str) -> str:
            return super().strftime(form.replace("%a", "日"))

    assert f"{Chinese(2026, 11, 22):%a}" == "日"
    assert timetable.told(Chinese(2026, 11, 22, 12, tzinfo=UTC), "UTC")["local"] == "Sun 2026-11-22 12:00 UTC"


def test_stops_and_starts_come_in_order_and_each_once() -> None:
    lines = (
        Entry("stop", time(12)),
        Entry("stop", time(20)),
        Entry("stop", time(20), (1,)),
        Entry("start", time(8), (1,)),
    )
    table = Timetable(lines, "UTC")
    after = datetime(2026, 11, 22, 13, tzinfo=UTC)
    found = [(f"{moment:%a %H}", verb) for moment, verb in islice(timetable.firings(table, after), 5)]
    assert found == [
        ("Sun 20", "stop"),
        ("Mon 08", "start"),
        ("Mon 12", "stop"),
        ("Mon 20", "stop"),
        ("Tue 12", "stop"),
    ]
    assert next(timetable.stops(table, after)).date() == date(2026, 11, 22)
