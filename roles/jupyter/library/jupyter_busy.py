#!/usr/bin/python
"""Ask JupyterLab what a restart would end."""

from __future__ import annotations

import contextlib
import json
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.plan_service import belongs
from ansible.module_utils.plan_busy import Process, mute, process, programs, said

DOCUMENTATION = r"""
module: jupyter_busy
short_description: Ask JupyterLab what a restart would end
description:
  - Kernels that run code, and programs that run in JupyterLab's terminals. An idle kernel's variables are not counted.
  - Asks the running server at its own port and with its own token, which may both be others than those configured now.
  - A server that does not answer is taken for busy; one that does not run or does not listen yet is not.
options:
  user: {description: Who runs JupyterLab., type: str, required: true}
  unit: {description: Its systemd unit., type: str, default: jupyter.service}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_busy: {user: ubuntu}
"""
RETURN = r"""
said: {description: "What a restart would end, or nothing.", type: str, returned: success}
"""
SPEC: dict[str, Any] = {
    "user": {"type": "str", "required": True},
    "unit": {"type": "str", "default": "jupyter.service"},
}


def first(unit: str) -> int:
    """The pid of a unit's first process; 0 where it does not run."""
    command = ["systemctl", "show", "--property=MainPID", "--value", unit]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout or 0)  # noqa: S603


def processes(unit: str) -> list[Process]:
    """The processes of a unit; what ends meanwhile is left out."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if belongs((folder / "cgroup").read_text(), unit):
                found.append(process((folder / "stat").read_text()))
    return found


def server(home: pathlib.Path, pid: int) -> dict[str, Any] | None:
    """What the server with this pid wrote of itself: `port` and `token`; None before it did."""
    file = home / f".local/share/jupyter/runtime/jpserver-{pid}.json"
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found


def kernels(port: int, token: str) -> list[dict[str, Any]]:
    """The kernels, asked without leaving a trace of activity; none where nothing listens."""
    # Over loopback; its certificate may be the one that this run has just replaced, authority and all.
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), urllib.request.ProxyHandler({}))
    url = f"https://127.0.0.1:{port}/api/kernels?no_track_activity=1"
    try:
        with opener.open(urllib.request.Request(url, headers={"Authorization": f"token {token}"}), timeout=10) as page:
            found: list[dict[str, Any]] = json.loads(page.read())
            return found
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return []
        raise


def main() -> None:
    """Look at the unit's processes, and ask its server."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    unit = module.params["unit"]
    pid = first(unit)
    asked = server(pathlib.Path(f"~{module.params['user']}").expanduser(), pid) if pid else None
    listed = processes(unit) if pid else []
    if asked is None:
        module.exit_json(changed=False, said=mute(listed, pid))
    try:
        text = said(kernels(asked["port"], asked["token"]), programs(listed))
    except (OSError, ValueError, KeyError) as error:
        text = f"JupyterLab does not say what its kernels do ({error})"
    module.exit_json(changed=False, said=text)


if __name__ == "__main__":
    main()
