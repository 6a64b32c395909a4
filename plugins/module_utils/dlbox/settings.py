"""The user's settings, box_*: every key with its form; unknown keys and wrong types are refused by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from . import environments, settings_web, values
from .errors import Refused
from .wanted import wanted


def check(settings: Mapping[str, Any], file: str = "") -> None:
    """Refuse the first key that is unknown or holds something of another form; `file` is group_vars/all.yml."""
    for key in [*settings, *_keys_of(file)]:
        if key not in SETTINGS:
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            hint = f"did you mean {near[0]}?" if near else "group_vars/all.yml lists those that exist"
            raise Refused(f"{key[:60]} is not a setting of dlbox: {hint}")
    for key, form in SETTINGS.items():
        if key in settings:
            form(key, settings[key])
    settings_web.ports(settings)
    if file:
        read = environments.reader("box_environments", Path(file).parents[1])
        environments.all_declared("box_environments", settings.get("box_environments", []), read)


def _keys_of(file: str) -> list[str]:
    """The top-level keys of a vars file, without reading its values (they may be encrypted)."""
    if not file or not Path(file).exists():
        return []
    tree = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return [str(key.value) for key, _ in tree.value] if isinstance(tree, yaml.MappingNode) else []


def _text(key: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > 300:
        raise Refused(f"{key}: {str(value)[:50]!r} is not a text of at most 300 characters; put it in quotes")


def _flag(key: str, value: Any) -> None:
    if not isinstance(value, bool) and str(value).lower() not in ("true", "false", "yes", "no"):
        raise Refused(f"{key}: {str(value)[:50]!r} is neither true nor false")


def _port(key: str, value: Any) -> None:
    first, last = values.port_range(key, value)
    if first != last:
        raise Refused(f"{key}: {str(value)[:50]!r} is a range; write one port, as in 8080")


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        if str(value).lstrip().startswith("["):
            raise Refused(
                f"{key}: {str(value)[:50]!r} is a text; after -e write a list as JSON, as in -e '{{\"{key}\": {str(value)[:50]}}}'"
            )
        raise Refused(
            f"{key}: {str(value)[:50]!r} is not a list; write it in brackets, as in [{value if isinstance(value, str | int) else ''}]"
        )
    return value


def _texts(key: str, value: Any) -> None:
    for item in _list(key, value):
        _text(key, item)


def _ports(key: str, value: Any) -> None:
    for item in _list(key, value):
        values.port_range(key, item)


def _account(key: str, value: Any) -> None:
    if not re.fullmatch(r"(\d{12})?", str(value)):
        raise Refused(
            f"{key}: {str(value)[:50]!r} is not an AWS account id; write its 12 digits in quotes, or leave it empty"
        )


def _environments(key: str, value: Any) -> None:
    for item in _list(key, value):
        environments.form(key, item)
        for part in ("packages", "pip"):
            _texts(f"{key}: {part} of {item.get('name')}", item.get(part, []))
    names = [item["name"] for item in value if "name" in item]
    if double := {name for name in names if names.count(name) > 1}:
        raise Refused(f"{key}: {double.pop()} stands there twice; give each environment a name of its own")


def _one_of(*options: str) -> Callable[[str, Any], object]:
    return lambda key, value: values.choice(key, value, options)


# The modules check the meaning (CIDRs, time zone, AMI, type); this checks what would otherwise go unnoticed.
SETTINGS: dict[str, Callable[[str, Any], object]] = {
    "box_region": _text,
    "box_profile": _text,
    "box_account": _account,
    "box_instance_type": wanted,
    "box_spot": _flag,
    "box_spot_max_usd": values.usd,
    "box_ami": _text,
    "box_ubuntu": _text,
    "box_pytorch": values.version,
    "box_disk_gib": values.gib,
    "box_state": _one_of("running", "stopped"),
    "box_quota_request": values.asking,
    "box_quota_wait": values.duration,
    "box_allowed_cidrs": _texts,
    "box_address_source": _text,
    "box_open_to_world": _flag,
    "box_port_range": values.port_range,
    "box_extra_ports": _ports,
    "box_instance_connect": _flag,
    "box_hardening": _flag,
    **dict.fromkeys(["box_stop_time", "box_stop_days", "box_start_time", "box_start_days"], lambda key, value: None),
    "box_timezone": _text,
    "box_stop_backend": _one_of("scheduler", "lambda"),
    "box_dead_letter_queue": _text,
    "box_idle_minutes": values.idle_minutes,
    "box_alarm_hours": values.hours,
    "box_alarm_email": values.email,
    "box_jupyter_port": _port,
    **settings_web.JUPYTER,
    "box_vscode": _flag,
    "box_vscode_port": _port,
    "box_vscode_extensions": settings_web.extensions,
    "box_vscode_settings": settings_web.options,
    **dict.fromkeys(["box_apt_mirror", "box_pypi_index", "box_conda_mirror"], environments.mirror),
    "box_conda_channels": _texts,
    "box_environments": _environments,
}
