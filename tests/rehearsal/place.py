"""Where one rehearsal keeps its files, and the names that keep two of them apart."""

from __future__ import annotations

import hashlib
import os
import pathlib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT = ROOT / ".dlbox" / "rehearsal"


@dataclass(frozen=True)
class Place:
    """A state folder; everything that this rehearsal makes on the host carries its suffix."""

    folder: pathlib.Path

    @property
    def suffix(self) -> str:
        """A short id of the folder."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:8]

    @property
    def label(self) -> str:
        """The label of its containers and network."""
        return f"dlbox.rehearsal={self.suffix}"

    @property
    def network(self) -> str:
        """The name of its podman network."""
        return f"dlbox-{self.suffix}"

    @property
    def notes(self) -> pathlib.Path:
        """What the driver did with each machine."""
        return self.folder / "machines"

    @property
    def firings(self) -> pathlib.Path:
        """The record of what schedules and rules did, one JSON object a line."""
        return self.folder / "firings.jsonl"

    @property
    def mails(self) -> pathlib.Path:
        """What AWS would have mailed, one JSON object a line."""
        return self.folder / "mails.jsonl"

    @property
    def cache(self) -> pathlib.Path:
        """Downloads that outlive machines and rehearsals; shared by all rehearsals of this clone."""
        return DEFAULT / "cache"

    def file(self, name: str) -> pathlib.Path:
        """Any other file of the folder."""
        return self.folder / name

    def make(self) -> None:
        """Create the folder, owned by the user who runs this through sudo."""
        for folder in (self.folder.parent, self.folder, self.notes, self.cache.parent, self.cache):
            if not folder.exists():
                folder.mkdir(parents=True)
                own(folder)
        (ROOT / ".dlbox").chmod(0o700)


def owner() -> tuple[int, int]:
    """Return the user behind sudo, or the present one."""
    return int(os.environ.get("SUDO_UID", os.getuid())), int(os.environ.get("SUDO_GID", os.getgid()))


def own(path: pathlib.Path) -> None:
    """Give a file to the user behind sudo."""
    os.chown(path, *owner())
