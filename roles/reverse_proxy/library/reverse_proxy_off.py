#!/usr/bin/python
"""Take away web services that are off, as the notes of the roles that set them up say."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_reverse_proxy import leave

DOCUMENTATION = r"""
module: reverse_proxy_off
short_description: Take away web services that are off, as the notes of the roles that set them up say
description:
  - A note, C(web-<name>.json), lists a service's units and paths. It goes last, so that a run that was cut off is taken up again.
  - Packages stay.
options:
  sites: {description: Names of the services that are off., type: list, elements: str, required: true}
  notes: {description: Folder of the notes., type: path, default: /var/lib/dlbox}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- reverse_proxy_off: {sites: [tensorboard]}
"""
RETURN = r"""
changes: {description: "What was taken away, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "sites": {"type": "list", "elements": "str", "required": True},
    "notes": {"type": "path", "default": "/var/lib/dlbox"},
}


def systemctl(*arguments: str) -> None:
    """Run systemctl; a unit that is not known any more is no failure."""
    subprocess.run(["systemctl", *arguments], capture_output=True, check=False)  # noqa: S603, S607


def apply(changes: list[Change]) -> None:
    """Stop the units, remove the paths, and let systemd forget."""
    for change in changes:
        if change.verb == "stop":
            systemctl("disable", "--now", change.thing)
            continue
        path = pathlib.Path(change.thing)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    systemctl("daemon-reload")
    if units := [change.thing for change in changes if change.verb == "stop"]:
        systemctl("reset-failed", *units)


def main() -> None:
    """Read the notes, and take away what they name."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    changes: list[Change] = []
    for site in module.params["sites"]:
        note = pathlib.Path(module.params["notes"], f"web-{site}.json")
        if not note.exists():
            continue
        try:
            left = leave(site, json.loads(note.read_text()))
        except ValueError as error:
            module.fail_json(msg=f"{note} is no JSON ({error}): set box_{site} to true, run this once, then to false.")
        changes += left
        try:
            if not module.check_mode:
                apply(left)
                note.unlink()
        except OSError as error:
            module.fail_json(
                msg=f"{error.filename or note} of {site} could not be removed ({error.strerror}): mend that, then run again."
            )
    module.exit_json(changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
