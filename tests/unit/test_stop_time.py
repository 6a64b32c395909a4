"""Times and zones: what is refused and how, and the next stop held against a minute-by-minute walk with zoneinfo."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from dlbox import stop_time
from dlbox.errors import Refused
from hypothesis import example, given, settings
from hypothesis import strategies as st

ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "Europe/Berlin",
    "Europe/London",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/Argentina/Buenos_Aires",
]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


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


@pytest.mark.parametrize("zone", ZONES)
def test_area_city_and_utc_are_taken(zone: str) -> None:
    assert stop_time.zone_name("box_timezone", zone) == zone


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("CST", "Asia/Shanghai or America/Chicago"),
        ("EST", "America/New_York"),
        ("PRC", "Asia/Shanghai"),
        ("IST", "Asia/Kolkata or Europe/Dublin or Asia/Jerusalem"),
        ("Beijing", "Asia/Shanghai"),
        ("Asia/Beijing", "Asia/Shanghai"),
        ("MST", "America/Denver"),
        ("HST", "Pacific/Honolulu"),
        ("CET", "Europe/Berlin"),
        ("EET", "Europe/Helsinki"),
        ("GMT", "UTC"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Asia/Shangai", "Asia/Shanghai"),
        ("asia/shanghai", "Asia/Shanghai"),
        ("Tokyo", "Asia/Tokyo"),
        ("New York", "America/New_York"),
        ("Etc/GMT-8", "Asia/Shanghai"),
        ("utc", "UTC"),
        ("America/Argentina", "America/"),
        ("UTC+8", "a name such as Asia/Shanghai"),
        ("", "Asia/Shanghai"),
        ("Asia/../../etc/passwd", "Asia/Shanghai"),
        ("{{ zone }}", "Asia/Shanghai"),
        ("Z" * 300, "Asia/Shanghai"),
    ],
)
def test_other_zones_are_refused_with_candidates(text: str, hint: str) -> None:
    with pytest.raises(Refused, match=r"^box_timezone: .* is not a time zone in the form Area/City: write ") as refused:
        stop_time.zone_name("box_timezone", text)
    assert hint in str(refused.value)
    assert len(str(refused.value)) < 200


def test_every_candidate_is_itself_taken() -> None:
    for candidates in stop_time._MEANT.values():
        assert [stop_time.zone_name("box_timezone", name) for name in candidates] == list(candidates)


def test_a_machine_without_zones_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr(stop_time, "ZoneInfo", none)
    monkeypatch.setattr(stop_time, "available_timezones", set)
    with pytest.raises(Refused, match="install it"):
        stop_time.zone_name("box_timezone", "Asia/Shanghai")


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
        stop_time.check_daily("box_stop_time", at, zone, date(2026, 11, 22))


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
    stop_time.check_daily("box_stop_time", at, zone, date(2026, 11, 22))


@pytest.mark.parametrize(
    ("now", "at", "zone", "local", "utc"),
    [
        ("2026-11-22T11:59:59Z", "20:00", "Asia/Shanghai", "2026-11-22 20:00 Asia/Shanghai", "2026-11-22T12:00:00Z"),
        ("2026-11-22T12:00:00Z", "20:00", "Asia/Shanghai", "2026-11-23 20:00 Asia/Shanghai", "2026-11-23T12:00:00Z"),
        ("2026-11-22T17:00:00Z", "00:30", "Asia/Shanghai", "2026-11-24 00:30 Asia/Shanghai", "2026-11-23T16:30:00Z"),
        ("2027-03-14T06:00:00Z", "02:30", "America/New_York", "2027-03-15 02:30 America/New_York", "2027-03-15T06:30:00Z"),
        ("2026-11-01T05:00:00Z", "01:30", "America/New_York", "2026-11-01 01:30 America/New_York", "2026-11-01T05:30:00Z"),
        ("2026-11-01T05:45:00Z", "01:30", "America/New_York", "2026-11-02 01:30 America/New_York", "2026-11-02T06:30:00Z"),
    ],
    ids=["today", "at the very time", "the local day is ahead", "gap is skipped", "first of two", "never the second"],
)  # fmt: skip
def test_the_next_stop_is_told_in_local_time_and_utc(now: str, at: str, zone: str, local: str, utc: str) -> None:
    assert stop_time.next_stop(datetime.fromisoformat(now), at, zone) == {"local": local, "utc": utc}


@settings(deadline=None, max_examples=300)
@given(MOMENTS, TIMES, st.sampled_from(ZONES))
@example(datetime(2027, 3, 14, 6, tzinfo=UTC), time(2, 30), "America/New_York")
@example(datetime(2026, 11, 1, 5, 45, tzinfo=UTC), time(1, 30), "America/New_York")
@example(datetime(2027, 10, 2, 14, tzinfo=UTC), time(2, 15), "Australia/Lord_Howe")
def test_the_next_stop_is_the_first_minute_whose_clock_shows_it_for_the_first_time(
    now: datetime, at: time, zone: str
) -> None:
    found = stop_time.following(now, at, ZoneInfo(zone))
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while True:
        local = minute.astimezone(ZoneInfo(zone))
        if (local.hour, local.minute, local.fold) == (at.hour, at.minute, 0):
            break
        minute += timedelta(minutes=1)
    assert found == minute


@settings(deadline=None, max_examples=200)
@given(MOMENTS, TIMES, st.sampled_from(ZONES))
def test_a_year_of_stops_is_one_on_each_local_day_that_has_the_time(now: datetime, at: time, zone: str) -> None:
    stops, moment = [], now
    while moment < now + timedelta(days=400):
        moment = stop_time.following(moment, at, ZoneInfo(zone))
        stops.append(moment)
    days = [stop.astimezone(ZoneInfo(zone)).date() for stop in stops]
    whole = {days[0] + timedelta(n) for n in range((days[-1] - days[0]).days + 1)}
    assert len(days) == len(set(days))
    assert all(stop.astimezone(ZoneInfo(zone)).time().replace(fold=0) == at for stop in stops)
    for missing in whole - set(days):
        with pytest.raises(Refused, match=str(missing)):
            stop_time.check_daily("box_stop_time", at, zone, missing)


@settings(deadline=None, max_examples=100)
@given(st.dates(date(2024, 1, 1), date(2036, 1, 1)), TIMES, st.sampled_from(ZONES))
def test_the_time_that_a_refusal_proposes_is_taken(today: date, at: time, zone: str) -> None:
    try:
        stop_time.check_daily("box_stop_time", at, zone, today)
    except Refused as refused:
        proposed = time.fromisoformat(str(refused).split('"')[1])
        stop_time.check_daily("box_stop_time", proposed, zone, today)


@given(TIMES)
def test_the_expression_is_read_back(at: time) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    schedule = {"ScheduleExpression": stop_time.cron(at), "ScheduleExpressionTimezone": "UTC", "State": "ENABLED"}
    assert stop_time.next_stop_of(schedule, now) == stop_time.next_stop(now, f"{at:%H:%M}", "UTC")


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        {"ScheduleExpression": "cron(0 20 * * ? *)", "ScheduleExpressionTimezone": "UTC", "State": "DISABLED"},
        {"ScheduleExpression": "rate(1 day)", "ScheduleExpressionTimezone": "UTC", "State": "ENABLED"},
        {"ScheduleExpression": "cron(0 20 ? * MON *)", "ScheduleExpressionTimezone": "UTC", "State": "ENABLED"},
    ],
    ids=["none", "disabled", "a rate", "not daily"],
)
def test_no_next_stop_is_promised_where_none_is_sure(schedule: dict[str, str] | None) -> None:
    assert stop_time.next_stop_of(schedule, datetime(2026, 11, 22, tzinfo=UTC)) is None
