#!/usr/bin/python
"""Let apt, pip, uv and conda take packages from mirrors."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import diff
from ansible.module_utils.plan_mirrors import CONDA, PIP, UV, closed, plan

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
KEPT = "/var/lib/dlbox/mirrors.json"


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
    old = json.loads(note.read_text()) if note.exists() else {}
    changes, texts, keep = plan(now, old, module.params)
    if not module.check_mode and keep != old:
        # An original may hold a password, and its own mode is not kept here.
        note.touch(mode=0o600)
        note.write_text(json.dumps(keep, indent=1))
    for path, text in ({} if module.check_mode else texts).items():
        file = root / path.lstrip("/")
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    shown = [change.public() for change in changes]
    module.exit_json(changed=bool(changes), changes=shown, diff=diff(changes))


if __name__ == "__main__":
    main()
