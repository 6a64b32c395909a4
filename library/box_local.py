#!/usr/bin/python
"""Keep a box's files in a private folder on the controller: secrets made here, and what came from the box."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import private_folder
from ansible.module_utils.dlbox.errors import DlboxError

DOCUMENTATION = r"""
module: box_local
short_description: Keep a box's files in a private folder on the controller
description:
  - Makes the folder (0700) and every secret that is missing or empty (0600), writes the files that are given, and mends modes.
  - A secret is never returned; read its file.
  - On the controller it runs in Ansible's own process (the action plugin of its name).
options:
  path: {description: The folder., type: path, required: true}
  secrets: {description: Names of the secrets., type: list, elements: str, default: []}
  files: {description: Contents of other files by name; an empty one is not written., type: dict, default: {}}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- box_local: {path: .dlbox/000000000000/us-west-2/lab, secrets: [jupyter_password]}
  delegate_to: localhost
"""
RETURN = r"""
changes: {description: What was made or mended., type: list, returned: success}
"""
SPEC = private_folder.SPEC


def main() -> None:
    """Make what is missing."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**private_folder.run(module.params, module.check_mode))
    except DlboxError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
