#!/usr/bin/python
"""That the box really stops; the steps are in plugins/module_utils/dlbox/stop_proof.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_stop_proof
short_description: Prove that the box really stops by itself
author: the dlbox maintainers
description:
  - Looks over the whole chain (schedules, their target, the role, its trust and its permission) against what M(dlbox_schedule) would leave.
  - Then stops the box for real, a minute ahead, by the same role and target, once, and starts it again.
  - In check mode it looks the chain over, and stops nothing.
options:
  box:
    description: The box's name, as declared in C(inventory/boxes.yml).
    type: str
    required: true
  region:
    description: AWS region, such as C(us-west-2).
    type: str
    required: true
  profile:
    description: AWS profile; empty means boto3's usual order.
    type: str
    default: ""
  backend:
    description: V(scheduler) or V(lambda), as in M(dlbox_schedule).
    type: str
    default: scheduler
  stop_time:
    description: Time of day on the 24-hour clock, such as V(20:00), or a list of them; in quotes, because YAML reads 20:00 as the number 1200.
    type: raw
    default: "20:00"
  stop_days:
    description: V(daily), V(weekdays), or a list such as V([Mon, Sat]).
    type: raw
    default: daily
  start_time:
    description: Time of day, or a list of them, at which the box starts by itself; each before that day's last stop. Empty for none.
    type: raw
    default: []
  start_days:
    description: As O(stop_days); each day needs a stop too. Means nothing without O(start_time).
    type: raw
    default: weekdays
  timezone:
    description: Time zone in the form C(Area/City), such as V(Asia/Shanghai), or V(UTC); abbreviations such as C(CST) are refused.
    type: str
    default: Asia/Shanghai
  dead_letters:
    description: ARN of a standard SQS queue in the box's region, which then gets what could not be delivered. Empty for none.
    type: str
    default: ""
requirements:
  - boto3
"""

EXAMPLES = r"""
- name: Does it stop?
  dlbox_stop_proof: {box: lab, region: us-west-2, stop_time: "20:00", timezone: Asia/Shanghai}
  register: proof
"""

RETURN = r"""
proved:
  description: Whether the box stopped as planned and runs again; false in check mode.
  type: bool
  returned: success
broken:
  description: What is wrong with the chain, a sentence each; empty where nothing is.
  type: list
  elements: str
  returned: success
evidence:
  description: What was looked at and when, for which minute the stop was planned, and whether the box stopped and ran again.
  type: dict
  returned: success
"""

from ansible.module_utils.dlbox import shell, stop_proof  # noqa: E402

if __name__ == "__main__":
    shell.main(stop_proof)
