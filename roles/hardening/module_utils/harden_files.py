"""Writes the machine's files, all or none where there is no room, and reads those of the kernel's settings."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping

KERNEL = pathlib.Path("/proc/sys")


def put(texts: Mapping[str, str | None]) -> None:
    """Write the files in one step each, once there is room for all of them; None removes one."""
    new: dict[pathlib.Path, pathlib.Path] = {}
    try:
        for path, text in texts.items():
            if text is not None:
                file = pathlib.Path(path)
                file.parent.mkdir(parents=True, exist_ok=True)
                # A name that none of their readers takes for a file of theirs.
                new[file] = file.parent / f".{file.name}.dlbox-new"
                new[file].write_text(text)
                new[file].chmod(0o644)
        for path, text in texts.items():
            if text is None:
                pathlib.Path(path).unlink(missing_ok=True)
        for file, made in new.items():
            made.replace(file)
    finally:
        for made in new.values():
            made.unlink(missing_ok=True)


def live(settings: Mapping[str, str]) -> dict[str, str]:
    """The kernel's settings by name, each that there is for a pattern: every network interface has its own."""
    return {
        str(file.relative_to(KERNEL)): text for name, text in settings.items() for file in sorted(KERNEL.glob(name))
    }


def value(name: str) -> str | None:
    """A setting's value; None where it cannot be set here."""
    file = KERNEL / name
    return file.read_text().strip() if file.exists() and os.access(file, os.W_OK) else None
