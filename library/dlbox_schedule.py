#!/usr/bin/python
"""When the box stops by itself; the decisions are in plugins/module_utils/dlbox/plan_schedule.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_schedule
short_description: When the box stops, and starts, by itself
author: the dlbox maintainers
description:
  - Has AWS stop the box's instance at times of the user's own zone, and start it, if asked for; by EventBridge Scheduler alone, or by a function.
  - The role may stop (and start) this instance only, and only while it carries the box's tag; that of the schedules is for the box's schedule group alone.
  - Whatever the backend that is not asked for left is removed once the other one stands.
  - AWS retries for 15 minutes at most, so that a late stop never hits the next working day; a replaced instance is followed.
  - Refuses a time that daylight saving leaves out on one of its days of the coming year, where AWS would skip it.
extends_documentation_fragment: [dlbox, dlbox.observed, dlbox.stop]
options:
  snooze:
    description:
      - V(tonight) skips the stops that are left today; a time (V(23:30)) or a date and time (V(2026-11-23 18:00)) skips them until then, and stops then.
      - It ends by itself, after 7 days at most; V(off) ends it now, empty leaves it as it is.
    type: raw
    default: ""
  state:
    description: V(absent) deletes schedules and group, or rules, function and log group; and the role where its tag says that it is the box's.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: The box's daily stop
  dlbox_schedule: {box: lab, region: us-west-2, stop_time: "20:00", timezone: Asia/Shanghai}

- name: Started on workdays, stopped at noon and in the evening
  dlbox_schedule: {box: lab, region: us-west-2, stop_time: ["12:30", "20:00"], start_time: ["08:00", "13:30"]}

- name: Not tonight
  dlbox_schedule: {box: lab, region: us-west-2, snooze: tonight}
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
firings:
  description: The next five things that happen by themselves, each C(verb) (stop or start), C(local) with its zone, and C(utc).
  type: list
  elements: dict
  returned: always
  sample: [{verb: stop, local: Sun 2026-11-22 20:00 Asia/Shanghai, utc: "2026-11-22T12:00:00Z"}]
snoozed_until:
  description: The first stop that counts again, C(local) and C(utc); null where no stop is skipped.
  type: dict
  returned: always
"""

from ansible.module_utils.dlbox import plan_schedule, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_schedule)
