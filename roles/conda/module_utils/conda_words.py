"""What conda or uv said when it failed, as one sentence with a way out."""

from __future__ import annotations

import re

FULL = re.compile(
    r"No space left on device|Errno 28|os error 28|NoSpaceLeft|NotEnoughDiskSpace|Disk quota exceeded", re.I
)
_UNREACHED = re.compile(
    r"HTTP 000|CONNECTION FAILED|[Tt]ime(d )?.?out|Could not resolve|Couldn't connect|[Cc]onnection (refused|reset|error)|"
    r"error sending request|Name or service not known|dns error|Download error \(\d+\)|ConnectTimeout|ReadTimeout"
)
_DAMAGED = re.compile(
    r"ChecksumMismatch|[Hh]ash mismatch|[Cc]hecksum|CorruptedEnvironment|mismatch between the expected"
)
_URL = re.compile(r"https?://[^\s'\"<>`)\]]+")
MIB = 2**20


def explain(tool: str, aim: str, said: str, status: int, free: int, missing: int, where: str) -> str:
    """The sentence for a command that failed while it was to do `aim`, which is written in `where`.

    `free` and `missing` are bytes: what the environment's disk has left, and what is still to be downloaded (0: not known).
    """
    said = " ".join(said.split())
    url = found[0].rstrip(".,:;") if (found := _URL.search(said)) else ""
    kept = "nothing of it was changed"
    if FULL.search(said):
        # A conda package unpacks to about three times its size; half a GiB of room serves conda itself.
        lack = max(4 * missing + 512 * MIB - free, 0) if missing else 0
        need = f"{missing / MIB:.0f} MiB are still to be downloaded, several times that unpacked, " if missing else ""
        more = f"at least {lack / MIB:.0f} MiB are missing" if lack else "it needs more"
        return (
            f"The disk is full: {tool} could not {aim} ({need}{free / MIB:.0f} MiB are free, {more}); {kept}: "
            "raise box_disk_gib, or make room (`conda clean --all`, `uv cache clean`), then run again."
        )
    if status < 0:
        return (
            f"{tool} was killed by signal {-status} and could not {aim}; {kept}: if nobody ended it, memory ran out "
            "(`journalctl -k` names it), so take a larger type or a shorter list, then run again."
        )
    if _DAMAGED.search(said):
        return f"{tool} could not {aim}, because {url or 'a package'} has not the checksum that its index names; {kept}: run again, or take another mirror."
    if _UNREACHED.search(said):
        return (
            f"{tool} could not {aim}, because {url or 'a mirror'} does not answer ({said[-200:]}); {kept}: run again "
            "later (what was downloaded is kept), or set box_conda_mirror or box_pypi_index to one that is near."
        )
    return f"{tool} could not {aim} ({said[:900] or 'it said nothing'}); {kept}: correct it in {where}, then run again."
