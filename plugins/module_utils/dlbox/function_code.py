"""The function's deployment package: its code and the rules of its zone, the same bytes on every machine. Pure."""

from __future__ import annotations

import base64
import hashlib
import io
import pkgutil
import zipfile
from functools import lru_cache

from . import stop_handler, zone_data

HANDLER = "stop_handler.handler"


@lru_cache(maxsize=8)
def package(*zones: str) -> bytes:
    """The zip: nothing in it depends on the machine or the day, and nothing is compressed, because zlibs differ."""
    code = pkgutil.get_data(stop_handler.__package__ or "", "stop_handler.py") or b""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        # Lambda's image has no time zones.
        for name, data in (("stop_handler.py", code), *((f"zones/{zone}", zone_data.file(zone)) for zone in zones)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            # Unix, and readable by the user that Lambda runs it as.
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    return made.getvalue()


def sha256(zone: str) -> str:
    """The package's hash in the form that Lambda tells as CodeSha256."""
    return base64.b64encode(hashlib.sha256(package(zone)).digest()).decode()
