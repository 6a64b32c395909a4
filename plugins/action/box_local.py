"""box_local in the controller's own process: what it does takes less time than the start of another Python."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.append(str(Path(__file__).resolve().parents[1] / "module_utils"))
from dlbox import private_folder
from dlbox.errors import DlboxError


class ActionModule(ActionBase):
    """Keeps a box's files in a private folder on the controller."""

    supports_raw_params = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result, from this process or, over another connection, from the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._connection.transport != "local":
            return {**result, **self._execute_module(task_vars=task_vars)}
        _, params = self.validate_argument_spec(argument_spec=private_folder.SPEC)
        try:
            return {**result, **private_folder.run(params, self._task.check_mode)}
        except DlboxError as error:
            return {**result, "failed": True, "msg": str(error)}
