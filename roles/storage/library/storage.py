#!/usr/bin/python
"""Keep the box's disks beyond its root disk, its scratch and data folders, and its swap."""

from __future__ import annotations

import subprocess
import uuid
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import diff
from ansible.module_utils.dlbox.errors import Refused
from ansible.module_utils.plan_storage import plan
from ansible.module_utils.storage_act import ACTS
from ansible.module_utils.storage_look import locked, observe

DOCUMENTATION = r"""
module: storage
short_description: Keep the box's disks beyond its root disk, its scratch and data folders, and its swap
description:
  - Looks at everything, decides what differs, and changes only that. What is not blank is never formatted.
options:
  user: {description: Who owns what is made., type: str, required: true}
  home: {description: The user's home., type: path, required: true}
  instance: {description: "The instance's id, for the command that attaches a volume.", type: str, required: true}
  volumes:
    description: Volumes, and where each is mounted.
    type: list
    elements: dict
    default: []
    suboptions:
      volume: {description: "A volume's id, a path below /dev, LABEL=… or UUID=….", type: str, required: true}
      path: {description: Where it is mounted., type: path, required: true}
  data: {description: The data folder., type: path, required: true}
  swap_gib: {description: Size of the swap file., type: int, default: 0}
  files: {description: "What makes the scratch folder at boot: contents by path.", type: dict, default: {}}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- storage:
    user: ubuntu
    home: /home/ubuntu
    instance: i-0123456789abcdef0
    volumes: [{volume: vol-0123456789abcdef0, path: /data}]
    data: /data
"""
RETURN = r"""
changes: {description: "What was changed, and why.", type: list, returned: success}
scratch: {description: "Where the scratch folder is, or nothing.", type: str, returned: success}
"""
SPEC: dict[str, Any] = {
    "user": {"type": "str", "required": True},
    "home": {"type": "path", "required": True},
    "instance": {"type": "str", "required": True},
    "volumes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"volume": {"type": "str", "required": True}, "path": {"type": "path", "required": True}},
    },
    "data": {"type": "path", "required": True},
    "swap_gib": {"type": "int", "default": 0},
    "files": {"type": "dict", "default": {}},
}
AGAIN = "correct that, then run `ansible-playbook site.yml --tags storage`"


def main() -> None:
    """Observe, plan, change, and warn of what waits for the user."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        planned = plan(module.params, observe(module.params), lambda: str(uuid.uuid4()))
        told = [*planned.told]
        for change in [] if module.check_mode else planned.changes:
            if said := ACTS[change.verb](change, module.params):
                told.append(said)
        # What a dry run would change could change that too.
        if planned.data and not (module.check_mode and planned.changes):
            told += locked(planned.data, module.params["user"])
    except (Refused, ValueError) as error:
        module.fail_json(msg=f"{error}.")
    except FileNotFoundError as error:
        module.fail_json(
            msg=f"{error.filename} is not there: `ansible-playbook site.yml --tags base,storage` installs what this needs."
        )
    except OSError as error:
        module.fail_json(msg=f"{error}: {AGAIN}.")
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"`{' '.join(error.cmd)}` failed ({error.stderr.strip()}): {AGAIN}.")
    for sentence in told:
        module.warn(f"{sentence}.")
    shown = [change.public() for change in planned.changes]
    module.exit_json(changed=bool(shown), changes=shown, diff=diff(planned.changes), scratch=planned.scratch)


if __name__ == "__main__":
    main()
