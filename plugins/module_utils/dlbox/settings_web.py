"""The settings of the box's web services: their ports, how they are reached, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import values
from .errors import Refused

# Each service's port, with the setting that turns the service off, where one does.
PORTS = {
    "box_jupyter_port": "", "box_vscode_port": "box_vscode",
    "box_tensorboard_port": "box_tensorboard", "box_desktop_port": "box_desktop",
}  # fmt: skip


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
        tunnel = key == "box_jupyter_port" and settings.get("box_jupyter_access") == "tunnel"
        if not tunnel and not first <= port <= last:
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


def folder(key: str, value: Any) -> None:
    """A folder on the box, from the home or from the root."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w./ -]*", value) or ".." in value.split("/"):
        raise Refused(
            f"{key}: {str(value)[:50]!r} is not a folder on the box: write it as in notebooks, or as in /data/notebooks"
        )


def runs(key: str, value: Any) -> None:
    """A folder of runs on the box; some is needed."""
    folder(key, value)
    if not value.strip(" /."):
        raise Refused(f"{key}: {value!r} names no folder: write it as in data/runs, or as in /data/runs")


def repository(key: str, value: Any) -> None:
    """An address that git clones over HTTPS; it may hold a password, so it is never shown."""
    if not isinstance(value, str) or not re.fullmatch(r"(https://[^\s/]+/\S*[^\s/]/*)?", value):
        raise Refused(
            f"{key} is not an address that git clones over HTTPS: write it as in https://example.org/me/work.git"
        )


def environment(key: str, value: Any) -> None:
    """Environment variables by name; their values may be secrets, so they are never shown."""
    for name, content in value.items() if isinstance(value, Mapping) else [(value, "")]:
        if not isinstance(value, Mapping) or not re.fullmatch(r"[A-Za-z_]\w*", str(name), re.ASCII):
            raise Refused(f"{key} is not environment variables by name: write them as in {{WANDB_MODE: offline}}")
        if not isinstance(content, str | int | float) or "\0" in str(content):
            raise Refused(f"{key}: the value of {name} is neither a text nor a number: put it in quotes")


JUPYTER: dict[str, Callable[[str, Any], object]] = {
    "box_jupyter_access": lambda key, value: values.choice(key, value, ("direct", "tunnel")),
    "box_jupyter_folder": folder,
    "box_jupyter_environment": environment,
    "box_repository": repository,
}
