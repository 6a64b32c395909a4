#!/usr/bin/python
"""Refuse what cannot work before anything is created; the decisions are in plugins/module_utils/dlbox/preflight.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_preflight
short_description: Check settings, credentials and every plan before the first write
author: the dlbox maintainers
description:
  - Refuses unknown settings, values of another form, credentials of another account, and whatever a plan refuses
    (a retired type, a disk under the image's snapshot, a key pair that is not ours), each in one sentence.
  - Observes the box once, independent reads side by side; RV(seen) is handed to the modules that follow.
  - Writes nothing to AWS; makes the box's folder under O(local_dir).
extends_documentation_fragment: dlbox
options:
  settings:
    description: Every C(box_) variable of the host.
    type: dict
    required: true
  settings_file:
    description: The vars file whose top-level keys must all be settings; empty skips that.
    type: path
    default: ""
  account:
    description: The only AWS account that may be touched, 12 digits; empty means that of the credentials.
    type: str
    default: ""
  local_dir:
    description: Folder that holds C(<account>/<region>/<box>/) with the box's receipt and secrets.
    type: path
    required: true
  plans:
    description: The options that each later module will be given, by its noun (C(key), C(firewall), C(quota), C(instance), C(eip), C(schedule)).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check everything that can be checked
  dlbox_preflight:
    box: lab
    region: us-west-2
    settings: {box_region: us-west-2}
    local_dir: .dlbox
    plans:
      key: {}
      instance: {instance_type: g5.xlarge}
"""

RETURN = r"""
seen:
  description: What was observed, for C(observed) of the modules that follow.
  type: dict
  returned: success
account:
  description: The AWS account of the credentials.
  type: str
  returned: success
partition:
  description: The AWS partition, as in V(aws).
  type: str
  returned: success
now:
  description: The time by AWS's clock, in ISO 8601.
  type: str
  returned: success
rehearsal:
  description: Whether this is a rehearsal AWS on this machine.
  type: bool
  returned: success
local_dir:
  description: The box's folder on this machine.
  type: str
  returned: success
"""

from ansible.module_utils.dlbox import preflight, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(preflight)
