#!/usr/bin/python
"""Merge settings into the user's settings.json of code-server, leaving what the user changed."""

from __future__ import annotations

import json
import os
import pathlib
import pwd
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.plan_settings import merge

DOCUMENTATION = r"""
module: vscode_server_settings
short_description: Merge settings into the user's settings.json of code-server, leaving what the user changed
description:
  - A setting is changed only while it still has the value that an earlier run gave it. Comments stay.
  - The Python extension learns the first environment of the conda role's note as its default interpreter.
options:
  user: {description: Whose settings., type: str, required: true}
  settings: {description: The settings by name., type: dict, required: true}
  conda: {description: The conda role's note of its environments., type: path, default: /var/lib/dlbox/conda.json}
  note: {description: Where it is noted what was written., type: path, default: /var/lib/dlbox/vscode.json}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- vscode_server_settings: {user: ubuntu, settings: {editor.fontSize: 15}}
"""
RETURN = r"""
changes: {description: What was set or removed., type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "user": {"type": "str", "required": True},
    "settings": {"type": "dict", "required": True},
    "conda": {"type": "path", "default": "/var/lib/dlbox/conda.json"},
    "note": {"type": "path", "default": "/var/lib/dlbox/vscode.json"},
}
# From the home; code-server's own place, whatever its configuration says.
FILE = ".local/share/code-server/User/settings.json"


def wanted(settings: dict[str, Any], environments: dict[str, str]) -> dict[str, Any]:
    """The settings with the interpreter; the user's own word for it wins."""
    first = next(iter(environments.values()), None)
    return ({"python.defaultInterpreterPath": f"{first}/bin/python"} if first else {}) | settings


def load(path: pathlib.Path) -> dict[str, Any]:
    """A note; nothing where it is away or cut off."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def write(file: pathlib.Path, text: str, user: str) -> None:
    """Replace a file in one step, through a link to it, with folders and file the user's own."""
    owner = pwd.getpwnam(user)
    file = file.resolve()
    for folder in [path for path in reversed(file.parents) if not path.exists()]:
        folder.mkdir(mode=0o755)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    host_file.replace(file, text, uid=owner.pw_uid, gid=owner.pw_gid)


def main() -> None:
    """Merge, and write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, note = module.params, pathlib.Path(module.params["note"])
    file = pathlib.Path(pwd.getpwnam(given["user"]).pw_dir, FILE)
    before = file.read_text() if file.exists() else ""
    want, noted = wanted(given["settings"], load(pathlib.Path(given["conda"])).get("environments", {})), load(note)
    try:
        text, new, changes = merge((before.strip() and before) or "{}\n", want, noted)
    except (ValueError, IndexError) as error:
        module.warn(f"{file} is left as it is, since it is no JSON ({error}): correct it, then run this again.")
        module.exit_json(changed=False, changes=[])
    try:
        if changes and not module.check_mode:
            write(file, text, given["user"])
        if new != noted and not module.check_mode:
            write(note, json.dumps(new, indent=1) + "\n", "root")
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, str(file)))
    module.exit_json(changed=bool(changes), changes=changes, diff={"before": before, "after": text})


if __name__ == "__main__":
    main()
