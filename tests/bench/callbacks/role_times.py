"""Writes a line for each task of a run, as JSON, into the file that DLBOX_ROLE_TIMES names: its role, seconds and outcome."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: role_times
type: aggregate
short_description: Writes a line for each task of a run
description:
  - "{role, task, began, ended, outcome}: the role's name, or empty; seconds since 1970; ok, changed, skipped or failed."
  - A task ends where the next one begins, so that nothing between two tasks is lost.
"""


class CallbackModule(CallbackBase):
    """For runs on one host: tasks come one after the other."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "role_times"

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.lines: list[dict[str, Any]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        now = time.time()
        if self.lines:
            self.lines[-1]["ended"] = now
        role = task._role.get_name() if task._role else ""
        self.lines.append({"role": role, "task": task.get_name(), "began": now, "outcome": "skipped"})

    def note(self, outcome: str) -> None:
        """What became of the task that runs."""
        self.lines[-1]["outcome"] = outcome

    def v2_runner_on_ok(self, result: Any) -> None:
        self.note("changed" if result._result.get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.note("failed")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if self.lines:
            self.lines[-1]["ended"] = time.time()
        Path(os.environ["DLBOX_ROLE_TIMES"]).write_text("".join(json.dumps(line) + "\n" for line in self.lines))
