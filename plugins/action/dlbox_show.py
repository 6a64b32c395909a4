"""Show a text as it stands, on the controller's own screen."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    """Prints `text` line by line."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The text, shown."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, params = self.validate_argument_spec(argument_spec={"text": {"type": "str", "required": True}})
        Display().display("\n" + params["text"].rstrip() + "\n")
        return {**result, "changed": False}
