#!/usr/bin/python
"""Tell who listens on JupyterLab's port, and whether the running server is older than its files."""

from __future__ import annotations

import pathlib
import re
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: jupyter_state
short_description: Tell who listens on JupyterLab's port, and whether the running server is older than its files
description:
  - Reads only. A restart that an interrupted run did not come to is seen here, since nothing else remembers it.
options:
  port: {description: The port., type: int, required: true}
  unit: {description: The systemd unit., type: str, default: jupyter.service}
  started: {description: "The unit's runtime directory, which is as old as the running server.", type: path, default: /run/jupyter}
  files: {description: What the server reads when it starts., type: list, elements: path, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_state: {port: 8080, files: [/etc/dlbox/jupyter/config.py]}
"""
RETURN = r"""
taken_by: {description: "Processes other than ours that listen on the port.", type: list, returned: success}
newer: {description: Files that the running server has not read., type: list, returned: success}
running: {description: Whether the unit's server runs., type: bool, returned: success}
"""
SPEC: dict[str, Any] = {
    "port": {"type": "int", "required": True},
    "unit": {"type": "str", "default": "jupyter.service"},
    "started": {"type": "path", "default": "/run/jupyter"},
    "files": {"type": "list", "elements": "path", "required": True},
}


def listeners(text: str) -> list[tuple[str, int]]:
    """(process, pid) of each listener, from `ss -Hltnp`."""
    found = re.findall(r'\("([^"]+)",pid=(\d+),', text)
    return sorted({(name, int(pid)) for name, pid in found})


def newer(files: list[pathlib.Path], started: float) -> list[str]:
    """The files that changed since."""
    return [str(file) for file in files if file.exists() and file.stat().st_mtime > started]


def run(*command: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def main() -> None:
    """Look, and answer."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, started = module.params, pathlib.Path(module.params["started"])
    main_pid = int(run("systemctl", "show", "--value", "--property=MainPID", given["unit"]) or 0)
    listening = listeners(run("ss", "-Hltnp", f"sport = :{given['port']}"))
    others = [f"{name} (pid {pid})" for name, pid in listening if pid != main_pid]
    stale = newer(list(map(pathlib.Path, given["files"])), started.stat().st_mtime) if started.exists() else []
    module.exit_json(changed=False, taken_by=others, newer=stale, running=main_pid > 0)


if __name__ == "__main__":
    main()
