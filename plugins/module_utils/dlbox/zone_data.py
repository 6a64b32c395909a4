"""The rules of time zones from the tzdata package: the same on every machine, where system packages differ by years."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from .errors import Refused


@lru_cache(maxsize=8)
def file(name: str) -> bytes:
    """A zone's TZif file."""
    try:
        return (resources.files("tzdata") / "zoneinfo" / name).read_bytes()
    except (ModuleNotFoundError, OSError) as error:
        raise Refused(
            f"box_timezone: Python's tzdata package has no {name} here ({error}): run `pip install -r requirements.txt`"
        ) from error


@lru_cache(maxsize=8)
def zone(name: str) -> ZoneInfo:
    """The zone, as the box's function knows it too."""
    return ZoneInfo.from_file(io.BytesIO(file(name)), key=name)
