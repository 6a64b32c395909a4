"""The scenario's machine, reached as its owner does and as a stranger does: from another address of this machine."""

import os
import pathlib
import re
import shlex
import subprocess
import time
from collections.abc import Callable

FOLDER = pathlib.Path(os.environ["DLBOX_FOLDER"])
STRANGER = os.environ["DLBOX_STRANGER"]
ADDRESS = os.environ["DLBOX_ADDRESS"]
OPTIONS = [
    *("-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "ConnectTimeout=5"),
    *("-o", "UserKnownHostsFile=/dev/null", "-o", "ControlPath=none"),
]  # fmt: skip


def ssh(
    *command: str, user: str = "ubuntu", key: str = "key", stranger: bool = False, options: tuple[str, ...] = ()
) -> list[str]:
    """The command line of one connection of its own."""
    source = ["-b", STRANGER] if stranger else []
    return ["ssh", *options, *OPTIONS, *source, "-i", str(FOLDER / key), f"{user}@{ADDRESS}", *command]


def enters(**how: object) -> bool:
    """Whether a connection gets a shell."""
    return subprocess.run(ssh("true", **how), capture_output=True, check=False).returncode == 0  # type: ignore[arg-type]


def on_box(script: str) -> str:
    """What a script of root's prints there."""
    done = subprocess.run(
        ssh("sudo", "bash", "-euo", "pipefail", "-s"), input=script, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def pids(*units: str) -> list[str]:
    """The main processes of units there."""
    return on_box(f"systemctl show --property=MainPID --value {shlex.join(units)}").split()


def banned(jail: str) -> list[str]:
    """Whom a jail shuts out now."""
    return re.findall(r"[\d.]{7,}", on_box(f"fail2ban-client status {jail}").split("Banned IP list:")[1])


def tries(jail: str) -> str:
    """How many failed logins a jail has counted so far."""
    found = re.search(r"Total failed:\s+(\d+)", on_box(f"fail2ban-client status {jail}"))
    assert found
    return found[1]


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.5)
