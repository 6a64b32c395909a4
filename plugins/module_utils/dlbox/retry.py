"""How long to wait between tries."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

DEADLINE_S = 60.0
FIRST_S = 0.5


def backoff(total: float = DEADLINE_S, longest: float = 8.0) -> Iterator[float]:
    """Jittered, doubling pauses in seconds inside a total deadline."""
    end, pause = time.monotonic() + total, FIRST_S
    while time.monotonic() + pause < end:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        pause = min(pause * 2, longest)
