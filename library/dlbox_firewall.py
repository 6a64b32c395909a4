#!/usr/bin/python
"""The box's security group; the decisions are in plugins/module_utils/dlbox/plan_firewall.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_firewall
short_description: The box's security group
author: the dlbox maintainers
description:
  - Opens SSH, a port range and extra ports to the allowed networks; any other ingress rule is removed.
  - Egress is left alone.
extends_documentation_fragment: [dlbox, dlbox.observed]
options:
  allowed_cidrs:
    description: IPv4 networks that may connect; V(auto) is the caller's own address.
    type: list
    elements: str
    default: [auto]
  address_source:
    description: Where the caller's own address is asked for; it answers one IPv4 address as plain text.
    type: str
    default: https://checkip.amazonaws.com
  open_to_world:
    description: The acknowledgement that V(0.0.0.0/0) in O(allowed_cidrs) is meant.
    type: bool
    default: false
  port_range:
    description: TCP ports to open beside 22, such as V(8080-8089).
    type: str
    default: 8080-8089
  extra_ports:
    description: More TCP ports or ranges, such as V(80).
    type: list
    elements: str
    default: []
  closed_ports:
    description: TCP ports that stay closed though they lie in O(port_range) or O(extra_ports), since they are reached through SSH.
    type: list
    elements: str
    default: []
  instance_connect:
    description: Open port 22 to the region's EC2 Instance Connect too, for the console's Connect button.
    type: bool
    default: false
  state:
    description: V(absent) deletes the group if it carries the box's tag.
    type: str
    default: present
    choices: [present, absent]
"""

EXAMPLES = r"""
- name: The box's security group
  dlbox_firewall: {box: lab, region: us-west-2, allowed_cidrs: [203.0.113.7/32], extra_ports: ["80"]}
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
group_name:
  description: Name of the security group.
  type: str
  returned: always
group_id:
  description: Id of the security group, null where there is none yet.
  type: str
  returned: always
"""

from ansible.module_utils.dlbox import plan_firewall, shell  # noqa: E402

if __name__ == "__main__":
    shell.main(plan_firewall)
