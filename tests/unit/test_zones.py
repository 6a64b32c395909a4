"""Zones: which are taken, and what is said of the others."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from dlbox import zones
from dlbox.errors import Refused
from unit.times import ZONES


@pytest.mark.parametrize("zone", ZONES)
def test_area_city_and_utc_are_taken(zone: str) -> None:
    assert zones.zone_name("box_timezone", zone) == zone


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
        zones.zone_name("box_timezone", text)
    assert hint in str(refused.value)
    assert len(str(refused.value)) < 200


def test_every_candidate_is_itself_taken() -> None:
    for candidates in zones._MEANT.values():
        assert [zones.zone_name("box_timezone", name) for name in candidates] == list(candidates)


def test_a_machine_without_zones_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zones, "ZoneInfo", none)
    monkeypatch.setattr(zones, "available_timezones", set)
    with pytest.raises(Refused, match="install it"):
        zones.zone_name("box_timezone", "Asia/Shanghai")
