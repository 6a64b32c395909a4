#!/usr/bin/python
"""The box's SSH key pair; the decisions are in plugins/module_utils/dlbox/plan_key.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_key
short_description: The box's SSH key pair
author: the dlbox maintainers
description:
  - Makes an ED25519 key on this machine (mode 0600) and imports its public half into EC2.
  - Never replaces a key: a key pair of the box's name with another public key is refused, and so is a lost private key.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  path:
    description: Private key file; empty means C(~/.ssh/dlbox-<account>-<region>-<box>).
    type: path
    default: ""
  state:
    description: V(absent) deletes the key pair in EC2 and leaves the file.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: The box's SSH key pair
  dlbox_key: {box: lab, region: us-west-2}
"""

RETURN = r"""
changes:
  description: Each change with C(verb), C(thing), C(reason), C(bill), C(before), C(after) and the AWS C(writes) it takes.
  type: list
  elements: dict
  returned: always
seen:
  description: What was observed, for O(observed) of the next module.
  type: dict
  returned: always
unverified:
  description: What check mode could not verify.
  type: list
  elements: str
  returned: always
key_name:
  description: Name of the key pair in EC2.
  type: str
  returned: always
path:
  description: The private key file.
  type: str
  returned: always
"""

from ansible.module_utils.dlbox import plan_key, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_key)
