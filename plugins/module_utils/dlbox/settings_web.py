"""The settings of the box's web services: their ports, and what is in VS Code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import values
from .errors import Refused

# Each service's port, with the setting that turns the service off, where one does.
PORTS = {"box_jupyter_port": "", "box_vscode_port": "box_vscode"}


def on(value: Any) -> bool:
    """Whether a flag is set, as Ansible's bool reads it."""
    return str(value).lower() in ("true", "yes")


def ports(settings: Mapping[str, Any]) -> None:
    """Refuse a service's port that is not opened, or that another service has."""
    first, last = values.port_range("box_port_range", settings.get("box_port_range", "8080-8089"))
    taken: dict[int, str] = {}
    for key, flag in PORTS.items():
        if key not in settings or not on(settings.get(flag, True)):
            continue
        port, _ = values.port_range(key, settings[key])
        if not first <= port <= last:
            raise Refused(
                f"{key}: {port} is not among the opened ports {first}-{last}: take one of them, or widen box_port_range"
            )
        if port in taken:
            raise Refused(f"{key}: {port} is {taken[port]} too: give each a port of its own")
        taken[port] = key


def extensions(key: str, value: Any) -> None:
    """Names on Open VSX, or paths of .vsix files."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str) or not re.fullmatch(r"[\w-]+\.[\w.-]+(@[\w.+-]+)?|.+\.vsix", item):
            raise Refused(
                f"{key}: {str(item)[:50]!r} is no extension: write publisher.name, as in [ms-python.python], or a path that"
                " ends in .vsix"
            )
    if not isinstance(value, list):
        raise Refused(f"{key}: {value[:50]!r} is not a list; write it in brackets, as in [{value[:50]}]")


def options(key: str, value: Any) -> None:
    """Settings of VS Code by name."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise Refused(f"{key}: {str(value)[:50]!r} is not settings by name; write them as in {{editor.fontSize: 15}}")
