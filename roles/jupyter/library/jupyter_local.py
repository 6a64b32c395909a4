#!/usr/bin/python
"""Keep the box's secrets in a private folder on the controller."""

from __future__ import annotations

import os
import pathlib
import secrets
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: jupyter_local
short_description: Keep the box's secrets in a private folder on the controller
description:
  - Makes the folder (0700) and every secret that is missing or empty (0600), and mends their modes.
  - A secret is never returned; read its file.
options:
  path: {description: The folder., type: path, required: true}
  names: {description: Names of the files., type: list, elements: str, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_local: {path: .dlbox/000000000000/us-west-2/lab, names: [jupyter_password]}
  delegate_to: localhost
"""
RETURN = r"""
changes: {description: What was made or mended., type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
}


def mode(path: pathlib.Path) -> int:
    """The permission bits, or 0 where there is nothing."""
    return path.stat().st_mode & 0o777 if path.exists() else 0


def plan(folder: pathlib.Path, names: list[str]) -> list[tuple[str, pathlib.Path]]:
    """What to make and what to mend, in order."""
    steps = [] if mode(folder) == 0o700 else [("mend" if folder.exists() else "make", folder)]
    for file in (folder / name for name in names):
        if not file.exists() or not file.stat().st_size:
            steps.append(("write", file))
        elif mode(file) != 0o600:
            steps.append(("mend", file))
    return steps


def apply(verb: str, path: pathlib.Path) -> None:
    """Make or mend one thing; a secret is never readable by others, not even for a moment."""
    if verb == "make":
        path.mkdir(mode=0o700, parents=True)
    elif verb == "mend":
        path.chmod(0o700 if path.is_dir() else 0o600)
    else:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(18))


def main() -> None:
    """Make what is missing."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    steps = plan(pathlib.Path(module.params["path"]), module.params["names"])
    if not module.check_mode:
        for step in steps:
            apply(*step)
    module.exit_json(changed=bool(steps), changes=[f"{verb} {path}" for verb, path in steps])


if __name__ == "__main__":
    main()
