#!/usr/bin/python
"""Give JupyterLab its password, as a hash only, and its API token."""

from __future__ import annotations

import grp
import os
import pathlib
import pwd
import subprocess
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff

DOCUMENTATION = r"""
module: jupyter_secrets
short_description: Give JupyterLab its password, as a hash only, and its API token
description:
  - The password's argon2 hash is written where the one that is there does not match the password.
options:
  path: {description: Folder of the two files., type: path, required: true}
  python: {description: JupyterLab's own Python., type: path, required: true}
  user: {description: Who runs JupyterLab., type: str, required: true}
  password: {description: The password., type: str, required: true}
  token: {description: The API token., type: str, required: true}
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
}
# The password comes through standard input: an argument would be in the process list.
HASH = "import sys; from jupyter_server.auth import passwd; print(passwd(sys.stdin.read()))"
CHECK = "import sys; from jupyter_server.auth import security; print(security.passwd_check(*sys.stdin.read().split('\\n', 1)))"


def plan(hashed: str, matches: bool, same_token: bool, modes: dict[str, str], wanted: dict[str, str]) -> list[Change]:
    """What to write, from what is there."""
    changes = []
    if not matches:
        reason = "it does not match the password on the controller" if hashed else "there is none yet"
        changes.append(Change("write", "password_hash", reason, bool(hashed), True))
    if not same_token:
        changes.append(Change("write", "token", "it is not the token on the controller", None, True))
    if not changes and modes != wanted:
        changes.append(Change("mend", "file modes", "others than wanted", modes, wanted))
    return changes


def python(path: str, code: str, text: str) -> str:
    """Run code in JupyterLab's environment with text on its standard input."""
    done = subprocess.run([path, "-c", code], input=text, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def shown(file: pathlib.Path) -> str:
    """Owner, group and mode of a file."""
    if not file.exists():
        return ""
    state = file.stat()
    return f"{pwd.getpwuid(state.st_uid).pw_name}:{grp.getgrgid(state.st_gid).gr_name} {state.st_mode & 0o777:o}"


def write(file: pathlib.Path, text: str, owner: str, group: str, mode: int) -> None:
    """Replace a file in one step, never readable by others."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as new:
        new.write(text)
    os.chown(name, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
    os.chmod(name, mode)  # noqa: PTH101
    os.replace(name, file)  # noqa: PTH105


def main() -> None:
    """Compare, then write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, user = module.params, module.params["user"]
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    hash_file, token_file = (pathlib.Path(given["path"], name) for name in ("password_hash", "token"))
    hashed = hash_file.read_text().strip() if hash_file.exists() else ""
    matches = bool(hashed) and python(given["python"], CHECK, f"{hashed}\n{given['password']}") == "True"
    same = token_file.exists() and token_file.read_text() == given["token"]
    wanted = {"password_hash": f"root:{group} 640", "token": f"{user}:{group} 600"}
    changes = plan(hashed, matches, same, {file.name: shown(file) for file in (hash_file, token_file)}, wanted)
    if changes and not module.check_mode:
        hash_file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = hashed if matches else python(given["python"], HASH, given["password"])
        write(hash_file, new, "root", group, 0o640)
        # No newline: Jupyter takes the whole file as the token.
        write(token_file, given["token"], user, group, 0o600)
    module.exit_json(changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
