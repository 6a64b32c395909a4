"""Conda environments and mirrors as users declare them, made one form or refused; an environment is a list or a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
KEYS = ("name", "python", "packages", "pip", "file", "state")
# Names that conda gives to its own folder; an environment of that name would be conda itself.
ITSELF = ("base", "root")
_FILE_KEYS = ("name", "channels", "dependencies", "prefix")
# A user and a password in an address; git+ssh's user has none, and is no secret.
_SECRET = re.compile(r"\b(?:git\+)?https?://[^\s/]*@|://[^\s/@]+:[^\s/@]+@")
# Options of pip's requirement files that name another file of the user's machine.
_ELSEWHERE = re.compile(r"-(r|c|-requirement|-constraint)\b|(-e|--editable)[ =]*(?!git\+)")


def form(key: str, entry: Any) -> None:
    """Refuse an entry of box_environments that is not of the right form; files are not read."""
    if not isinstance(entry, Mapping) or not (entry.get("name") or entry.get("file")):
        raise Refused(f"{key}: each environment needs a name of a-z, 0-9, '.', '_' or '-', as in - name: dl")
    name = str(entry.get("name") or entry["file"])[:63]
    if "name" in entry and not NAME.fullmatch(str(entry["name"])):
        raise Refused(f"{key}: {name!r} is no name; write a-z, 0-9, '.', '_' or '-', as in - name: dl")
    if name in ITSELF:
        raise Refused(f"{key}: {name} is where conda itself lies; give the environment another name, as in dl")
    if unknown := sorted(set(entry) - set(KEYS)):
        raise Refused(f"{key}: {name} has the unknown key {str(unknown[0])[:40]!r}; known are {', '.join(KEYS)}")
    if entry.get("state", "present") not in ("present", "absent"):
        raise Refused(f"{key}: state of {name} is neither present nor absent")
    # A number has lost its last zero: YAML reads 3.10 as 3.1.
    python = entry.get("python", "3.11")
    if not isinstance(python, str) or not re.fullmatch(r"\d+(\.\d+){0,2}", python):
        raise Refused(f'{key}: python of {name} is a version in quotes, as in "3.11"')
    if "file" in entry:
        if not isinstance(entry["file"], str):
            raise Refused(f"{key}: file of {name} is the path of an environment.yml, as in ~/project/environment.yml")
        if both := [part for part in ("python", "packages", "pip") if part in entry]:
            raise Refused(f"{key}: {name} has a file and {both[0]}; write what it holds into the file, or leave it out")


def declared(key: str, entry: Mapping[str, Any], read: Callable[[str], str]) -> dict[str, Any]:
    """{"name", "state", "channels", "packages", "pip", "source", "file"} of one entry.

    `read` gives the text of a path; `source` is that text and `file` that path, "" where there is none; no channels
    means the box's.
    """
    form(key, entry)
    state = entry.get("state", "present")
    empty: dict[str, Any] = {"channels": [], "packages": [], "pip": [], "source": "", "file": "", "state": state}
    if state == "absent" and "name" in entry:
        return {**empty, "name": str(entry["name"])}
    if "file" not in entry:
        python = str(entry.get("python", "")).strip()
        spec = f"python={python}" if python else "python"
        lists = {"packages": [spec, *entry.get("packages", [])], "pip": list(entry.get("pip", []))}
        open_to_all(f"{key}: {entry['name']}", [*lists["packages"], *lists["pip"]])
        return {**empty, **lists, "name": str(entry["name"])}
    path = entry["file"]
    found = parsed(f"{key}: {path}", read(path))
    name = str(entry.get("name") or found["name"])
    form(key, {"name": name})
    return {**empty, **found, "name": name, "file": path}


def parsed(where: str, text: str) -> dict[str, Any]:
    """{"name", "channels", "packages", "pip", "source"} of an environment.yml; anything else in it is refused."""
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused(f"{where} is not YAML ({' '.join(str(error).split())}): correct it") from None
    if not isinstance(tree, Mapping) or not isinstance(tree.get("dependencies"), list):
        raise Refused(f"{where} has no list of dependencies; write it as conda does: name, channels, dependencies")
    if unknown := sorted(str(name) for name in tree if name not in _FILE_KEYS):
        raise Refused(f"{where} has {unknown[0][:40]}, which is not kept here; known are {', '.join(_FILE_KEYS)}")
    pip: list[str] = []
    for part in tree["dependencies"]:
        if isinstance(part, Mapping) and list(part) == ["pip"] and isinstance(part["pip"], list):
            pip += [str(line) for line in part["pip"]]
        elif not isinstance(part, str):
            raise Refused(f"{where}: {str(part)[:50]!r} is neither a conda package nor the list of pip's")
    for line in pip:
        if _ELSEWHERE.match(line.strip()) or line.strip().startswith((".", "/", "file:")):
            raise Refused(f"{where}: pip's {line[:60]!r} lies on your machine; write the requirements themselves")
    channels = [str(channel) for channel in tree.get("channels") or [] if channel != "nodefaults"]
    packages = [part for part in tree["dependencies"] if isinstance(part, str)]
    open_to_all(where, [*channels, *packages, *pip])
    return {"name": tree.get("name") or "", "channels": channels, "packages": packages, "pip": pip, "source": text}


def open_to_all(where: str, lines: list[str]) -> None:
    """Refuse an address with a password: it would stand in the lock, in the notes and in what a run says."""
    for line in lines:
        if _SECRET.search(str(line)):
            raise Refused(
                f"{where} has an address with a user or password; write it without, and put those into ~/.netrc on the box, "
                "which conda, uv and git read"
            )


def reader(key: str, folder: Path) -> Callable[[str], str]:
    """Reads a user's file; a relative path starts at the folder of the project."""

    def read(path: str) -> str:
        try:
            return (folder / Path(path).expanduser()).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", "") or "it is no text"
            raise Refused(f"{key}: {path} cannot be read ({said}); write the path of an environment.yml") from None

    return read


def all_declared(key: str, entries: list[Any], read: Callable[[str], str]) -> list[dict[str, Any]]:
    """Every entry in one form; a name that stands twice is refused."""
    found = [declared(key, entry, read) for entry in entries]
    names = [entry["name"] for entry in found]
    if double := [name for name in names if names.count(name) > 1]:
        raise Refused(f"{key}: {double[0]} stands there twice; give each environment a name of its own")
    return found


def mirror(key: str, value: Any) -> str:
    """The address of a mirror, "" for none; one with a password would stand readable for everyone on the box."""
    text = str(value)
    if text and not re.fullmatch(r"https?://[^\s@\"'\\]+", text):
        raise Refused(
            f"{key}: {re.sub(r'//.*@', '//…@', text)[:60]!r} is not the address of a mirror; write it without user and password, "
            "as in https://mirror.example.org/path, or leave it empty"
        )
    return text
