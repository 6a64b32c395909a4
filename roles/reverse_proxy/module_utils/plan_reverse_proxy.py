"""What a password of a web service needs on the host, and what a service leaves when it is off. Never touches a file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.dlbox.change import Change

USER = "dlbox"
# A salt of crypt's SHA-512, as openssl passwd takes and shows it.
HASHED = re.compile(rf"{USER}:(\$6\$([./0-9A-Za-z]{{1,16}})\$[./0-9A-Za-z]{{86}})\n")


def kept(text: str) -> tuple[str, str]:
    """(salt, hash) in a password file; empty where it holds none."""
    found = HASHED.fullmatch(text)
    return (found[2], found[1]) if found else ("", "")


def session(site: str, secret: str) -> str:
    """nginx's maps: the login is off for who has the cookie, and who has it not is given it after the login.

    The name's prefix makes browsers take such a cookie from HTTPS alone, and for this host alone.
    """
    name = f"__Host-dlbox-{site}"
    return (
        f'map $http_cookie $dlbox_realm {{\n    default "dlbox {site}";\n'
        f'    "~(^|; ?){name}={secret}(;|$)" off;\n}}\n'
        f'map $dlbox_realm $dlbox_cookie {{\n    default "{name}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict";\n'
        f'    off "";\n}}\n'
    )


def plan(hashed: bool, matches: bool, same: bool, modes: Mapping[str, str], wanted: str) -> list[Change]:
    """What to write: a new password comes with a new cookie, so that who was signed in before is not any more.

    The hash goes last: while it does not match, a run that was cut off in between is taken up again, with another cookie.
    `hashed` and `matches` tell of the password's hash, `same` of the cookie's file, `modes` of each file's owner and mode.
    """
    changes = []
    if not matches or not same:
        changes.append(Change("write", "session.conf", "sessions end with the password", None, True))
    if not matches:
        reason = "it does not match the password on the controller" if hashed else "there is none yet"
        changes.append(Change("write", "password_hash", reason, hashed, True))
    written = {change.thing for change in changes}
    mended = [name for name, mode in modes.items() if mode != wanted and name not in written]
    return changes + [Change("mend", name, "its owner or mode", modes[name], wanted) for name in mended]


def refusal(site: str, folder: str, user: str, error: Exception) -> str:
    """Why a service's password could not be set, in one sentence that holds no secret."""
    if isinstance(error, subprocess.CalledProcessError):
        why = f"openssl ended with {error.returncode} ({' '.join(str(error.stderr).split())[:200]}): reinstall the package openssl"
    elif isinstance(error, OSError):
        why = f"{error.filename or folder} could not be read or written ({error.strerror or error}): mend that"
    elif isinstance(error, UnicodeDecodeError):
        why = f"a file in {folder} is no text: remove that folder"
    else:
        why = f"there is no user {user} on the box: name one that is there"
    return f"The password of {site} was not set, as {why}, then run again."


def leave(site: str, note: Mapping[str, Any]) -> list[Change]:
    """What goes with a service that is off: first its units, then its files, from the note that its role wrote."""
    reason = f"{site} is off"
    units = [Change("stop", unit, reason, "there", None) for unit in note.get("units", [])]
    return units + [Change("remove", path, reason, "there", None) for path in note.get("paths", [])]
