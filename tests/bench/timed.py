"""One run of a command, and what it took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Took(NamedTuple):
    """Seconds by the clock and of CPU, and the peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def timed(command: list[str], env: dict[str, str], home: Path) -> tuple[Took, str]:
    """What a command took and said; raises RuntimeError, with what it said, where it failed."""
    with tempfile.TemporaryFile("w+") as out:
        start = time.perf_counter()
        child = subprocess.Popen(command, env=env, cwd=home, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        took = Took(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        out.seek(0)
        said = out.read()
    if status:
        raise RuntimeError(f"{' '.join(command)} failed in {home}:\n{said}")
    return took, said
