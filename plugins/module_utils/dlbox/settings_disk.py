"""The settings of the box's disks: volumes, the data folder, and swap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import Refused
from .settings_web import folder

NAME = r"vol-[0-9a-f]{8,17}|/dev/[\w./-]+|(LABEL|UUID)=[\w.-]+"
PLACE = r"(/[\w.-]+)+"
# What the system lives in, and the home itself: nothing may lie over it.
SYSTEM = re.compile(
    r"/(bin|boot|dev|etc|lib(32|64|x32)?|proc|root|run|sbin|sys|tmp|usr)(/.*)?|/(home(/[^/]+)?|scratch|mnt|opt|srv|var(/(lib|log|tmp|cache))?)",
    re.ASCII,
)


def own(key: str, path: str) -> None:
    """Refuse a folder of the system's."""
    if SYSTEM.fullmatch(path.rstrip("/")):
        raise Refused(
            f"{key}: {path[:50]} is the system's own or a home: take a folder of your own, as in /data, or as in /mnt/data"
        )


def volumes(key: str, value: Any) -> None:
    """Volumes by id, device, label or UUID, and where each is mounted."""
    for item in value if isinstance(value, list) else [value]:
        fits = isinstance(item, Mapping) and item.keys() == {"volume", "path"}
        if (
            not fits
            or not re.fullmatch(NAME, str(item["volume"]), re.ASCII)
            or not re.fullmatch(PLACE, str(item["path"]), re.ASCII)
            or {".", ".."} & {*str(item["path"]).split("/")}
        ):
            raise Refused(
                f"{key}: {str(item)[:80]!r} is no volume and its place: write it as in {{volume: vol-0123456789abcdef0, path: /data}}"
            )
        own(key, str(item["path"]))
    if not isinstance(value, list):
        raise Refused(
            f"{key}: it is not a list; write it in brackets, as in [{{volume: vol-0123456789abcdef0, path: /data}}]"
        )


def data(key: str, value: Any) -> None:
    """A folder, in the home or from the root, but neither of them."""
    folder(key, value)
    if not value.strip("/. "):
        raise Refused(f"{key}: {value[:50]!r} is no folder of its own: write it as in data, or as in /data")
    own(key, value)


def swap(key: str, value: Any) -> None:
    """Whole GiB."""
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,4}", str(value), re.ASCII):
        raise Refused(f"{key}: {str(value)[:50]!r} is not a size in GiB; write a whole number, as in 16, or 0 for none")


DISKS: dict[str, Callable[[str, Any], object]] = {"box_volumes": volumes, "box_data_folder": data, "box_swap_gib": swap}
