"""Which files and folders of the box differ from what they should be: facts in, changes out. Never touches a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .change import Change


class Seen(NamedTuple):
    """A file or folder as it is: its text (empty for a folder), its permissions as in "644", its owner."""

    text: str
    mode: str
    owner: str


def plan(files: Mapping[str, Seen], folders: Mapping[str, Seen], now: Mapping[str, Seen | None]) -> list[Change]:
    """What to make, write or mend; folders first, since files may lie in them. `now` has every path, None where nothing is."""
    changes = []
    for path, want in [*folders.items(), *files.items()]:
        seen, verb = now[path], "make" if path in folders else "write"
        if seen is None:
            changes.append(Change(verb, path, "there is none", None, _shown(want, path in folders)))
        elif seen.text != want.text:
            changes.append(Change(verb, path, "it differs", seen.text, want.text))
        elif seen != want:
            changes.append(
                Change("mend", path, "its owner or mode", f"{seen.owner} {seen.mode}", f"{want.owner} {want.mode}")
            )
    return changes


def _shown(want: Seen, folder: bool) -> str:
    return f"{want.owner} {want.mode}" if folder else want.text
