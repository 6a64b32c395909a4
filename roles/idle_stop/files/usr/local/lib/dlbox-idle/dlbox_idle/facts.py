"""Reads the facts of one look. Each reader returns plain JSON or raises; what it raises becomes the signal's error."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import ssl
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from . import gpu, parse, processes, state

Config = Mapping[str, Any]
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id")
TERMINALS = pathlib.Path("/dev/pts")
LOCKS = [
    pathlib.Path(path) for path in ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock")
]


def now() -> float:
    """The kernel's clock, in seconds: never set, goes on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def up() -> float:
    """Seconds since this machine's first process started, which in a container is not the kernel's start."""
    return now() - parse.started(pathlib.Path("/proc/1/stat").read_text()) / os.sysconf("SC_CLK_TCK")


def boot() -> str:
    """This boot's id."""
    return BOOT.read_text().strip()


def gpus(config: Config) -> dict[str, Any]:
    """Use of each GPU."""
    return {"gpus": gpu.samples(gpu.library(), gpu.SAMPLES, gpu.PAUSE) if gpu.devices() else []}


def jupyter(config: Config) -> dict[str, Any]:
    """The kernels, asked without leaving a trace of activity; None where no server listens or none was installed."""
    folder = pathlib.Path(config["jupyter_etc"])
    if not (folder / "token").exists():
        return {"kernels": None}
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=config["jupyter_ca"]))
    url = f"https://127.0.0.1:{config['jupyter_port']}/api/kernels?no_track_activity=1"
    request = urllib.request.Request(url, headers={"Authorization": f"token {(folder / 'token').read_text()}"})
    try:
        with urllib.request.build_opener(trust, urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            listed = json.loads(answer.read())
    except urllib.error.URLError as error:
        # Its kernels end with it.
        if isinstance(error.reason, ConnectionRefusedError):
            return {"kernels": None}
        raise
    return {"kernels": {one["id"]: {"state": one["execution_state"], "last": one["last_activity"]} for one in listed}}


def terminals(config: Config) -> dict[str, Any]:
    """When each terminal last gave input to a program, as `w` takes it; JupyterLab's and VS Code's are among them."""
    found = {}
    for path in TERMINALS.glob("[0-9]*"):
        # One may close between the two.
        with contextlib.suppress(FileNotFoundError):
            found[f"pts/{path.name}"] = int(path.stat().st_atime)
    return {"read": found}


def ssh(config: Config) -> dict[str, Any]:
    """Bytes of the connections."""
    command = ["ss", "-HtinpO", "state", "established"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
    pids = {pid for socket in parse.sockets(text) for pid in socket["pids"]}
    titles = {pid: processes.title(pid) for pid in pids}
    return dict(parse.connections(text, titles, {config["jupyter_port"], *config["web_ports"]}))


def packages(config: Config) -> dict[str, Any]:
    """Locks of apt and dpkg that somebody holds; asked for, never taken."""
    return {"found": [f"{path} is locked" for path in LOCKS if path.exists() and locked(path)]}


def locked(path: pathlib.Path) -> bool:
    """Whether another process holds a lock on the file."""
    with path.open("rb") as file:
        question = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        return bool(struct.unpack("hhqqi", fcntl.fcntl(file, fcntl.F_GETLK, question))[0] != fcntl.F_UNLCK)


def code_server(config: Config) -> dict[str, Any]:
    """When code-server's heart last beat."""
    file = pathlib.Path(config["home"], ".local/share/code-server/heartbeat")
    return {"beat": file.stat().st_mtime_ns if file.exists() else None}


def desktop(config: Config) -> dict[str, Any]:
    """When the desktop's display started, and when it last had input; None where it does not run."""
    pass_file = pathlib.Path(config["desktop"]["pass"])
    if not pass_file.exists():
        return {"started": None}
    about = pass_file.stat()
    # As its owner: root has no business in a display.
    idle = subprocess.run(
        ["/usr/bin/xprintidle"], env={"DISPLAY": config["desktop"]["display"], "XAUTHORITY": str(pass_file)},
        user=about.st_uid, group=about.st_gid, extra_groups=[], capture_output=True, text=True, timeout=10, check=True,
    )  # fmt: skip
    return {"started": about.st_mtime_ns, "input": now() - int(idle.stdout) / 1000}


def load(config: Config) -> dict[str, Any]:
    """The load average, and the number of cores."""
    return {"load": os.getloadavg()[0], "cores": os.cpu_count() or 1}


def keep(config: Config) -> dict[str, Any]:
    """Seconds for which `dlbox keep` still holds."""
    if not state.KEEP.exists():
        return {"left": 0.0}
    return {"left": parse.keep_left(json.loads(state.KEEP.read_text()), boot(), now(), time.time())}


READERS: dict[str, Callable[[Config], dict[str, Any]]] = {
    "gpu": gpus, "jupyter": jupyter, "terminals": terminals, "ssh": ssh, "code-server": code_server, "desktop": desktop,
    "load": load, "packages": packages, "transfers": processes.transfers, "ansible": processes.ansible, "keep": keep,
}  # fmt: skip


def read(config: Config) -> dict[str, dict[str, Any]]:
    """All facts of one look; one that cannot be read never hides another."""
    found = {}
    for name, reader in READERS.items():
        try:
            found[name] = reader(config)
        except Exception as error:  # whatever is wrong with one signal, the others are looked at
            found[name] = {"error": " ".join(str(error).split())[:200] or type(error).__name__}
    return found
