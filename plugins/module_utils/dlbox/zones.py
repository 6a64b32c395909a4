"""Time zones: the user's made canonical, or refused with what may be meant."""

from __future__ import annotations

import difflib
import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .errors import Refused

_AREAS = "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific"
_ZONE = re.compile(rf"UTC|(?:{_AREAS})(?:/[A-Za-z0-9_+-]+){{1,2}}")
# What people write for a zone, where looking at the names of zones does not help; several where it is ambiguous.
_MEANT = {
    "CST": ("Asia/Shanghai", "America/Chicago"),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "AST": ("America/Halifax", "Asia/Riyadh"),
    **dict.fromkeys(("EST", "EDT", "ET", "EST5EDT", "US/EASTERN"), ("America/New_York",)),
    **dict.fromkeys(("CDT", "CST6CDT", "US/CENTRAL"), ("America/Chicago",)),
    **dict.fromkeys(("MST", "MDT", "MST7MDT", "US/MOUNTAIN"), ("America/Denver", "America/Phoenix")),
    **dict.fromkeys(("PST", "PDT", "PT", "PST8PDT", "US/PACIFIC"), ("America/Los_Angeles",)),
    **dict.fromkeys(("SAN FRANCISCO", "SEATTLE"), ("America/Los_Angeles",)),
    **dict.fromkeys(("CET", "CEST", "MET"), ("Europe/Berlin", "Europe/Paris")),
    **dict.fromkeys(("EET", "EEST"), ("Europe/Helsinki", "Europe/Athens")),
    **dict.fromkeys(("GMT", "Z", "ZULU", "UTC", "UCT", "UNIVERSAL", "ETC/UTC", "ETC/GMT"), ("UTC", "Europe/London")),
    **dict.fromkeys(("PRC", "CHINA", "BEIJING", "ASIA/BEIJING", "SHENZHEN", "GUANGZHOU"), ("Asia/Shanghai",)),
    **dict.fromkeys(("INDIA", "DELHI", "MUMBAI", "BANGALORE"), ("Asia/Kolkata",)),
    **dict.fromkeys(("JST", "JAPAN"), ("Asia/Tokyo",)),
    **dict.fromkeys(("KST", "ROK"), ("Asia/Seoul",)),
    **dict.fromkeys(("HST", "US/HAWAII"), ("Pacific/Honolulu",)),
    **dict.fromkeys(("AEST", "AEDT"), ("Australia/Sydney", "Australia/Brisbane")),
    "ROC": ("Asia/Taipei",),
    "HKT": ("Asia/Hong_Kong",),
    "SGT": ("Asia/Singapore",),
}


def zone_name(key: str, value: Any) -> str:
    """The name of a time zone: Area/City, or UTC; refuses abbreviations, with what they may mean."""
    text = str(value)
    if _ZONE.fullmatch(text):
        try:
            return ZoneInfo(text).key
        except (ZoneInfoNotFoundError, OSError):
            pass
    if not available_timezones():
        raise Refused(f"{key}: this machine has no time zone data: install it (`sudo apt-get install tzdata`)")
    raise Refused(
        f"{key}: {text[:50]!r} is not a time zone in the form Area/City: write {' or '.join(_candidates(text))}"
    )


def _candidates(text: str) -> list[str]:
    if meant := _MEANT.get(text.strip().upper()):
        return list(meant)
    named = (name for name in sorted(available_timezones()) if _ZONE.fullmatch(name) and name != "UTC")
    cities = {name.split("/", 1)[1].lower(): name for name in named}
    asked = text.strip().lower().replace(" ", "_").split("/", 1)[-1]
    near = difflib.get_close_matches(asked, cities, n=2, cutoff=0.75)
    return [cities[city] for city in near] or ["a name such as Asia/Shanghai", "America/New_York"]
