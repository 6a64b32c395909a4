#!/usr/bin/python
"""Give JupyterLab its password, as a hash only, its API token, and its environment variables."""

from __future__ import annotations

import grp
import json
import pathlib
import pwd
import secrets
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import Change, diff

DOCUMENTATION = r"""
module: jupyter_secrets
short_description: Give JupyterLab its password, as a hash only, its API token, and its environment variables
description:
  - The password's argon2 hash is written where the one that is there does not match the password.
  - A new password or token comes with a new secret for cookies, so that who was signed in before is not any more.
  - No task needs C(no_log), which would hide why it failed: no answer of the module holds a secret.
options:
  path: {description: Folder of the files., type: path, required: true}
  python: {description: JupyterLab's own Python., type: path, required: true}
  user: {description: Who runs JupyterLab., type: str, required: true}
  password: {description: The password., type: str, required: true}
  token: {description: The API token., type: str, required: true}
  environment:
    description: "Environment variables for the unit, as a JSON object: a dict's short values would be blotted out of every answer."
    type: str
    default: "{}"
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_secrets:
    path: /etc/dlbox/jupyter
    python: /opt/dlbox/jupyter/bin/python
    user: ubuntu
    password: "{{ lookup('ansible.builtin.file', 'jupyter_password') }}"
    token: "{{ lookup('ansible.builtin.file', 'jupyter_token') }}"
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
    "environment": {"type": "str", "default": "{}", "no_log": True},
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


def keep(given: dict[str, Any], check_mode: bool) -> list[Change]:
    """Compare, then write what differs."""
    user, folder = given["user"], pathlib.Path(given["path"])
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    wanted = {"password_hash": f"root:{group} 640", "environment": "root:root 600"}
    wanted |= dict.fromkeys(["token", "cookie_secret"], f"{user}:{group} 600")
    have = {name: (folder / name).read_text() if (folder / name).exists() else None for name in wanted}
    hashed = (have["password_hash"] or "").strip()
    there = pathlib.Path(given["python"]).exists() or not check_mode
    # A dry run has not installed it.
    matches = bool(hashed) and there and python(given["python"], CHECK, f"{hashed}\n{given['password']}") == "True"
    # No newline: Jupyter takes the whole file as the token.
    text = {"token": given["token"], "environment": quoted(json.loads(given["environment"]))}
    same = {name: have[name] == text[name] for name in text} | {"cookie_secret": bool(have["cookie_secret"])}
    changes = plan(hashed, matches, same, {name: host_file.shown(folder / name) for name in wanted}, wanted)
    for change in [] if check_mode else changes:
        if change.thing == "password_hash" and change.verb == "write":
            text["password_hash"] = python(given["python"], HASH, given["password"])
        elif change.thing == "cookie_secret" and change.verb == "write":
            text["cookie_secret"] = secrets.token_urlsafe(32)
        file, own = folder / change.thing, wanted[change.thing]
        if change.verb == "write":
            host_file.replace(file, text[change.thing], *host_file.ids(own))
        else:
            host_file.own(file, own)
    return changes


def main() -> None:
    """Keep them, or say in one sentence why not; no error holds a secret, which Python reads from its input."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    try:
        changes = keep(given, module.check_mode)
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, f"JupyterLab's password in {given['path']}"))
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        module.fail_json(
            msg=f"{given['python']} could not hash the password ({last}): remove its environment and run this again."
        )
    module.exit_json(changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
