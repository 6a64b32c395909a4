"""Which extensions are installed: names and packages in, what to install out. Never runs anything."""

from __future__ import annotations

from typing import Any, NamedTuple


class Wanted(NamedTuple):
    """An extension that is asked for: what code-server is told, its name, and a version where one is meant."""

    source: str
    name: str
    version: str


def by_name(entry: str) -> Wanted:
    """`publisher.name`, or `publisher.name@version`."""
    name, _, version = entry.partition("@")
    return Wanted(entry, name.lower(), version)


def packaged(path: str, manifest: dict[str, Any]) -> Wanted:
    """A .vsix, by the package.json in it."""
    return Wanted(path, f"{manifest['publisher']}.{manifest['name']}".lower(), str(manifest["version"]))


def installed(listed: list[dict[str, Any]]) -> dict[str, str]:
    """Names and versions, from code-server's extensions.json."""
    return {entry["identifier"]["id"].lower(): str(entry.get("version", "")) for entry in listed}


def lacking(want: list[Wanted], have: dict[str, str]) -> list[Wanted]:
    """What is not there, or there in another version than the one that is meant; updates of others are the user's."""
    return [one for one in want if one.name not in have or one.version not in ("", have[one.name])]
