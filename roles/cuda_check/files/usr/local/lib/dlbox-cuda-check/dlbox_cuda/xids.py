"""Xid numbers of NVIDIA's driver: what the common ones mean, and whose fault it is.

Source: NVIDIA, "XID Errors" and its Xid catalog (read 2026-11). A number may have several causes; this is the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# As in: NVRM: Xid (PCI:0000:00:1e): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
LINE = re.compile(r"NVRM: Xid \((?:PCI:)?[0-9a-fA-F:.]+\): (\d+)")

HARDWARE = {
    48: "an uncorrectable memory error",
    61: "the GPU's own controller halted",
    62: "the GPU's own controller halted",
    64: "faulty memory could not be taken out of use",
    74: "an NVLink error",
    79: "the GPU has fallen off the bus",
    95: "an uncorrectable memory error that was not contained",
    119: "the GPU's firmware (GSP) did not answer",
    120: "the GPU's firmware (GSP) failed",
    140: "an uncorrectable memory error",
}
MEMORY = {
    63: "faulty memory is taken out of use at the next reboot",
    92: "many correctable memory errors",
    94: "an uncorrectable memory error, contained in one program",
    154: "the driver asks for a reset or a reboot",
}
PROGRAM = {
    13: "a program's illegal access or instruction",
    31: "a program's illegal memory access",
    32: "a broken command buffer",
    38: "a driver or firmware fault",
    43: "a program's work was stopped after its error",
    45: "a program was killed or ended by another error",
    68: "a video decoder's error",
    69: "a program's invalid command",
    109: "a program's work did not end in time",
}


def numbers(lines: Iterable[str]) -> dict[int, int]:
    """How often each Xid stands in the kernel's log."""
    found: dict[int, int] = {}
    for line in lines:
        if hit := LINE.search(line):
            found[int(hit[1])] = found.get(int(hit[1]), 0) + 1
    return found


def meaning(number: int) -> str:
    """One phrase."""
    return {**PROGRAM, **MEMORY, **HARDWARE}.get(number, "look it up in NVIDIA's Xid catalog")
