"""Compute capabilities, and which torch has code for them. Nothing here reads.

What an installed torch has code for is asked of that torch (`torch.cuda.get_arch_list()`). The tables below only name the way
out, and judge where torch does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Capability = tuple[int, int]
# PyTorch's wheels on PyPI: the first and the last release with code for a capability, "" where there is no end yet.
# Source: "CUDA Support Matrix" of pytorch's RELEASE.md, as changed for 2.11 by its pull request 175253 (Volta leaves the
# CUDA 12.8 wheels, PyPI goes on to CUDA 13), and the arch lists of its wheels' build scripts before.
TABLE_OF = "2026-02-18"
PYPI: dict[Capability, tuple[str, str]] = {
    (3, 7): ("1.3", "2.0.1"),
    (5, 0): ("1.0", "2.7.1"),
    (5, 2): ("1.0", "2.7.1"),
    (6, 0): ("1.0", "2.7.1"),
    (6, 1): ("1.0", "2.7.1"),
    (7, 0): ("1.0", "2.10.0"),
    (7, 5): ("1.0", ""),
    (8, 0): ("1.8", ""),
    (8, 6): ("1.8", ""),
    (8, 9): ("1.8", ""),
    (9, 0): ("2.1", ""),
    (10, 0): ("2.8", ""),
    (10, 3): ("2.8", ""),
    (12, 0): ("2.8", ""),
}
# The oldest driver that runs a CUDA release of this major number.
# Source: NVIDIA, "CUDA Compatibility", table "Minor Version Compatibility" (read 2026-11).
DRIVERS = {11: 450, 12: 525, 13: 580}


def sm(capability: Sequence[int]) -> str:
    """`sm_75` of (7, 5)."""
    return f"sm_{capability[0]}{capability[1]}"


def fits(capability: Capability, arches: Sequence[str]) -> bool:
    """Whether code for one of these runs on a GPU of this capability.

    Code for sm_80 runs on 8.x from 8.0 on; compute_80 is compiled on the spot for 8.0 and everything after it; sm_90a runs on
    9.0 alone. Source: CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility".
    """
    for arch in arches:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", arch)
        if not found:
            continue
        made = (int(found[2]), int(found[3]))
        if found[4] == "a":
            runs = made == capability
        elif found[1] == "compute" and not found[4]:
            runs = made <= capability
        else:
            runs = made[0] == capability[0] and made <= capability
        if runs:
            return True
    return False


def parts(version: str) -> tuple[int, ...]:
    """(2, 10, 0) of 2.10.0+cu128."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])


def listed(capability: Capability, version: str) -> bool | None:
    """Whether PyPI's wheel of this version has code for the capability, by the table; None where it does not know it."""
    if capability not in PYPI:
        return None
    first, last = PYPI[capability]
    return parts(first) <= parts(version) and (not last or parts(version) <= parts(last))


def remedy(capability: Capability) -> str:
    """What to ask of PyPI for a GPU of this capability."""
    if capability not in PYPI:
        return f"torch (no release of {TABLE_OF} is known to have {sm(capability)})"
    first, last = PYPI[capability]
    return f"torch<={last}" if last else f"torch>={first}"
