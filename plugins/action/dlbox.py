"""The fast path of every dlbox module: the same code in the controller's process when the connection is local.

Each dlbox_<noun>.py beside this file is a link to it. boto3 and the API models are loaded here, in the parent process,
so that the forked workers find them in memory; without this plugin the modules in library/ do the same, slower.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

sys.path.append(str(Path(__file__).resolve().parents[1] / "module_utils"))
from dlbox import clients
from dlbox.converge import run_noun
from dlbox.errors import DlboxError
from dlbox.nouns import NOUNS

clients.preload()
# What is in memory now stays: forked workers need not look through it for garbage, which would also copy its pages.
gc.freeze()


class ActionModule(ActionBase):
    """Runs the plan module that belongs to the task's action."""

    supports_raw_params = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result, from this process or, over another connection, from the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._connection.transport != "local":
            return {**result, **self._execute_module(task_vars=task_vars)}
        noun = NOUNS[self._task.action]
        host = (task_vars or {}).get("inventory_hostname", "localhost")
        _, params = self.validate_argument_spec(argument_spec=noun.SPEC)
        try:
            return {
                **result,
                **run_noun(noun, params, self._task.check_mode, lambda line: Display().display(f"  [{host}] {line}")),
            }
        except DlboxError as error:
            return {**result, "failed": True, "msg": str(error)}
