"""Files of a host: replaces one in one step, shows and sets whose it is, and says in one sentence why one could not be written."""

from __future__ import annotations

import errno
import grp
import os
import pathlib
import pwd
import tempfile
from collections.abc import Callable
from typing import Any


def replace(file: pathlib.Path, text: str, mode: int = 0o644, uid: int = 0, gid: int = 0) -> None:
    """Put a file in the place of one that may be there; nobody reads half of it, or reads it before its owner and mode are right."""
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    new = pathlib.Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
        os.chown(new, uid, gid)
        new.chmod(mode)
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def shown(file: pathlib.Path) -> str:
    """Owner, group and mode of a file, as in root:ubuntu 640; nothing where there is none."""
    if not file.exists():
        return ""
    state = file.stat()
    return f"{_name(pwd.getpwuid, state.st_uid)}:{_name(grp.getgrgid, state.st_gid)} {state.st_mode & 0o777:o}"


def _name(table: Callable[[int], Any], number: int) -> str:
    try:
        return str(table(number)[0])
    except KeyError:
        return str(number)


def ids(wanted: str) -> tuple[int, int, int]:
    """(mode, uid, gid) as `replace` takes them, of what `shown` shows."""
    owner, group, mode = wanted.replace(":", " ").split()
    return int(mode, 8), pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid


def own(file: pathlib.Path, wanted: str) -> None:
    """Set owner, group and mode, as `shown` shows them."""
    mode, uid, gid = ids(wanted)
    os.chown(file, uid, gid)
    file.chmod(mode)


def unwritten(error: OSError, what: str) -> str:
    """Why a file is not there, with a way out; `what` names it where the system does not."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full, so {what} could not be written: raise box_disk_gib, or make room (`conda clean --all`), then run again."
    return f"{error.filename or what} gives an error ({error.strerror}): mend that, then run again."
