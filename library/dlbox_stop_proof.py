#!/usr/bin/python
"""That the box really stops; the steps are in plugins/module_utils/dlbox/stop_proof.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_stop_proof
short_description: Prove that the box really stops by itself
author: the dlbox maintainers
description:
  - Looks over the whole chain (schedules, their target, the role, its trust and its permission) against what M(dlbox_schedule) would leave,
    and whether a power-off from within would stop the instance, as the idle stop relies on.
  - Then stops the box for real, a minute ahead, by the same role and target, once, and starts it again. Only a stop that EC2 tells as
    asked for through its API, at that minute or later, counts.
  - In check mode it looks the chain over, and stops nothing.
extends_documentation_fragment: [dlbox, dlbox.stop]
options:
  idle:
    description: What C(dlbox idle --json) said on the box; empty where it could not be asked. A box in use is not stopped.
    type: str
    default: ""
  force:
    description: Stop a box that is in use, too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Does it stop?
  dlbox_stop_proof: {box: lab, region: us-west-2, stop_time: "20:00", timezone: Asia/Shanghai, force: true}
  register: proof
"""

RETURN = r"""
proved:
  description: Whether the box stopped as planned and runs again; false in check mode.
  type: bool
  returned: success
broken:
  description: What is wrong, a sentence each; empty where nothing is.
  type: list
  elements: str
  returned: success
evidence:
  description: >-
    What was looked at and when; C(last_runs) of the function. After a stop also C(planned_for), C(stopped_at) and C(stopped_by), as EC2 tells
    them, C(started_again) and C(started_at).
  type: dict
  returned: success
"""

from ansible.module_utils.dlbox import shell, stop_proof  # noqa: E402

if __name__ == "__main__":
    shell.main(stop_proof)
