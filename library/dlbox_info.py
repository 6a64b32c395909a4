#!/usr/bin/python
"""What exists of a box; the answer is made in plugins/module_utils/dlbox/info.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_info
short_description: What exists of a box, when it stops and what it costs
author: the dlbox maintainers
description:
  - Reads the box's instance, disks, address and schedule by their tag or exact name, and prices from the Pricing API.
  - Changes nothing.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  ami:
    description: What a box made anew would get, as in M(dlbox_instance), to tell whether there is a newer image; empty does not look.
    type: str
    default: ""
  ubuntu:
    description: Ubuntu line of that image.
    type: str
    default: "24.04"
  pytorch:
    description: PyTorch of that image; empty is the newest.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Look at the box
  dlbox_info: {box: lab, region: us-west-2}
  register: info
"""

RETURN = r"""
changes:
  description: Always empty, as are the diff and RV(unverified).
  type: list
  elements: dict
  returned: success
seen:
  description: What was observed, part by part.
  type: dict
  returned: success
unverified:
  description: Always empty.
  type: list
  elements: str
  returned: success
account:
  description: The AWS account.
  type: str
  returned: success
partition:
  description: The AWS partition, as in V(aws).
  type: str
  returned: success
rehearsal:
  description: Whether AWS is a rehearsal, so that nothing is billed.
  type: bool
  returned: success
state:
  description: EC2's state of the instance, or V(absent).
  type: str
  returned: success
instance_id:
  description: Id of the instance, null where there is none.
  type: str
  returned: success
instance_type:
  description: Its type, null where there is none.
  type: str
  returned: success
spot:
  description: Whether it is a Spot instance, whose hour costs RV(hourly_usd) at most.
  type: bool
  returned: success
interrupted:
  description: Whether AWS stopped the Spot box itself; it starts it again, and it bills then.
  type: bool
  returned: success
ami:
  description: The image that the box was made from, null where there is none; it stays, whatever comes out.
  type: str
  returned: success
newer_ami:
  description: The image that a box made anew would get, C(ami) and C(name), where that is another; else null.
  type: dict
  returned: success
public_ip:
  description: The box's address, null where there is none.
  type: str
  returned: success
firings:
  description: The next five things that AWS does by itself to this very instance, each C(verb) (stop or start), C(local) with its zone, and C(utc).
  type: list
  elements: dict
  returned: success
next_stop:
  description: The first stop of them, C(local) and C(utc); null where nothing stops the box.
  type: dict
  returned: success
today:
  description: Today's date in that zone, by AWS's clock.
  type: str
  returned: success
snoozed_until:
  description: Until when stops are skipped, C(local) and C(utc); null where none is.
  type: dict
  returned: success
alarm:
  description: After how many C(hours) of running within 24 whom it C(mails), and who has yet to confirm AWS's mail (C(unconfirmed)); null without an alarm.
  type: dict
  returned: success
  sample: {hours: 10.0, mails: [], unconfirmed: [you@example.org]}
missed_stop:
  description: The stop since the box started that should have come and did not, C(local) and C(utc); null where there is none.
  type: dict
  returned: success
hourly_usd:
  description: USD per hour as the box is now, null where a price is unknown.
  type: float
  returned: success
hourly_usd_stopped:
  description: USD per hour of the stopped box, null where a price is unknown.
  type: float
  returned: success
bills:
  description: Everything of the box that costs money, in words; empty means nothing does.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils.dlbox import info, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(info)
