#!/usr/bin/python
"""The vCPU quota that the box needs; the decisions are in plugins/module_utils/dlbox/plan_quota.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_quota
short_description: The vCPU quota that the box's type needs
author: the dlbox maintainers
description:
  - Compares the vCPU quota of the type's family, On-Demand or Spot, with what the box needs beside everything else that runs of the family.
  - Compares the region's quota of Elastic IPs too, where the box has none yet and the region has five.
  - Where a quota is not enough, asks AWS once for what is needed; an open request is followed, never doubled, and what AWS refused is not asked for again by itself.
  - AWS has no status for a partial grant, so only the quota's value tells; an approved request that granted less is not enough.
    It is closed, so what is missing is asked for once more; where AWS grants less twice, not a third time by itself.
  - An account on AWS's free plan is told so, and nothing is asked for.
  - A box that runs already as a type that is asked for needs no vCPUs.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  instance_type:
    description: EC2 instance type, such as V(g5.xlarge), a list of them, or needs; see M(dlbox_instance).
    type: raw
    required: true
  spot:
    description: Whether the box is a Spot instance, which has quotas of its own.
    type: bool
    default: false
  request:
    description: V(true) asks AWS for more where a quota is not enough, V(again) also where AWS has refused that before or granted less twice, V(false) never asks.
    type: str
    default: "true"
  state:
    description: V(requested) returns, V(granted) fails where the quota is still not enough at the end of O(wait).
    type: str
    default: requested
    choices: [requested, granted]
  wait:
    description: How long to wait for AWS to decide an open request, as in V(90m), V(2h) or V(1d); empty is no time.
    type: str
    default: ""
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
instance_type:
  description: The type that the quota is for.
  type: str
  returned: always
passed_over:
  description: Types that were passed over, each with its reason; empty where one type was named or the box stands.
  type: dict
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
waiting:
  description: Whether AWS has yet to decide requests for all that is missing, so that nothing is to be done but to come back.
  type: bool
  returned: always
next:
  description: What to do next, with the command; empty where the quota is enough.
  type: str
  returned: always
requests:
  description: Each request that was made or is open, with C(id), C(code), C(status), C(desired), C(created), C(age) and C(case), which is null where AWS opened none.
  type: list
  elements: dict
  returned: always
reply:
  description: Text for the reply to AWS's case, because a request itself has no field for a reason; empty where the quota is enough.
  type: str
  returned: always
smaller:
  description: A GPU type that what was granted is enough for, with C(type), C(vcpus), C(gpu) and C(hourly_usd); null where there is none.
  type: dict
  returned: always
"""

from ansible.module_utils.dlbox import plan_quota, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_quota)
