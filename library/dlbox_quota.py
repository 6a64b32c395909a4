#!/usr/bin/python
"""The vCPU quota that the box needs; the decisions are in plugins/module_utils/dlbox/plan_quota.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_quota
short_description: The vCPU quota that the box's type needs
author: the dlbox maintainers
description:
  - Compares the On-Demand vCPU quota of the type's family with what the box needs beside everything else that runs of the family.
  - Where it lacks vCPUs, asks AWS once for what is needed; an open request is followed, never doubled; an approved request that granted less is not enough.
  - A box that runs already as this type needs nothing, and nothing is asked.
extends_documentation_fragment: dlbox
options:
  instance_type:
    description: EC2 instance type, such as V(g5.xlarge).
    type: str
    required: true
  request:
    description: Whether to ask AWS for more where the quota lacks vCPUs.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The vCPU quota that the box needs
  dlbox_quota: {box: lab, region: us-west-2, instance_type: g5.xlarge}
  register: quota

- name: End here until AWS has decided
  ansible.builtin.meta: end_host
  when: not quota.enough
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
enough:
  description: Whether the quota lets the box run.
  type: bool
  returned: always
message:
  description: One sentence, why it does, or what to do next.
  type: str
  returned: always
granted:
  description: The quota in vCPUs; beside it RV(needed), and RV(quota_code) of the family; null where nothing had to be asked.
  type: int
  returned: always
needed:
  description: VCPUs that the box needs, with those of other instances of the family.
  type: int
  returned: always
quota_code:
  description: Code of the quota in Service Quotas.
  type: str
  returned: always
request:
  description: The request that was made or is open, with C(id), C(status), C(desired), C(created), C(age) and C(case); null where there is none.
  type: dict
  returned: always
"""

from ansible.module_utils.dlbox import plan_quota, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_quota)
