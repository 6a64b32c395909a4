#!/usr/bin/python
"""Run a service of the box with what is configured: its port free, started or restarted, and answering."""

from __future__ import annotations

import pathlib
import socket
import ssl
import subprocess
import time
import urllib.request
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import plan_service
from ansible.module_utils.dlbox.change import Change, diff

DOCUMENTATION = r"""
module: box_service
short_description: Run a service of the box with what is configured, and wait until it answers
description:
  - Refuses a port that another process holds, naming it.
  - Restarts a server that is older than a file which it reads at its start. That also heals a run that was cut off, since
    nothing else remembers a restart that is due.
  - Ready means that its page answered, over HTTPS that the box's own authority vouches for unless told otherwise; or that its socket
    took a connection; or, with neither a port nor a socket, that it has been running for two seconds, so that it did not die at once.
options:
  unit: {description: "The systemd unit, whose runtime directory has its name without .service: its age is the server's.", type: str, required: true}
  port: {description: The port; 0 where it has none., type: int, default: 0}
  setting: {description: "The setting that holds the port, for the refusal.", type: str, default: ""}
  files: {description: What the server reads when it starts., type: list, elements: path, required: true}
  page: {description: Path of a page that it answers when it is ready., type: str, default: /}
  text: {description: What that page holds., type: str, default: ""}
  socket: {description: "The Unix socket of a service without a port.", type: path, default: ""}
  tls: {description: "Whether it speaks HTTPS; a service behind another one need not.", type: bool, default: true}
  hold: {description: "Why a restart must wait; empty where it need not.", type: str, default: ""}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- box_service:
    unit: jupyter.service
    port: 8080
    setting: box_jupyter_port
    files: [/etc/dlbox/jupyter/config.py, /etc/dlbox/tls/tls.crt]
"""
RETURN = r"""
changes: {description: "What was done, and why.", type: list, returned: success}
held: {description: "What was not done, and why; else empty.", type: str, returned: success}
"""
SPEC: dict[str, Any] = {
    "unit": {"type": "str", "required": True},
    "port": {"type": "int", "default": 0},
    **{name: {"type": "str", "default": ""} for name in ("setting", "text", "hold")},
    "files": {"type": "list", "elements": "path", "required": True},
    "page": {"type": "str", "default": "/"},
    "socket": {"type": "path", "default": ""},
    "tls": {"type": "bool", "default": True},
}
CA, SECONDS = "/etc/dlbox/ca/ca.crt", 60
SHOWN = "ActiveState,UnitFileState,NeedDaemonReload,NRestarts,ActiveEnterTimestampMonotonic"


def newer(files: list[pathlib.Path], started: float) -> list[str]:
    """The files that changed since."""
    return [str(file) for file in files if file.exists() and file.stat().st_mtime > started]


def run(*command: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def show(unit: str) -> dict[str, str]:
    """systemd's words about a unit."""
    text = run("systemctl", "show", f"--property={SHOWN}", unit)
    return dict(line.split("=", 1) for line in text.splitlines() if line)


def act(module: AnsibleModule, unit: str, changes: list[Change]) -> None:
    """Make the changes; systemd reads the unit's file again first."""
    try:
        for verb in ["daemon-reload", *(change.verb for change in changes)] if changes else []:
            run("systemctl", verb, *([] if verb == "daemon-reload" else [unit]))
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"systemd refuses {unit} ({error.stderr.strip()}): correct that, then run this again.")


def cgroup(pid: int) -> str:
    """The control groups of a process; nothing where it has ended meanwhile."""
    try:
        return pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


def ask(opener: urllib.request.OpenerDirector, where: str, text: str) -> str:
    """Why a page does not hold the text, a Unix socket takes no connection, or a unit is not up; nothing where it does."""
    try:
        if not where.startswith(("/", "http:", "https:")):
            return plan_service.unsteady(show(where), time.monotonic())
        if where.startswith("/"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(where)
            return ""
        return "" if text in opener.open(where, timeout=5).read().decode(errors="replace") else "another page"
    except OSError as error:
        return str(error)


def wait(where: str, text: str, ca: str | None, seconds: int) -> str:
    """Ask until the answer is there; at the end, why it is not."""
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca))
    opener, until = urllib.request.build_opener(trust, urllib.request.ProxyHandler({})), time.monotonic() + seconds
    while True:
        why = ask(opener, where, text)
        if not why or time.monotonic() > until:
            return why
        time.sleep(0.3)


def main() -> None:
    """Look, act, and wait for the answer."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, unit, port = module.params, module.params["unit"], module.params["port"]
    listening = plan_service.listeners(run("ss", "-Hltnp", f"sport = :{port}")) if port else []
    if others := [f"{name} (pid {pid})" for name, pid in listening if not plan_service.belongs(cgroup(pid), unit)]:
        module.fail_json(msg=plan_service.taken(port, others, given["setting"]))
    started = pathlib.Path("/run", unit.removesuffix(".service"))
    stale = newer(list(map(pathlib.Path, given["files"])), started.stat().st_mtime) if started.exists() else []
    changes, held = plan_service.hold_back(plan_service.plan(unit, show(unit), stale), given["hold"])
    done = {"changed": bool(changes), "changes": [c.public() for c in changes], "diff": diff(changes), "held": held}
    if module.check_mode:
        module.exit_json(**done)
    act(module, unit, changes)
    where = plan_service.address(unit, port, given["page"], given["tls"], given["socket"])
    if held and where != unit:
        # It answers as it was configured before, perhaps at another port.
        module.exit_json(**done)
    try:
        why = wait(where, given["text"], CA if "https:" in where else None, SECONDS)
    except OSError as error:
        module.fail_json(msg=plan_service.unvouched(unit, CA, error))
    if why:
        lines = run("journalctl", f"--unit={unit}", "--lines=12", "--no-pager", "--output=cat").strip().splitlines()
        module.fail_json(msg=plan_service.silent(unit, port, where, SECONDS, why, lines))
    module.exit_json(**done)


if __name__ == "__main__":
    main()
