"""One at a time: an installation that a first run began by itself, and the role's own task, which waits for it."""

from __future__ import annotations

import fcntl
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager

LOCKS = pathlib.Path("/run/lock")


@contextmanager
def alone(path: pathlib.Path) -> Iterator[None]:
    """Wait until nobody else works on the path; the lock ends with its process, and its file with the boot."""
    with (LOCKS / f"dlbox-{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
