"""One at a time: an installation that a first run began by itself, and the role's own task, which waits for it."""

from __future__ import annotations

import fcntl
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def alone(path: pathlib.Path) -> Iterator[None]:
    """Wait until nobody else works on the path; the lock lies beside it and ends with its process."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
