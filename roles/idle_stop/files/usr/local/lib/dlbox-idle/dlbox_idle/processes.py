"""Looks through the running processes for transfers and playbooks."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from . import parse

PROC = pathlib.Path("/proc")
# As the kernel cuts them: 15 letters.
TRANSFERS = {
    "aria2c", "aws", "conda", "curl", "git-remote-http", "hf", "mamba", "pip", "rclone", "rsync", "s5cmd", "scp", "sftp",
    "sftp-server", "uv", "wget",
}  # fmt: skip
PLAYBOOK = "ansible-playboo"
# What the process of a playbook's task is called while it runs, with pipelining and without.
TASKS = ("BECOME-SUCCESS-", "/ansible-tmp-", "AnsiballZ_")


def title(pid: int) -> str:
    """A process's command line; empty where it has ended, and for the kernel's own."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def named() -> Iterator[tuple[int, str]]:
    """Each process's number and name; one that ends meanwhile is left out."""
    for folder in PROC.glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "comm").read_text().strip()
        except OSError:
            continue


def transfers(config: Mapping[str, Any]) -> dict[str, Any]:
    """Bytes that each transfer program moved; its start tells it from a later one with its number."""
    found = {}
    for pid, name in named():
        if name not in TRANSFERS:
            continue
        try:
            start = parse.started((PROC / str(pid) / "stat").read_text())
            found[f"{name} {pid} {start}"] = parse.io_bytes((PROC / str(pid) / "io").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return {"bytes": found}


def ansible(config: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a task of a playbook runs here, or a playbook itself."""
    runs = any(name == PLAYBOOK or any(word in title(pid) for word in TASKS) for pid, name in named())
    return {"found": ["a playbook runs"] if runs else []}
