#!/usr/bin/python
"""A mail when the box ran long; the decisions are in plugins/module_utils/dlbox/plan_alarm.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_alarm
short_description: A mail when the box ran longer than a number of hours within 24
author: the dlbox maintainers
description:
  - A CloudWatch alarm that counts the minutes that the box's instance ran within the last 24 hours, at any time of the day, and an SNS topic that mails.
  - AWS asks the address to confirm first; one mail comes each time the box goes over, and none while it stays over.
  - A replaced instance is followed. Subscriptions to the topic other than by e-mail are left alone.
  - The tag C(dlbox:alarm) of the box's security group says whether there is an alarm, so that a run that asks for none looks for none.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  hours:
    description: 1 to 23. V(0) is no alarm, and removes the one there is.
    type: raw
    default: 0
  email:
    description: The address that gets the mail. Needed with O(hours).
    type: str
    default: ""
  state:
    description: V(absent) deletes alarm, topic and subscriptions, whatever the tag says.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: A mail after ten hours
  dlbox_alarm: {box: lab, region: us-west-2, hours: 10, email: you@example.org}
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
alarm_name:
  description: The alarm, and the topic of the same name; null where none is asked for.
  type: str
  returned: always
message:
  description: Who gets a mail and when, and whether the address has yet to confirm AWS's mail. Empty where no alarm is asked for.
  type: str
  returned: always
  sample: "you@example.org gets a mail after 10 hours within 24: confirm the mail from AWS to you@example.org"
"""

from ansible.module_utils.dlbox import plan_alarm, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_alarm)
