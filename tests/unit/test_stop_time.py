"""What the user asks for: which times and days are taken, and what is said of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any

import pytest
from dlbox import stop_time, timetable, zone_data
from dlbox.errors import Refused
from dlbox.timetable import DAILY, Entry
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.times import TIMES

TODAY = date(2026, 11, 22)
ZONES = ["UTC", "America/New_York", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Chatham"]


@pytest.mark.parametrize(("text", "want"), [("20:00", time(20)), ("8:05", time(8, 5)), ("00:00", time(0))])
def test_a_time_is_read(text: str, want: time) -> None:
    assert stop_time.clock_time("box_stop_time", text) == want


@pytest.mark.parametrize(
    "value", ["25:00", "24:00", "20:60", "8pm", "", "20:00:00", "20.00", " ", None, True, "20:0", -5]
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match=r'^box_stop_time: .* is not a time of day; .*as in "20:00"$'):
        stop_time.clock_time("box_stop_time", value)


@pytest.mark.parametrize(
    ("value", "meant"), [(1200, "20:00"), ("1200", "20:00"), (0, "00:00"), (570, "09:30"), (1439, "23:59")]
)
def test_the_number_that_yaml_makes_of_a_time_is_refused_with_the_time(value: Any, meant: str) -> None:
    with pytest.raises(Refused, match=f'^box_stop_time: .*if you mean {meant}, write it in quotes, "{meant}"$'):
        stop_time.clock_time("box_stop_time", value)


@pytest.mark.parametrize(
    ("at", "zone", "day", "instead"),
    [
        (time(2, 30), "America/New_York", "2027-03-14", "03:00"),
        (time(2, 0), "America/New_York", "2027-03-14", "03:00"),
        (time(2, 15), "Australia/Lord_Howe", "2027-10-03", "02:30"),
        (time(0, 30), "America/Santiago", "2027-09-05", "01:00"),
    ],
)
def test_a_time_in_a_gap_is_refused_with_the_day_and_the_next_usable_time(
    at: time, zone: str, day: str, instead: str
) -> None:
    with pytest.raises(Refused, match=rf'no {at:%H:%M} in {zone} on {day} .* write "{instead}"'):
        stop_time.check_days("box_stop_time", at, DAILY, zone, date(2026, 11, 22))


@pytest.mark.parametrize(
    ("at", "zone"),
    [
        (time(3, 0), "America/New_York"),
        (time(1, 59), "America/New_York"),
        (time(2, 30), "Asia/Shanghai"),
        (time(1, 30), "America/New_York"),
    ],
    ids=["after the gap", "before the gap", "no daylight saving", "repeated hour"],
)
def test_a_time_that_every_day_has_is_taken(at: time, zone: str) -> None:
    stop_time.check_days("box_stop_time", at, DAILY, zone, date(2026, 11, 22))


@settings(deadline=None, max_examples=100)
@given(st.dates(date(2024, 1, 1), date(2036, 1, 1)), TIMES, st.sampled_from(ZONES))
def test_the_time_that_a_refusal_proposes_is_taken(today: date, at: time, zone: str) -> None:
    try:
        stop_time.check_days("box_stop_time", at, DAILY, zone, today)
    except Refused as refused:
        proposed = time.fromisoformat(str(refused).split('"')[1])
        stop_time.check_days("box_stop_time", proposed, DAILY, zone, today)


def test_a_gap_on_another_weekday_does_not_matter() -> None:
    stop_time.check_days("box_stop_time", time(2, 30), (1, 2, 3, 4, 5), "America/New_York", TODAY)


ASKED = {"stop_time": "20:00", "stop_days": "daily", "start_time": [], "start_days": "weekdays", "timezone": "UTC"}
WORK = (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({}, [Entry("stop", time(20))]),
        ({"stop_time": ["20:00", "12:30", "20:00"]}, [Entry("stop", time(12, 30)), Entry("stop", time(20))]),
        ({"stop_days": "weekdays"}, [Entry("stop", time(20), WORK)]),
        ({"stop_days": ["Sat", "mon"]}, [Entry("stop", time(20), (1, 6))]),
        ({"stop_days": "Sun"}, [Entry("stop", time(20), (7,))]),
        ({"start_time": "08:00"}, [Entry("stop", time(20)), Entry("start", time(8), WORK)]),
        ({"start_time": "", "start_days": "nonsense"}, [Entry("stop", time(20))]),
        ({"start_time": "21:00", "stop_time": ["20:00", "23:00"]}, [Entry("stop", time(20)), Entry("stop", time(23)), Entry("start", time(21), WORK)]),
    ],
)  # fmt: skip
def test_the_timetable(asked: dict[str, Any], lines: list[Entry]) -> None:
    assert list(stop_time.wanted({**ASKED, **asked}, TODAY).entries) == lines


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stop_time": []}, "box_stop_time: there is no time in it, so the box would never stop by itself"),
        ({"stop_time": ""}, "box_stop_time: there is no time in it"),
        ({"stop_time": ["20:00", "25:00"]}, "box_stop_time: '25:00' is not a time of day"),
        ({"stop_time": "['20:00']"}, "box_stop_time: .* after -e write a list as JSON"),
        ({"stop_time": "8pm"}, "box_stop_time: '8pm' is not a time of day"),
        ({"stop_days": "Mo"}, "box_stop_days: 'Mo' is not a weekday; write Mon$"),
        ({"stop_days": ["Mon", "Tues"]}, "box_stop_days: 'Tues' is not a weekday; write Tue$"),
        ({"stop_days": ["x"]}, "box_stop_days: 'X' is not a weekday; write daily, weekdays, or a list of Mon, "),
        ({"stop_days": []}, "box_stop_days: there is no day in it"),
        ({"stop_days": 1}, "box_stop_days: '1' is not a weekday"),
        ({"start_time": "21:00"}, 'box_start_time: "21:00" is not before the last stop of the day at 20:00'),
        ({"start_time": "20:00"}, 'box_start_time: "20:00" is a time in box_stop_time too'),
        ({"start_time": "08:00", "stop_time": ["08:00", "20:00"]}, 'box_start_time: "08:00" is a time in'),
        ({"start_time": "08:00", "stop_days": ["Mon"]}, "box_start_days: Tue has a start and no stop"),
        ({"start_time": "08:00", "start_days": []}, "box_start_days: there is no day in it"),
        ({"start_time": "02:30", "start_days": "daily", "timezone": "America/New_York"}, "box_start_time: there is no 02:30"),
        ({"timezone": "CST"}, "box_timezone: 'CST' is not a time zone"),
    ],
)  # fmt: skip
def test_what_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=f"^{said}") as refused:
        stop_time.wanted({**ASKED, **asked}, TODAY)
    assert "\n" not in str(refused.value)


SOME_DAYS = st.lists(st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]), min_size=1, unique=True)
SOME_TIMES = st.lists(TIMES.map(lambda at: f"{at:%H:%M}"), min_size=1, max_size=3)


@given(SOME_TIMES, SOME_DAYS, SOME_TIMES, SOME_DAYS, st.sampled_from(ZONES), st.integers(0, 365))
def test_every_day_that_starts_the_box_ends_with_it_stopped(
    stops: list[str], stop_days: list[str], starts: list[str], start_days: list[str], zone: str, ahead: int
) -> None:
    asked = {"stop_time": stops, "stop_days": stop_days, "start_time": starts, "start_days": start_days}
    try:
        table = stop_time.wanted(asked | {"timezone": zone}, TODAY)
    except Refused:
        return
    local = zone_data.zone(zone)
    begin = datetime.combine(TODAY + timedelta(ahead), time(), local).astimezone(UTC)
    week = takewhile(lambda one: one[0] < begin + timedelta(days=8), timetable.firings(table, begin))
    last = {moment.astimezone(local).date(): verb for moment, verb in week if moment < begin + timedelta(days=7)}
    assert set(last.values()) <= {"stop"}
