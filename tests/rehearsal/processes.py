"""Background processes: started in their own session, found again by a pid file, ended only when they are ours."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

from .place import ROOT, Place

MARK = "DLBOX_REHEARSAL"


def pid_of(place: Place, name: str) -> int | None:
    """Return the pid of a background process, when it lives and its command line is ours."""
    try:
        pid = int(place.file(f"{name}.pid").read_text())
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ours = f"rehearsal.{name}".encode() in words and f"{MARK}={place.suffix}".encode() in variables
    return pid if ours else None


def start(place: Place, name: str, *arguments: str, user: tuple[int, int] | None = None) -> None:
    """Start `python -m rehearsal.<name>` in the background, with a log, and keep its pid."""
    path = os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    near = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
    added = {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "NO_PROXY": near, "no_proxy": near, MARK: place.suffix}
    # The shell may already speak to this rehearsal, through a profile that does not exist before it runs.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_") or key == "AWS_CA_BUNDLE"}
    with place.file(f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"rehearsal.{name}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user[0] if user else None,
            group=user[1] if user else None,
            extra_groups=[] if user else None,
            env=kept | added,
            cwd=ROOT,
        )
    place.file(f"{name}.pid").write_text(str(process.pid))
    # The kernel shows a command line and variables a moment after the exec.
    while pid_of(place, name) is None and process.poll() is None:
        time.sleep(0.01)


def end(place: Place, name: str) -> bool:
    """End a background process of ours and wait for it; tell whether there was one."""
    pid = pid_of(place, name)
    if pid:
        os.kill(pid, signal.SIGTERM)
        gone = time.monotonic() + 40
        while pid_of(place, name) == pid and time.monotonic() < gone:
            _reap(pid)
            time.sleep(0.05)
        if pid_of(place, name) == pid:
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
    place.file(f"{name}.pid").unlink(missing_ok=True)
    return pid is not None


def _reap(pid: int) -> None:
    """Collect a child that ended; a process started by another run is not our child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
