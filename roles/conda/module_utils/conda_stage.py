"""Builds an environment beside the one in use and swaps them in one step, so that neither a failure nor a kill harms it.

An environment cannot be moved: its path stands in its files. So the copy is changed in a mount namespace of its own, in
which it lies at the environment's path, while everyone else sees the old one there. The copy shares its files with the
old one (hard links), and conda and uv replace files instead of writing into them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import pwd
import shutil
import subprocess
from collections.abc import Iterator

_EXCHANGE, _HERE = 2, -100  # RENAME_EXCHANGE and AT_FDCWD of renameat2(2)
_INSIDE = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


def as_user(user: str) -> list[str]:
    """Words before a command: run it as the user, and end it when this process is killed."""
    return [
        "setpriv",
        f"--reuid={user}",
        f"--regid={pwd.getpwnam(user).pw_gid}",
        "--init-groups",
        "--pdeathsig=KILL",
        "--",
    ]


def inside(stage: pathlib.Path, prefix: str) -> list[str]:
    """Words before a command: let it see the stage at the prefix."""
    return ["unshare", "--mount", "--propagation=private", "--", "sh", "-c", _INSIDE, "sh", str(stage), prefix]


def sweep(prefix: str) -> None:
    """Remove what killed runs left beside an environment."""
    path = pathlib.Path(prefix)
    for left in path.parent.glob(f".dlbox-{path.name}-*"):
        shutil.rmtree(left)


@contextlib.contextmanager
def beside(prefix: str) -> Iterator[pathlib.Path]:
    """A copy of the environment to change; it takes the environment's place in one step, unless the block raises."""
    path = pathlib.Path(prefix)
    stage = path.parent / f".dlbox-{path.name}-{os.getpid()}"
    try:
        _run("cp", "--archive", "--link", prefix, str(stage))
        # conda appends to its history, so this folder must not be shared.
        shutil.rmtree(stage / "conda-meta")
        _run("cp", "--archive", f"{prefix}/conda-meta", str(stage))
        yield stage
        exchange(stage, path)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def exchange(one: pathlib.Path, other: pathlib.Path) -> None:
    """Swap two folders of one file system in one step."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(other))


def remove(prefix: str) -> None:
    """Take an environment out of sight in one step, then delete it."""
    path = pathlib.Path(prefix)
    shutil.rmtree(path.rename(path.parent / f".dlbox-{path.name}-{os.getpid()}"))


def write(path: pathlib.Path, text: str) -> None:
    """Write a file whole or not at all; it belongs to whom its folder belongs."""
    new, owner = path.with_name(f"{path.name}.new"), path.parent.stat()
    new.write_text(text)
    os.chown(new, owner.st_uid, owner.st_gid)
    new.replace(path)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise OSError(f"{command[0]} failed: {' '.join(done.stderr.split())[-300:]}; the environment is as it was.")
