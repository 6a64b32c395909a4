"""The thin shell around a noun: a plain Ansible module, used wherever the fast path is not."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .converge import run_noun
from .errors import DlboxError


def main(noun: Any) -> None:
    """Run a plan module (`plan_key`, ...) as an Ansible module."""
    module = AnsibleModule(argument_spec=noun.SPEC, supports_check_mode=True)
    try:
        result = run_noun(noun, module.params, check=module.check_mode)
    except DlboxError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)
