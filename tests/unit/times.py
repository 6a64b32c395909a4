"""Zones, moments, times of day and days that a timetable is tried with."""

from __future__ import annotations

from datetime import UTC, datetime, time

from hypothesis import strategies as st

# Offsets of whole and of part hours; changes of an hour and of half an hour, at midnight, around Ramadan, and none.
ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "America/Scoresbysund",
    "Europe/Berlin",
    "Europe/London",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/Argentina/Buenos_Aires",
]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
