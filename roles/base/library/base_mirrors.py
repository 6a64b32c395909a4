#!/usr/bin/python
"""Let apt, pip, uv and conda take packages from mirrors."""

from __future__ import annotations

import configparser
import json
import os
import pathlib
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import diff
from ansible.module_utils.plan_mirrors import CONDA, PIP, UV, closed, plan, shown

DOCUMENTATION = r"""
module: base_mirrors
short_description: Let apt, pip, uv and conda take packages from mirrors
description:
  - Writes the mirrors into the files that these tools read, for every user; without a mirror the file is again as it was.
options:
  apt: {description: Mirror of Ubuntu's archive., type: str, default: ""}
  pypi: {description: Index of Python packages., type: str, default: ""}
  conda: {description: Where conda's channels lie., type: str, default: ""}
  root: {description: Where the files lie., type: path, default: /}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- base_mirrors: {apt: "https://mirror.example.org/ubuntu", pypi: "https://mirror.example.org/simple"}
"""
RETURN = r"""
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    **{tool: {"type": "str", "default": ""} for tool in ("apt", "pypi", "conda")},
    "root": {"type": "path", "default": "/"},
}
ROOT = os.geteuid(), os.getegid()
KEPT = "/var/lib/dlbox/mirrors.json"


def write(file: pathlib.Path, text: str | None) -> None:
    """Put the text there with the owner and mode that the file has; None removes it."""
    if text is None:
        file.unlink()
        return
    old = file.stat() if file.exists() else None
    mode, *owner = (old.st_mode & 0o777, old.st_uid, old.st_gid) if old else (0o644, *ROOT)
    host_file.replace(file, text, mode, *owner)


def main() -> None:
    """Compare the files with the mirrors, and write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    root = pathlib.Path(module.params["root"])
    if bad := [tool for tool in ("apt", "pypi", "conda") if "@" in module.params[tool]]:
        # What was given would stand in the reply.
        module.fail_json(msg=closed(bad[0]), invocation={})
    sources = sorted(path for end in ("list", "sources") for path in root.glob(f"etc/apt/sources.list.d/*.{end}"))
    files = [root / "etc/apt/sources.list", *sources, *(root / path.lstrip("/") for path in (PIP, UV, CONDA))]
    now = {f"/{file.relative_to(root)}": file.read_text() if file.exists() else None for file in files}
    note = root / KEPT.lstrip("/")
    try:
        old = json.loads(note.read_text()) if note.exists() else {}
        changes, texts, keep = plan(now, old, module.params)
    except configparser.Error as error:
        said = shown(" ".join(str(error).split()))
        module.fail_json(msg=f"{PIP} cannot be read ({said}): correct it, then run again.")
    except ValueError:
        # Taken for empty, what the mirrors wrote would count as the user's own.
        module.fail_json(
            msg=f"{note} is cut off: remove it, put the files that name mirrors right by hand, then run again."
        )
    try:
        if not module.check_mode and keep != old:
            # An original may hold a password, and its own mode is not kept here.
            host_file.replace(note, json.dumps(keep, indent=1), 0o600, *ROOT)
        for path, text in ({} if module.check_mode else texts).items():
            write(root / path.lstrip("/"), text)
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, "the mirrors' files"))
    module.exit_json(changed=bool(changes), changes=[change.public() for change in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
