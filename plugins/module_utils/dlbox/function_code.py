"""The function's deployment package: its code and its zone's rules, the same bytes on every machine."""

from __future__ import annotations

import base64
import hashlib
import io
import pkgutil
import zipfile
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from . import stop_handler
from .errors import Refused

HANDLER = "stop_handler.handler"


@lru_cache(maxsize=8)
def zone_file(name: str) -> bytes:
    """A zone's TZif file, from the tzdata package: Lambda's image has none, and machines have different ones."""
    try:
        return (resources.files("tzdata") / "zoneinfo" / name).read_bytes()
    except (ModuleNotFoundError, OSError) as error:
        raise Refused(
            f"box_timezone: Python's tzdata package, which box_stop_backend: lambda needs, has no {name} here ({error}): "
            "run `pip install -r requirements.txt`"
        ) from error


def zone(name: str) -> ZoneInfo:
    """The zone as the function knows it."""
    return ZoneInfo.from_file(io.BytesIO(zone_file(name)), key=name)


@lru_cache(maxsize=8)
def package(zone_name: str) -> bytes:
    """The zip: nothing in it depends on the machine or the day, and nothing is compressed, because zlibs differ."""
    code = pkgutil.get_data(stop_handler.__package__ or "", "stop_handler.py") or b""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in (("stop_handler.py", code), ("zone", zone_file(zone_name))):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            # Unix, and readable by the user that Lambda runs it as.
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    return made.getvalue()


def sha256(zone_name: str) -> str:
    """The package's hash in the form that Lambda tells as CodeSha256."""
    return base64.b64encode(hashlib.sha256(package(zone_name)).digest()).decode()
