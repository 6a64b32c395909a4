#!/usr/bin/python
"""What GPUs the account may have; the table is made in plugins/module_utils/dlbox/quota_info.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_quota_info
short_description: What GPUs the account may have, in one region or in many
author: the dlbox maintainers
description:
  - Reads the quotas of a region's GPU families, what runs and what was asked for, and says which GPU types that allows now.
  - With O(regions) it compares regions instead; one that does not answer is told by its error and does not disturb the others.
  - Changes nothing, and needs no box.
extends_documentation_fragment: dlbox
options:
  regions:
    description: Regions to compare, or V(all) that the account has enabled; empty shows O(region) in full.
    type: list
    elements: str
    default: []
  types:
    description: Whether the table of one region has all types, or of those that the quota does not allow the cheapest few and the one to propose.
    type: str
    default: few
    choices: [few, all]
"""

EXAMPLES = r"""
- name: What the box's region allows
  dlbox_quota_info: {box: lab, region: us-west-2}

- name: Compare regions
  dlbox_quota_info: {box: lab, region: us-west-2, regions: [us-west-2, us-east-2, eu-central-1]}
"""

RETURN = r"""
regions:
  description: Each region with what it allows.
  type: list
  elements: dict
  returned: success
  contains:
    region:
      description: Its name.
      type: str
      returned: success
    error:
      description: Why it did not answer, in a few words; empty where it did.
      type: str
      returned: success
    notes:
      description: What could not be asked there, such as prices.
      type: list
      elements: str
      returned: success
    own:
      description: What runs of the box itself, with C(type), C(spot) and C(vcpus), which are free for its next type; null where nothing does.
      type: dict
      returned: success
    families:
      description:
        - The quotas that its GPU types count against, with C(name), C(spot), C(code), C(quota) and C(free) in vCPUs (null where not known) and C(in_use).
        - Beside them C(request), the open one with C(id), C(status), C(desired), C(created) and C(case), or null;
          and C(uncounted), types that run and whose vCPUs AWS does not tell.
      type: list
      elements: dict
      returned: success
    types:
      description:
        - Its GPU types, the cheapest first, with C(type), C(group) (its On-Demand family), C(vcpus), C(gpus), C(share) (of a GPU, null
          where whole), C(gpu), C(gpu_memory_gib) of all together, and C(usd) per hour On-Demand (null where not known).
        - C(on_demand) and C(spot) are null where it is not sold so, else the C(code) of the quota and the vCPUs C(lacking), 0 where it may run.
        - C(unfit) says why it is never proposed (arm64, retired, no whole NVIDIA GPU); empty where it may be.
      type: list
      elements: dict
      returned: success
next:
  description: One sentence, which setting to write.
  type: str
  returned: success
text:
  description: All of it as a table for a terminal.
  type: str
  returned: success
"""

from ansible.module_utils.dlbox import quota_info, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(quota_info)
