"""Which vCPU quota an instance type counts against."""

from __future__ import annotations

import re
from typing import NamedTuple


class Family(NamedTuple):
    """On-Demand instances that share one vCPU quota."""

    name: str
    code: str


_STANDARD = Family("Standard (A, C, D, H, I, M, R, T, Z)", "L-1216C47A")
_GRAPHICS = Family("G and VT", "L-DB2E81BA")
_FAMILIES = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), _STANDARD),
    **dict.fromkeys(("g", "gr", "vt"), _GRAPHICS),
    "p": Family("P", "L-417A185B"),
    "inf": Family("Inf", "L-1945791B"),
    "trn": Family("Trn", "L-2C3B7624"),
    "dl": Family("DL", "L-6E869C2A"),
    "f": Family("F", "L-74FC7D96"),
    "x": Family("X", "L-7295265B"),
}


def family_of(instance_type: str) -> Family | None:
    """The family of a type such as g5.xlarge; None where no quota code is known (hpc, mac, u-)."""
    letters = re.match(r"[a-z]+(?=\d)", instance_type)
    return _FAMILIES.get(letters[0]) if letters else None
