"""A box's private folder on the controller: secrets made here, and what came from the box."""

from __future__ import annotations

import os
import pathlib
import secrets
from typing import Any

from .errors import DlboxError

SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "secrets": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "dict", "default": {}},
}


def run(given: dict[str, Any], check: bool) -> dict[str, Any]:
    """{"changed": bool, "changes": [sentence]}; check mode looks only. An error of the file system is a DlboxError."""
    try:
        steps = plan(pathlib.Path(given["path"]), given["secrets"], given["files"])
        for verb, path in [] if check else steps:
            apply(verb, path, given["files"])
    except OSError as error:
        # As where another user has run it before.
        where = error.filename or given["path"]
        raise DlboxError(
            f"{where} on this machine gives an error ({error.strerror}): mend that, then run again."
        ) from error
    return {"changed": bool(steps), "changes": [f"{verb} {path}" for verb, path in steps]}


def mode(path: pathlib.Path) -> int:
    """The permission bits, or 0 where there is nothing."""
    return path.stat().st_mode & 0o777 if path.exists() else 0


def plan(folder: pathlib.Path, names: list[str], files: dict[str, str]) -> list[tuple[str, pathlib.Path]]:
    """What to make and what to mend, in order."""
    steps = [] if mode(folder) == 0o700 else [("mend" if folder.exists() else "make", folder)]
    missing = {name for name in names if not (folder / name).exists() or not (folder / name).stat().st_size}
    other = {
        name
        for name, text in files.items()
        if text and (not (folder / name).exists() or (folder / name).read_text() != text)
    }
    for file in (folder / name for name in [*names, *files]):
        if file.name in missing | other:
            steps.append(("write", file))
        elif mode(file) not in (0, 0o600):
            steps.append(("mend", file))
    return steps


def apply(verb: str, path: pathlib.Path, files: dict[str, str]) -> None:
    """Make or mend one thing; no file is readable by others, not even for a moment."""
    if verb == "make":
        path.mkdir(mode=0o700, parents=True)
    elif verb == "mend":
        path.chmod(0o700 if path.is_dir() else 0o600)
    else:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(files[path.name] if path.name in files else secrets.token_urlsafe(18))
