"""What uv said when it failed, as one sentence with a way out. Never runs anything."""

from __future__ import annotations

import re

FULL = re.compile(r"No space left on device|Errno 28|os error 28|Disk quota exceeded", re.I)
_UNREACHED = re.compile(
    r"[Tt]imed? ?out|error sending request|[Cc]onnection (refused|reset|error)|dns error|[Ff]ailed to (fetch|download)|resolve host"
)
_DAMAGED = re.compile(r"[Hh]ash mismatch|[Cc]hecksum")
_URL = re.compile(r"https?://[^\s'\"<>`)\]]+")
MIB = 2**20


def lacking(folder: str, free: int, need: int) -> str:
    """`20 MiB are free in /opt, about 430 MiB are needed, so 410 MiB are missing`; `need` is 0 where it is not known."""
    told = f"{free // MIB} MiB are free in {folder}"
    if need > free:
        return f"{told}, about {need // MIB} MiB are needed, so {-((free - need) // MIB)} MiB are missing"
    return f"{told}, and it needs more"


def room(aim: str, folder: str, free: int, need: int) -> str:
    """The sentence for a disk that is too full."""
    return (
        f"The disk is full: uv could not {aim} ({lacking(folder, free, need)}): raise box_disk_gib, or make room "
        "(`uv cache clean`, `conda clean --all`), then run again."
    )


def explain(aim: str, said: str, status: int, folder: str, free: int, need: int) -> str:
    """The sentence for a uv that ended with `status` when it was to do `aim` in the folder; sizes in bytes."""
    said = " ".join(said.split())
    url = found[0].rstrip(".,:;/") if (found := _URL.search(said)) else "a mirror"
    # runuser ends with 128 and the signal's number.
    signal = -status if status < 0 else status - 128 if status > 128 else 0
    if FULL.search(said):
        return room(aim, folder, free, need)
    if signal:
        return (
            f"uv was killed by signal {signal} and could not {aim}: if nobody ended it, memory ran out (`journalctl -k` "
            "names it); run again, which begins that anew."
        )
    if _DAMAGED.search(said):
        return f"uv could not {aim}, because a package of {url} has not the checksum of the lock ({said[-300:]}): run again, or take another mirror with box_pypi_index."
    if _UNREACHED.search(said):
        return (
            f"uv could not {aim}, because {url} does not answer ({said[-200:]}): run again later (what was downloaded is "
            "kept), or set box_pypi_index to a mirror that is near."
        )
    return f"uv could not {aim} ({said[-600:] or 'it said nothing'}): correct that, then run again."
