"""Skipping stops: what is meant, what is refused, and that it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any

import pytest
from dlbox import snooze
from dlbox.errors import Refused
from dlbox.timetable import DAILY, Entry, Timetable, firings, stops
from hypothesis import assume, given, settings
from hypothesis import strategies as st

WORK = (1, 2, 3, 4, 5)
DAY = Timetable((Entry("stop", time(20)),), "Asia/Shanghai")
TWICE = Timetable((Entry("stop", time(12, 30)), Entry("stop", time(20))), "Asia/Shanghai")
WEEK = Timetable((Entry("stop", time(20), WORK), Entry("start", time(8), WORK)), "Asia/Shanghai")
# A Friday, 18:00 in Shanghai.
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def local(moment: datetime | None) -> str | None:
    return moment and f"{moment + timedelta(hours=8):%a %H:%M}"


@pytest.mark.parametrize(
    ("table", "text", "ends"),
    [
        (DAY, "tonight", "Sat 20:00"),
        (DAY, " Tonight", "Sat 20:00"),
        (DAY, "OFF", None),
        (TWICE, "tonight", "Sat 12:30"),
        (WEEK, "tonight", "Mon 20:00"),
        (DAY, "23:30", "Fri 23:30"),
        (DAY, "01:00", "Sat 01:00"),
        (DAY, "2026-11-22 19:00", "Sun 19:00"),
        (DAY, "2026-11-22T9:00", "Sun 09:00"),
        (WEEK, "2026-11-23 09:00", "Mon 09:00"),
        (DAY, "off", None),
        (DAY, False, None),
        (DAY, "", "Sat 02:00"),
    ],
)
def test_when_the_stops_count_again(table: Timetable, text: Any, ends: str | None) -> None:
    kept = NOW + timedelta(hours=8)
    assert local(snooze.until(table, snooze.asked("snooze", text), kept, NOW)) == ends


def test_one_that_has_passed_is_none() -> None:
    assert snooze.until(DAY, "", NOW, NOW) is None
    assert snooze.until(DAY, "", None, NOW) is None


@pytest.mark.parametrize(
    ("text", "now", "said"),
    [
        ("tonight", NOW + timedelta(hours=3), "no stop is left today: the next is Sat 2026-11-21 20:00"),
        ("19:30", NOW, "snooze: the next stop is only Fri 2026-11-20 20:00 Asia/Shanghai; write a time after it"),
        ("20:00", NOW, "snooze: the next stop is only"),
        ("2026-11-19 20:00", NOW, "snooze: 2026-11-19 20:00 Asia/Shanghai has passed"),
        ("2026-11-28 20:00", NOW, "snooze: a stop is skipped for 7 days at most"),
        ("25:00", NOW, "snooze: '25:00' is not a time of day"),
        ("2026-13-01 20:00", NOW, "snooze: 2026-13-01 is not a date"),
        ("Tomorrow", NOW, "snooze: 'Tomorrow' is no time to skip stops until; write tonight, off, a time as in \"23:30\", or a date and time"),
        ("2026-11-23", NOW, "snooze: '2026-11-23' is no time to skip stops until; write tonight, off, a time"),
        ("8pm", NOW, "snooze: '8pm' is no time to skip stops until"),
        ("1410", NOW, "snooze: 1410 is not a time; YAML reads 23:30"),
        (True, NOW, "snooze: 'True' is no time to skip stops until"),
    ],
)  # fmt: skip
def test_what_is_refused(text: Any, now: datetime, said: str) -> None:
    with pytest.raises(Refused, match=f"^{said}"):
        snooze.until(DAY, snooze.asked("snooze", text), None, now)


def test_a_time_that_daylight_saving_leaves_out_is_refused() -> None:
    table = Timetable((Entry("stop", time(20)),), "America/New_York")
    now = datetime(2027, 3, 13, 20, tzinfo=UTC)
    with pytest.raises(Refused, match="does not exist there"):
        snooze.until(table, "2027-03-14 02:30", None, now)


def test_starts_go_on() -> None:
    until = snooze.until(WEEK, "2026-11-23 19:00", None, NOW)
    found = [(local(moment), verb) for moment, verb in islice(snooze.firings(WEEK, NOW, until), 4)]
    assert found == [("Mon 08:00", "start"), ("Mon 19:00", "stop"), ("Mon 20:00", "stop"), ("Tue 08:00", "start")]


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 7 * 24 * 60),
    st.lists(st.builds(time, st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=3, unique=True),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_first_stop_is_its_end_and_then_all_is_as_before(
    now: datetime, ahead: int, times: list[time], zone: str
) -> None:
    table = Timetable(tuple(Entry("stop", at, DAILY) for at in times), zone)
    until = (now + timedelta(minutes=ahead)).replace(second=0, microsecond=0)
    assume(until > now)
    later = until + timedelta(days=3)
    found = [moment for moment, _ in takewhile(lambda one: one[0] <= later, snooze.firings(table, now, until))]
    assert found[0] == until
    assert found[1:] == list(takewhile(lambda moment: moment <= later, stops(table, until)))
    assert snooze.regular(table, until) is any(
        moment == until for moment, _ in islice(firings(table, until - timedelta(minutes=1)), 3)
    )


@pytest.mark.parametrize(("text", "ends"), [("01:00", "Sat 01:00"), ("tonight", "Sat 20:00"), ("23:30", "Fri 23:30")])
def test_one_that_stands_is_drawn_out(text: str, ends: str) -> None:
    late, kept = NOW + timedelta(hours=3), NOW + timedelta(hours=5, minutes=30)
    assert local(snooze.until(DAY, text, kept, late)) == ends


def test_what_comes_before_the_end_of_one_that_stands_is_refused_with_its_end() -> None:
    late, kept = NOW + timedelta(hours=3), NOW + timedelta(hours=5, minutes=30)
    with pytest.raises(
        Refused, match=r"the next stop is only Fri 2026-11-20 23:30 Asia/Shanghai; write a time after it, or tonight"
    ):
        snooze.until(DAY, "22:00", kept, late)
