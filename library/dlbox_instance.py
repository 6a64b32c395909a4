#!/usr/bin/python
"""The box's EC2 instance; the decisions are in plugins/module_utils/dlbox/plan_instance.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_instance
short_description: The box's EC2 instance
author: the dlbox maintainers
description:
  - Launches one instance with a required metadata token (IMDSv2), an encrypted gp3 disk and shutdown behaviour C(stop); adopts by tag, starts, stops, and resizes a stopped box.
  - Refuses a retired or unknown type, an image for another architecture and a disk under the image's snapshot before anything is created.
  - Tries the zones that offer the type, then the next type, each attempt with a deterministic client token; a lost reply or a second run at the same time ends with one instance.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  instance_type:
    description:
      - EC2 instance type, such as V(g5.xlarge), or a list of them, the one you like best first.
      - Or needs, a dict of C(gpus), C(gpu_memory_gib) (of each GPU, as makers quote it) and C(max_hourly_usd); the cheapest type that the quota allows is taken.
      - Left out, only O(state) of an existing box is changed.
    type: raw
    default: ""
  spot:
    description: Launch a Spot instance, persistent and stopped on interruption; a box cannot change from one to the other.
    type: bool
    default: false
  spot_max_usd:
    description: Highest price of a Spot hour in USD, as in V(0.45); empty is the On-Demand price.
    type: str
    default: ""
  ami:
    description: V(pytorch) or V(base) for the newest Deep Learning AMI, V(ubuntu) for Canonical's, or an C(ami-) id of the region.
    type: str
    default: pytorch
  ubuntu:
    description: Ubuntu line of the image, V(22.04) or V(24.04).
    type: str
    default: "24.04"
  pytorch:
    description: PyTorch of a Deep Learning AMI, as in V(2.10); empty takes the newest.
    type: str
    default: ""
  disk_gib:
    description: Root disk in GiB; it can grow later, never shrink.
    type: str
    default: "100"
  state:
    description: V(absent) terminates the instance and its disk.
    type: str
    default: running
    choices: [running, stopped, absent]
"""

EXAMPLES = r"""
- name: The box's EC2 instance
  dlbox_instance: {box: lab, region: us-west-2, instance_type: g5.xlarge}
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
instance_id:
  description: Id of the instance, null where there is none yet.
  type: str
  returned: always
instance_type:
  description: Type of the instance.
  type: str
  returned: always
attempts:
  description: Each place where a launch was tried, in order, with C(type), C(zone) and C(refused), AWS's code or null for the one that served.
  type: list
  elements: dict
  returned: always
"""

from ansible.module_utils.dlbox import plan_instance, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_instance)
