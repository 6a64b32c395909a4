"""The files: settings, what one look leaves for the next, the note of `dlbox keep`, and that of the last stop."""

from __future__ import annotations

import json
import math
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

from .decide import Memory, Settings
from .signals import Levels

CONFIG = pathlib.Path("/etc/dlbox/idle.json")
STATE = pathlib.Path("/run/dlbox/idle.json")
KEEP = pathlib.Path("/var/lib/dlbox/keep/until.json")
STOPPED = pathlib.Path("/var/lib/dlbox/idle-stop.json")


def load(path: pathlib.Path) -> dict[str, Any]:
    """The object in a file; empty where there is none, or it holds something else."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def config() -> dict[str, Any]:
    """The settings as the role wrote them; a file that cannot be read is an error, because no limit may be guessed."""
    found: dict[str, Any] = json.loads(CONFIG.read_text())
    return found


def settings(given: Mapping[str, Any]) -> tuple[Settings, Levels]:
    """How long is long, and how much is much."""
    return Settings(**given["seconds"]), Levels(**given["levels"])


def memory(found: Any) -> Memory:
    """What the last look left; a fresh one where it is none, or broken in whatever way."""
    names = ("at", "idle", "held", "announced", "final")
    if not isinstance(found, dict) or any(not number(found.get(name), name == "final") for name in names):
        return Memory()
    return Memory(**{name: found[name] for name in names})


def number(value: Any, optional: bool) -> bool:
    """Whether it is a number that can have been left there."""
    if value is None:
        return optional
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def facts(found: Any) -> dict[str, dict[str, Any]]:
    """The facts of the last look; those that are no object are forgotten."""
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}


def save(path: pathlib.Path, content: Mapping[str, Any], mode: int = 0o644) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
    os.chmod(name, mode)  # noqa: PTH101
    os.replace(name, path)  # noqa: PTH105
