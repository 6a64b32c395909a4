#!/usr/bin/python
"""Harden a machine: drop-ins, kernel settings and units, with sshd's word on it before sshd reads it."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.harden_files import KERNEL, live, put, value
from ansible.module_utils.harden_ssh import Refused, look, reload, run
from ansible.module_utils.plan_hardening import READS, plan

DOCUMENTATION = r"""
module: hardening
short_description: Harden a machine, or take that off again
description:
  - Writes drop-ins, sets the kernel's settings, and keeps units running with what is configured. Each value that was another
    one before is noted, and is set back once I(state) is absent.
  - sshd and fail2ban test their configuration before they read it. Where they refuse it, the files are as they were, and sshd goes
    on with what it had read; this holds for what others wrote, too.
options:
  state: {description: Whether the machine is hardened., type: str, choices: [present, absent], default: present}
  files: {description: Texts by path., type: dict, required: true}
  sshd: {description: "What sshd must come to, as C(sshd -T) spells it.", type: dict, default: {}}
  kernel: {description: "The kernel's settings by their paths under /proc/sys; C(*) is any.", type: dict, default: {}}
  units: {description: Units that run., type: list, elements: str, default: []}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- hardening:
    files: {/etc/ssh/sshd_config.d/00-dlbox.conf: "permitrootlogin no\n"}
    sshd: {permitrootlogin: "no"}
    units: [fail2ban.service]
"""
RETURN = r"""
changes: {description: "What was changed, and why.", type: list, returned: success}
packages: {description: Packages that were noted as brought., type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "files": {"type": "dict", "required": True},
    "sshd": {"type": "dict", "default": {}},
    "kernel": {"type": "dict", "default": {}},
    "units": {"type": "list", "elements": "str", "default": []},
}
NOTE, BROUGHT = pathlib.Path("/var/lib/dlbox/hardening.json"), pathlib.Path("/var/lib/dlbox/hardening.packages")
SHOWN = ("ActiveState", "UnitFileState", "NeedDaemonReload", "StateChangeTimestampMonotonic")


def unit(name: str) -> dict[str, Any]:
    """systemd's words about a unit, and which of its settings are newer than what it read."""
    state: dict[str, Any] = dict(
        line.split("=", 1) for line in run("systemctl", "show", f"--property={','.join(SHOWN)}", name).split()
    )
    read = time.time() - time.monotonic() + int(state["StateChangeTimestampMonotonic"]) / 1e6
    folder, verb = pathlib.Path(READS.get(name, ("/nowhere", ""))[0]), READS.get(name, ("", ""))[1]
    found = [
        one for one in [folder, *folder.rglob("*")] if verb == "reload" and one.exists() and one.stat().st_mtime > read
    ]
    return {
        **state,
        "stale": [str(one) for one in found] or ([str(folder)] if state["NeedDaemonReload"] == "yes" and verb else []),
    }


def observe(given: dict[str, Any]) -> dict[str, Any]:
    """What is there."""
    note = json.loads(NOTE.read_text()) if NOTE.exists() else None
    texts = {path: pathlib.Path(path).read_text() if pathlib.Path(path).exists() else None for path in given["files"]}
    units = {name: unit(name) for name in dict.fromkeys([*READS, *given["units"], *(note or {}).get("units", {})])}
    names = [*given["kernel"], *(note or {}).get("kernel", {})]
    return {"files": texts, "kernel": {name: value(name) for name in names}, "units": units, "note": note}


def act(changes: list[Change], sshd: dict[str, str]) -> None:
    """Make the changes; the files are as they were where sshd or fail2ban refuses them, or one could not be written."""
    files = [change for change in changes if change.verb in ("write", "remove")]
    # Before it lies there: a run that is cut off leaves nothing of ours that sshd refuses.
    if first := "".join(change.after or "" for change in files if change.thing.startswith("/etc/ssh/")):
        look({}, first)
    try:
        put({change.thing: change.after for change in files})
        look(sshd)
        if any(change.thing == "fail2ban.service" and change.verb in ("reload", "start") for change in changes):
            run("fail2ban-client", "--test")
    except (Refused, OSError):
        put({change.thing: change.before for change in files})
        raise
    if changes:
        run("systemctl", "daemon-reload")
    for change in (one for one in changes if one not in files):
        if change.verb == "set":
            (KERNEL / change.thing).write_text(change.after)
        elif change.thing == "ssh.service":
            reload()
        else:
            run("systemctl", *([change.verb, "--now"] if change.verb == "disable" else [change.verb]), change.thing)


def main() -> None:
    """Look, note how it was, and make it so."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = {**module.params, "kernel": live(module.params["kernel"])}
    try:
        seen = observe(given)
        brought = BROUGHT.read_text().split() if BROUGHT.exists() else []
        changes, note = plan(seen, {**given, "on": given["state"] == "present", "brought": brought})
        if module.check_mode:
            # What sshd would say of files that are not written yet, a dry run cannot ask.
            look({} if changes else given["sshd"])
        else:
            if note is not None and note != seen["note"]:
                put({str(NOTE): json.dumps(note, indent=1)})
            act(changes, given["sshd"])
    except Refused as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(
            msg=f"The hardening stopped ({error}): correct that (`df -h` tells of a full disk), then run this again."
        )
    module.exit_json(
        changed=bool(changes), changes=[one.public() for one in changes], diff=diff(changes), packages=brought
    )


if __name__ == "__main__":
    main()
