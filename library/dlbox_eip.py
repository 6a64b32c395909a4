#!/usr/bin/python
"""The box's Elastic IP; the decisions are in plugins/module_utils/dlbox/plan_eip.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_eip
short_description: The box's Elastic IP
author: the dlbox maintainers
description:
  - One address, tagged, on the box's instance; kept over stop and start.
  - A second address of the box that is not in use is released; after an allocation the oldest is kept, so two runs at once end with one.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  state:
    description: V(absent) releases every address that carries the box's tag.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: The box's Elastic IP
  dlbox_eip: {box: lab, region: us-west-2}
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
public_ip:
  description: The address, null where there is none yet.
  type: str
  returned: always
allocation_id:
  description: Its allocation id, null where there is none yet.
  type: str
  returned: always
"""

from ansible.module_utils.dlbox import plan_eip, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_eip)
