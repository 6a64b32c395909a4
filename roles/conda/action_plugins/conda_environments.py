"""Reads the user's environment files on this machine, runs the module on the box, and keeps the locks here."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

from ansible.plugins.action import ActionBase

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "plugins/module_utils"))
from dlbox import environments
from dlbox.errors import Refused


class ActionModule(ActionBase):
    """Takes `files` and `local_dir` beside the module's arguments; environments are as users declare them."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result; a lock here that differs from the box's is written anew."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = dict(self._task.args)
        folder, local = pathlib.Path(given.pop("files")), given.pop("local_dir")
        try:
            read = environments.reader("box_environments", folder)
            given["environments"] = environments.all_declared("box_environments", given["environments"], read)
        except Refused as refused:
            return {**result, "failed": True, "msg": f"{refused}."}
        result |= self._execute_module(module_args=given, task_vars=task_vars)
        if local and not self._task.check_mode and not result.get("failed"):
            for entry in given["environments"]:
                for end in ("lock", "pip.txt") if entry["state"] == "absent" else ():
                    pathlib.Path(local, "environments", f"{entry['name']}.{end}").unlink(missing_ok=True)
            for name, text in result.get("locks", {}).items():
                file = pathlib.Path(local, "environments", name)
                if not file.exists() or file.read_text() != text:
                    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    file.write_text(text)
        return result
