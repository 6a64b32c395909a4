#!/usr/bin/python
"""Can this account and region carry a box; the questions are in plugins/module_utils/dlbox/doctor.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_doctor
short_description: Ask AWS, read-only, everything that a run will rely on
author: the dlbox maintainers
description:
  - Tries each read that the other modules make (credentials, quota, images, type, addresses, schedule, role, prices) and
    says what came back, so that a missing permission or an AWS that answers otherwise shows before anything is created.
  - Changes nothing.
extends_documentation_fragment: dlbox
options:
  instance:
    description: The options that C(dlbox_instance) will be given.
    type: dict
    required: true
  firewall:
    description: The options that C(dlbox_firewall) will be given.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask everything
  dlbox_doctor:
    box: lab
    region: us-west-2
    instance: {instance_type: g5.xlarge, ami: pytorch, ubuntu: "24.04", disk_gib: 100}
    firewall:
      allowed_cidrs: [auto]
      address_source: https://checkip.amazonaws.com
      open_to_world: false
      port_range: 8080-8089
      extra_ports: []
      instance_connect: true
"""

RETURN = r"""
answers:
  description: Each C(question) with C(well), with C(waits) where AWS has yet to decide, and what was C(said).
  type: list
  elements: dict
  returned: success
well:
  description: Whether nothing stands in the way of site.yml; a request that AWS has yet to decide does not.
  type: bool
  returned: success
waits:
  description: Whether AWS has yet to decide a request for quota.
  type: bool
  returned: success
reply:
  description: Text for the reply to AWS's case; empty where the quota is enough.
  type: str
  returned: success
"""

from ansible.module_utils.dlbox import doctor, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(doctor)
