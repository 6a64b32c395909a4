"""The places of volumes, as the storage role notes them: where a role's folder would be on the root disk while a volume is away."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterable

NOTE = "/var/lib/dlbox/storage.json"


def text(places: Iterable[str]) -> str:
    """What the note holds."""
    return json.dumps({"places": sorted(places)}) + "\n"


def below(path: str, places: Iterable[str]) -> str:
    """The first of the places that a path lies in, or is."""
    return next((place for place in places if f"{path}/".startswith(f"{place}/")), "")


def away(folder: str, note: str = NOTE) -> str:
    """The place in which a folder lies, through links that may lead nowhere, where nothing is mounted now; else nothing."""
    file = pathlib.Path(note)
    places = json.loads(file.read_text())["places"] if file.is_file() else []
    return below(str(pathlib.Path(folder).resolve()), [place for place in places if not pathlib.Path(place).is_mount()])


def left_out(setting: str, folder: str, place: str, tag: str) -> str:
    """The sentence for a folder that is not made."""
    return (
        f"{setting}: {folder} is on the volume of {place}, which is not mounted, so it is left out: attach the volume, then run"
        f" `ansible-playbook site.yml --tags storage,{tag}`"
    )


def make(folder: pathlib.Path, uid: int, gid: int) -> None:
    """Make a folder with those above it; what is made is the user's."""
    if not folder.exists():
        make(folder.parent, uid, gid)
        folder.mkdir(mode=0o755)
        os.chown(folder, uid, gid)
