#!/usr/bin/python
"""Give JupyterLab its password, as a hash only, its API token, and its environment variables."""

from __future__ import annotations

import grp
import os
import pathlib
import pwd
import secrets
import subprocess
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff

DOCUMENTATION = r"""
module: jupyter_secrets
short_description: Give JupyterLab its password, as a hash only, its API token, and its environment variables
description:
  - The password's argon2 hash is written where the one that is there does not match the password.
  - A new password or token comes with a new secret for cookies, so that who was signed in before is not any more.
options:
  path: {description: Folder of the files., type: path, required: true}
  python: {description: JupyterLab's own Python., type: path, required: true}
  user: {description: Who runs JupyterLab., type: str, required: true}
  password: {description: The password., type: str, required: true}
  token: {description: The API token., type: str, required: true}
  environment: {description: Environment variables for the unit., type: dict, default: {}}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_secrets:
    path: /etc/dlbox/jupyter
    python: /opt/dlbox/jupyter/bin/python
    user: ubuntu
    password: "{{ lookup('ansible.builtin.file', 'jupyter_password') }}"
    token: "{{ lookup('ansible.builtin.file', 'jupyter_token') }}"
  no_log: true
"""
RETURN = r"""
changes: {description: "What was changed, and why; never a secret.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "python": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "token": {"type": "str", "required": True, "no_log": True},
    "environment": {"type": "dict", "default": {}, "no_log": True},
}
# The password comes through standard input: an argument would be in the process list.
HASH = "import sys; from jupyter_server.auth import passwd; print(passwd(sys.stdin.read()))"
# What Jupyter's own check does, without the server around it, whose import takes longer than the check.
CHECK = """
import sys, argon2
try:
    hashed, password = sys.stdin.read().split("\\n", 1)
    print(argon2.PasswordHasher().verify(hashed.removeprefix("argon2:"), password))
except (argon2.exceptions.Argon2Error, ValueError):
    print(False)
"""


def quoted(variables: dict[str, Any]) -> str:
    """Variables as systemd reads them from a file: a quoted value is taken as it is but for four escaped characters."""
    lines = []
    for name, value in variables.items():
        text = "".join(f"\\{one}" if one in '\\"$`' else one for one in str(value))
        lines.append(f'{name}="{text}"\n')
    return "".join(lines)


def plan(
    hashed: str, matches: bool, same: dict[str, bool], modes: dict[str, str], wanted: dict[str, str]
) -> list[Change]:
    """What to write, from what is there; `same` tells of each other file whether it is as it should be."""
    changes, reason = [], "it does not match the password on the controller" if hashed else "there is none yet"
    if not matches:
        changes.append(Change("write", "password_hash", reason, bool(hashed), True))
    if not same["token"]:
        changes.append(Change("write", "token", "it is not the token on the controller", None, True))
    if changes or not same["cookie_secret"]:
        # First: a run that is cut off after it does not leave old sessions valid.
        changes.insert(0, Change("write", "cookie_secret", "sessions end with the password or token", None, True))
    if not same["environment"]:
        changes.append(Change("write", "environment", "the variables differ", None, True))
    written = {change.thing for change in changes}
    mended = [name for name in wanted if modes.get(name) != wanted[name] and name not in written]
    return changes + [Change("mend", name, "its owner or mode", modes.get(name), wanted[name]) for name in mended]


def python(path: str, code: str, text: str) -> str:
    """Run code in JupyterLab's environment with text on its standard input."""
    return subprocess.run([path, "-c", code], input=text, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def shown(file: pathlib.Path) -> str:
    """Owner, group and mode of a file."""
    if not file.exists():
        return ""
    state = file.stat()
    return f"{pwd.getpwuid(state.st_uid).pw_name}:{grp.getgrgid(state.st_gid).gr_name} {state.st_mode & 0o777:o}"


def write(file: pathlib.Path, text: str) -> None:
    """Replace a file in one step, never readable by others; its mode comes after."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as new:
        new.write(text)
    os.replace(name, file)  # noqa: PTH105


def own(file: pathlib.Path, wanted: str) -> None:
    """Set owner, group and mode, as `shown` shows them."""
    owner, group, mode = wanted.replace(":", " ").split()
    os.chown(file, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
    file.chmod(int(mode, 8))


def main() -> None:
    """Compare, then write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, user, folder = module.params, module.params["user"], pathlib.Path(module.params["path"])
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    wanted = {"password_hash": f"root:{group} 640", "environment": "root:root 600"}
    wanted |= dict.fromkeys(["token", "cookie_secret"], f"{user}:{group} 600")
    have = {name: (folder / name).read_text() if (folder / name).exists() else None for name in wanted}
    hashed = (have["password_hash"] or "").strip()
    matches = bool(hashed) and python(given["python"], CHECK, f"{hashed}\n{given['password']}") == "True"
    # No newline: Jupyter takes the whole file as the token.
    text = {"token": given["token"], "environment": quoted(given["environment"])}
    same = {name: have[name] == text[name] for name in text} | {"cookie_secret": bool(have["cookie_secret"])}
    changes = plan(hashed, matches, same, {name: shown(folder / name) for name in wanted}, wanted)
    if changes and not module.check_mode:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for change in changes:
            if change.thing == "password_hash" and change.verb == "write":
                text["password_hash"] = python(given["python"], HASH, given["password"])
            elif change.thing == "cookie_secret" and change.verb == "write":
                text["cookie_secret"] = secrets.token_urlsafe(32)
            if change.verb == "write":
                write(folder / change.thing, text[change.thing])
            own(folder / change.thing, wanted[change.thing])
    module.exit_json(changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
