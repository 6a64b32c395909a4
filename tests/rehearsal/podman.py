"""The one place that runs podman and other root commands: an argument list in, text out, a sentence when it fails."""

from __future__ import annotations

import fcntl
import os
import pathlib
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LOCK = pathlib.Path("/run/lock/dlbox-rehearsal")


class CommandError(RuntimeError):
    """A command of the rehearsal failed; the text names it and what it said."""


def run(command: Sequence[str], *, stdin: str | None = None, timeout: float = 600) -> str:
    """Run a command and return what it printed."""
    done = subprocess.run(list(command), input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise CommandError(f"`{' '.join(command[:4])} …` failed ({done.returncode}): {said}")
    return done.stdout


def podman(*arguments: str, stdin: str | None = None, timeout: float = 600) -> str:
    """Run podman with the runtime that also works under a hybrid cgroup hierarchy."""
    return run(["podman", "--runtime", "runc", *arguments], stdin=stdin, timeout=timeout)


@contextmanager
def alone() -> Iterator[None]:
    """Let one rehearsal at a time change what all of them share: the image, the ranges, the host's own settings."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def limits() -> list[str]:
    """Explicit limits: podman's defaults may exceed what this host's root may set, and no machine has 64 MB of shared memory."""
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    nproc = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    files = 65536 if nofile == resource.RLIM_INFINITY else min(nofile, 65536)
    processes = 16384 if nproc == resource.RLIM_INFINITY else min(nproc // 2, 16384)
    # As the kernel itself sizes it.
    shared = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return [
        "--ulimit",
        f"nofile={files}:{files}",
        "--ulimit",
        f"nproc={processes}:{processes}",
        "--shm-size",
        str(shared),
    ]
