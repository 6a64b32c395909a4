#!/usr/bin/python
"""Show a text as it stands."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dlbox_show
short_description: Show a text as it stands
author: the dlbox maintainers
description:
  - Prints lines without quotes, folding or indentation, so that a command can be copied from them.
  - With the action plugin switched off the text is in RV(msg) instead.
options:
  text:
    description: The lines to show.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show how to connect
  dlbox_show:
    text: ssh lab
"""

RETURN = r"""
msg:
  description: The text.
  type: str
  returned: when the action plugin is switched off
"""

from ansible.module_utils.basic import AnsibleModule  # noqa: E402


def main() -> None:
    """Return the text."""
    module = AnsibleModule(argument_spec={"text": {"type": "str", "required": True}}, supports_check_mode=True)
    module.exit_json(changed=False, msg=module.params["text"])


if __name__ == "__main__":
    main()
