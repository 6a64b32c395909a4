#!/usr/bin/python
"""The box's daily stop; the decisions are in plugins/module_utils/dlbox/plan_schedule.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_schedule
short_description: The box's daily stop
author: the dlbox maintainers
description:
  - One schedule of EventBridge Scheduler that stops the box's instance every day, at a time in the user's own zone, with no function in between.
  - Its role may stop this instance only, and only while it carries the box's tag; only the box's schedule group may use the role.
  - AWS retries for 15 minutes at most, so that a late stop never hits the next working day; a replaced instance is followed.
  - Refuses a time that daylight saving leaves out on a day of the coming year, where AWS would skip the stop.
extends_documentation_fragment: dlbox
options:
  stop_time:
    description: Time of day on the 24-hour clock, such as V(20:00); in quotes, because YAML reads 20:00 as the number 1200.
    type: str
    default: "20:00"
  timezone:
    description: Time zone in the form C(Area/City), such as V(Asia/Shanghai), or V(UTC); abbreviations such as C(CST) are refused.
    type: str
    default: Asia/Shanghai
  state:
    description: V(absent) deletes the schedule, its group, and the role where its tag says that it is the box's.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: The box's daily stop
  dlbox_schedule: {box: lab, region: us-west-2, stop_time: "20:00", timezone: Asia/Shanghai}
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
schedule:
  description: Group and name of the schedule.
  type: str
  returned: always
next_stop:
  description: When the box stops next, C(local) with its zone and C(utc); null when O(state) is V(absent).
  type: dict
  returned: always
  sample: {local: 2026-11-22 20:00 Asia/Shanghai, utc: "2026-11-22T12:00:00Z"}
"""

from ansible.module_utils.dlbox import plan_schedule, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_schedule)
