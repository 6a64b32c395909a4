"""When the function acts: its rules fired by the rehearsal's own cron, its judgement held against zoneinfo, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dlbox import stop_handler, stop_wakes, zone_data
from dlbox.timetable import DAILY, Entry, Timetable
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rehearsal import clock
from unit.times import DAYS, MOMENTS, TIMES, ZONES

LINES = st.builds(Entry, st.sampled_from(["stop", "start"]), TIMES, DAYS)
TABLES = st.builds(Timetable, st.lists(LINES, min_size=1, max_size=4).map(tuple), st.sampled_from(ZONES))
WINDOW = timedelta(days=400)
Deeds = list[tuple[datetime, str]]


def config(table: Timetable, until: datetime | None = None) -> dict[str, Any]:
    lines = [[line.verb, f"{line.at:%H:%M}", list(line.days)] for line in table.entries]
    return {"instances": ["i-1"], "zone": table.zone, "lines": lines, "until": until and until.isoformat()}


def done(table: Timetable, now: datetime, until: datetime | None = None) -> Deeds:
    """What the function does in the window, woken by the rules that a run makes now."""
    named = stop_wakes.rules("p", table, now, until)
    timings = [clock.Timing(expression, "UTC", now) for expression in named.values()]
    woken = sorted(moment for one in timings for moment in clock.occurrences(one, now, now + WINDOW))
    assert len(woken) == len(set(woken)), "two rules wake it at once"
    told, zone = config(table, until), zone_data.zone(table.zone)
    return [(moment, verb) for moment in woken for verb in stop_handler.due(told, moment, zone)]


def expected(table: Timetable, now: datetime) -> set[tuple[datetime, str]]:
    """The first moment of each day's time; where daylight saving leaves the time out, as long after it as the clock jumps."""
    zone = zone_data.zone(table.zone)
    first = now.astimezone(zone).date() - timedelta(days=1)
    found = set()
    for line in table.entries:
        for day in (first + timedelta(n) for n in range(WINDOW.days + 4)):
            if day.isoweekday() in line.days:
                wall = datetime.combine(day, line.at)
                before = (wall - timedelta(hours=12)).replace(tzinfo=zone).utcoffset()
                moment = clock.instant(wall, zone) or (wall - (before or timedelta())).replace(tzinfo=UTC)
                found.add((moment, line.verb))
    return {one for one in found if now < one[0] <= now + WINDOW}


@settings(max_examples=150)
@given(TABLES, MOMENTS)
@example(Timetable((Entry("stop", time(2, 30)),), "America/New_York"), datetime(2026, 11, 22, tzinfo=UTC))
@example(Timetable((Entry("stop", time(1, 30)),), "America/New_York"), datetime(2026, 10, 31, tzinfo=UTC))
@example(Timetable((Entry("stop", time(2, 15)),), "Australia/Lord_Howe"), datetime(2027, 10, 1, tzinfo=UTC))
@example(Timetable((Entry("stop", time(1, 45)),), "Australia/Lord_Howe"), datetime(2027, 4, 1, tzinfo=UTC))
@example(Timetable((Entry("stop", time(2, 30)),), "Africa/Casablanca"), datetime(2027, 2, 1, tzinfo=UTC))
@example(Timetable((Entry("stop", time(23, 30)),), "America/Scoresbysund"), datetime(2025, 1, 1, tzinfo=UTC))
@example(Timetable((Entry("stop", time(20), (4, 6)),), "Pacific/Apia"), datetime(2011, 12, 1, tzinfo=UTC))
@example(Timetable((Entry("stop", time(3), (7,)), Entry("start", time(0), (7,))), "Asia/Kolkata"), datetime(2026, 1, 1, tzinfo=UTC))  # fmt: skip
def test_each_line_is_done_once_on_each_of_its_days_and_at_no_other_time(table: Timetable, now: datetime) -> None:
    deeds = done(table, now)
    assert len(deeds) == len(set(deeds))
    assert set(deeds) == expected(table, now)


@given(TABLES, MOMENTS, st.integers(1, 7 * 24 * 60))
def test_a_snooze_skips_the_stops_before_its_end_and_ends_with_one(table: Timetable, now: datetime, ahead: int) -> None:
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=ahead)
    deeds = done(table, now, until)
    regular = expected(table, now)
    assert len(deeds) == len(set(deeds))
    assert set(deeds) == {one for one in regular if one[1] == "start" or one[0] >= until} | {(until, "stop")}


@pytest.mark.parametrize(
    ("at", "days", "zone", "wanted"),
    [
        (time(20), DAILY, "Asia/Shanghai", {"at-1200": "cron(0 12 * * ? *)"}),
        (time(3), (1,), "Asia/Shanghai", {"at-1900": "cron(0 19 ? * SUN *)"}),
        (time(22), (5,), "America/New_York", {"at-0200": "cron(0 2 ? * SAT *)", "at-0300": "cron(0 3 ? * SAT *)"}),
        (time(19, 30), (7,), "America/New_York", {"at-2330": "cron(30 23 ? * SUN *)", "at-0030": "cron(30 0 ? * MON *)"}),
        (time(0), (1, 7), "Asia/Kolkata", {"at-1830": "cron(30 18 ? * SAT,SUN *)"}),
    ],
)  # fmt: skip
def test_weekdays_shift_with_the_date(at: time, days: tuple[int, ...], zone: str, wanted: dict[str, str]) -> None:
    table = Timetable((Entry("stop", at, days),), zone)
    found = stop_wakes.rules("p", table, datetime(2026, 11, 22, tzinfo=UTC), None)
    assert found == {f"p-{name}": expression for name, expression in wanted.items()}


def test_lines_that_wake_it_at_one_time_share_a_rule() -> None:
    table = Timetable((Entry("stop", time(20), (6, 7)), Entry("start", time(20), (1,))), "UTC")
    assert stop_wakes.rules("p", table, datetime(2026, 11, 22, tzinfo=UTC), None) == {
        "p-at-2000": "cron(0 20 ? * MON,SAT,SUN *)"
    }


@pytest.mark.parametrize(
    ("until", "name", "once"),
    [
        ("2026-11-23T20:00:00+00:00", "p-at-232000", None),
        ("2026-11-24T20:00:00+00:00", "p-at-242000", "cron(0 20 24 11 ? 2026)"),
        ("2026-11-23T18:05:00+00:00", "p-at-231805", "cron(5 18 23 11 ? 2026)"),
    ],
    ids=["a stop of the timetable", "its time on another day", "another time"],
)
def test_the_end_of_a_snooze_wakes_it_where_no_line_does(until: str, name: str, once: str | None) -> None:
    table = Timetable((Entry("stop", time(20), (1,)),), "UTC")
    moment = datetime.fromisoformat(until)
    found = stop_wakes.rules("p", table, datetime(2026, 11, 22, tzinfo=UTC), moment)
    assert found.get(name) == once
    assert once is None or stop_wakes.once(once) == moment


@pytest.mark.parametrize(
    "text", ["cron(0 20 * * ? *)", "cron(0 20 ? * MON *)", "rate(1 day)", "cron(0 20 31 2 ? 2026)"]
)
def test_another_expression_is_no_single_moment(text: str) -> None:
    assert stop_wakes.once(text) is None


def test_only_exact_names_are_ours() -> None:
    ours = ["d-lab-at-2000", "d-lab-at-221515", "d-lab-at-prove"]
    others = ["d-lab-at-200", "d-lab-at-2000-at-0800", "x-d-lab-at-2000", "d-lab-2-at-2000", "d-lab-at-22151"]
    assert stop_wakes.ours("d-lab", [*ours, *others]) == ours
    assert [stop_wakes.ends_snooze(name) for name in ours] == [False, True, False]
    assert stop_wakes.ours("d.lab", ["dxlab-at-2000"]) == []


def test_a_zone_that_changed_its_rules_is_woken_at_every_offset_it_had() -> None:
    offsets = stop_wakes.offsets("Pacific/Apia", datetime(2011, 12, 1, tzinfo=UTC))
    assert {offset / timedelta(hours=1) for offset in offsets} == {-11, -10, 13, 14}
    assert stop_wakes.offsets("Asia/Shanghai", datetime(2026, 1, 1, tzinfo=UTC)) == {timedelta(hours=8)}


def test_a_date_is_no_part_of_the_expression() -> None:
    table = Timetable((Entry("stop", time(20)),), "Europe/London")
    days = [datetime.combine(date(2026, 1, 1) + timedelta(30 * n), time(), UTC) for n in range(24)]
    assert len({str(stop_wakes.rules("p", table, day, None)) for day in days}) == 1
