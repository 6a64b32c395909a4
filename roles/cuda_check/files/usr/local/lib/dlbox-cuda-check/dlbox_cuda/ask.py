"""Runs a command with a time limit that holds even where a broken driver keeps the process from ending."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

# Seconds in which a killed process must be gone; one that hangs in the kernel is left behind.
LAST = 5.0


class Silent(Exception):
    """It did not answer; the text is part of a sentence."""


def ask(command: Sequence[str], limit: float, owner: int | None = None, more: Mapping[str, str] | None = None) -> str:
    """What it prints within so many seconds; as `owner` (a user id) where root asks. Raises Silent."""
    try:
        process: subprocess.Popen[str] = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", start_new_session=True, **become(owner, more or {}),
        )  # fmt: skip
    except OSError as error:
        raise Silent("not installed" if isinstance(error, FileNotFoundError) else str(error)) from error
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=LAST)
        raise Silent(f"no answer in {limit:.0f} s") from None
    if process.returncode:
        said = " ".join((out + " " + err).split())[-300:]
        raise Silent(said or f"it ended with status {process.returncode}")
    return out


def become(owner: int | None, more: Mapping[str, str]) -> dict[str, Any]:
    """Popen's arguments for a user and a plain environment: what belongs to a user is never run as root."""
    user = pwd.getpwuid(os.getuid() if owner is None else owner)
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "HOME": user.pw_dir, **more}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    if owner in (None, os.getuid()) or os.getuid():
        return {"env": environment, "cwd": "/"}
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    return {"env": environment, "cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}
