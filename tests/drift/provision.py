"""One whole provisioning run in this process: the tasks and arguments of playbooks/provision.yml, without Ansible around them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dlbox import aws, clients, wait
from dlbox.converge import run_noun
from dlbox.errors import DlboxError
from dlbox.nouns import NOUNS
from rehearsal.testing import Server

ROOT = Path(__file__).resolve().parents[2]
TASKS = (
    "dlbox_preflight",
    "dlbox_key",
    "dlbox_firewall",
    "dlbox_quota",
    "dlbox_instance",
    "dlbox_schedule",
    "dlbox_alarm",
    "dlbox_eip",
)
END = "ansible.builtin.meta"
# Each is what the task before has seen.
PICTURES = (
    "{{ dlbox_result.seen }}",
    "{{ dlbox_quota_result.seen | default(dlbox_result.seen) }}",
    "{{ dlbox_instance_result.seen | default(dlbox_quota_result.seen) }}",
)


@dataclass
class Run:
    """What a run did: each module's result in order, and the sentence with which it ended early."""

    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: str = ""

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Every change of every module, in order."""
        return [change for result in self.results.values() for change in result.get("changes", [])]

    @property
    def diffs(self) -> list[dict[str, str]]:
        """Every diff, in order."""
        return [one for result in self.results.values() for one in result.get("diff", [])]

    @property
    def writes(self) -> list[str]:
        """The AWS writes that the changes name."""
        return [write for change in self.changes for write in change["writes"]]

    @property
    def changed(self) -> bool:
        """Whether any module changed something, or would."""
        return any(result["changed"] for result in self.results.values())


class Provision:
    """provision("lab", check=True, box_state="stopped") -> Run, with a home folder and a clone's folder of its own."""

    def __init__(self, server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.home, self.local_dir = server, home, home / "clone" / ".dlbox"
        self.monkeypatch = monkeypatch
        self.settings: dict[str, Any] = {}
        self.clients: dict[Any, Any] = {}
        self.environment(server.env | {"HOME": str(home)})
        monkeypatch.setattr(aws.Aws, "client", self.shared(aws.Aws.client))
        # Waiting is tested with the modules; here it only costs time.
        monkeypatch.setattr(wait, "backoff", lambda **_: repeat(0.04, 250))

    def shared(self, make: Any) -> Any:
        """One client per service for the whole test: making them is half of a silent run's time."""

        def client(of: aws.Aws, service: str, region: str | None = None) -> Any:
            where = (service, region or of.region, of.profile)
            if where not in self.clients:
                self.clients[where] = make(of, service, region)
            return self.clients[where]

        return client

    def environment(self, variables: dict[str, str]) -> None:
        """Talk to AWS as these variables say."""
        for key, value in variables.items():
            self.monkeypatch.setenv(key, value)
        self.clients.clear()
        clients.session.cache_clear()

    def __call__(self, box: str = "lab", check: bool = False, **changed: Any) -> Run:
        """Run the tasks of provision.yml for one box."""
        known = {**user_settings(), **self.settings, **changed}
        run = Run()
        seen: dict[str, Any] = {}
        for name, given, conditions in tasks():
            if not all(holds(one, known, run.results.get("dlbox_quota", {})) for one in conditions):
                continue
            if name == END:
                return run
            variables = {**known, "inventory_hostname": box, "local_dir": str(self.local_dir), "seen": seen}
            variables |= fill(play_vars(), variables)
            params = validated(name, fill(given, variables))
            try:
                result = run.results[name] = run_noun(NOUNS[name], params, check)
            except DlboxError as error:
                run.said = str(error)
                return run
            seen = result["seen"]
            if not result.get("enough", True):
                run.said = result["message"]
        return run


@cache
def user_settings() -> dict[str, Any]:
    """The defaults that users edit."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "group_vars/all.yml").read_text())
    return settings


@cache
def play() -> dict[str, Any]:
    """The play of provision.yml."""
    plays: list[dict[str, Any]] = yaml.safe_load((ROOT / "playbooks/provision.yml").read_text())
    return plays[0]


@cache
def play_vars() -> dict[str, Any]:
    """What the vars files of the play hold, templates and all."""
    named = [ROOT / "playbooks" / name for name in play()["vars_files"]]
    return {key: value for path in named for key, value in yaml.safe_load(path.read_text()).items()}


def tasks() -> list[tuple[str, dict[str, Any], list[str]]]:
    """(module, arguments with module_defaults and those of args, conditions) of each dlbox_ task and of the end of a host, in order."""
    defaults = play()["module_defaults"] | {END: {}}
    named = [(key, task) for task in play()["tasks"] for key in task if key in defaults]
    assert [task[END] for name, task in named if name == END] == ["end_host"]
    return [(name, arguments(defaults[name], task, name), listed(task.get("when"))) for name, task in named]


def arguments(defaults: dict[str, Any], task: dict[str, Any], name: str) -> dict[str, Any]:
    """A task's own over those of args and its module's defaults."""
    own = task[name] if isinstance(task[name], dict) else {}
    return {**defaults, **fill(task.get("args", {}), play_vars()), **own}


def listed(when: Any) -> list[str]:
    """A task's conditions."""
    return when if isinstance(when, list) else [when] if when else []


def holds(condition: str, known: dict[str, Any], quota: dict[str, Any]) -> bool:
    """Whether one of provision.yml's conditions holds; `quota` is its task's result, where it ran."""
    answers: dict[str, Callable[[], bool]] = {
        "box_state == 'running'": lambda: known["box_state"] == "running",
        "dlbox_quota_result.enough | default(true)": lambda: quota.get("enough", True),
        "not (dlbox_quota_result.enough | default(true))": lambda: not quota.get("enough", True),
        "dlbox_quota_result.seen.instances | length == 0": lambda: not quota["seen"]["instances"],
    }
    return answers[condition]()


def validated(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments as Ansible hands them to the module."""
    checked = ArgumentSpecValidator(NOUNS[name].SPEC).validate(given)
    assert not checked.error_messages, checked.error_messages
    params: dict[str, Any] = checked.validated_parameters
    return params


def fill(value: Any, variables: dict[str, Any]) -> Any:
    """The value with the few templates of provision.yml evaluated."""
    if isinstance(value, dict):
        return {key: fill(item, variables) for key, item in value.items()}
    if not isinstance(value, str) or "{{" not in value:
        return value
    if "varnames" in value:
        return {key: item for key, item in variables.items() if key.startswith("box_")}
    if value == "{{ playbook_dir | dirname }}/.dlbox":
        return variables["local_dir"]
    if value == "{{ playbook_dir | dirname }}/group_vars/all.yml":
        return str(ROOT / "group_vars/all.yml")
    if value in PICTURES:
        return variables["seen"]
    if value.startswith("{{ [box_jupyter_port"):
        return [variables["box_jupyter_port"]] if variables["box_jupyter_access"] == "tunnel" else []
    found = re.fullmatch(r"\{\{ (\w+)(?: \| default\(''\))? \}\}", value)
    assert found, f"provision.yml holds a template that this file does not know: {value}"
    return variables[found[1]]
