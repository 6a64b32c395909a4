"""Run a module as users do, through Ansible: on the fast path, and as a plain module with that path switched off."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsal.testing import Server

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = Path(sys.executable).with_name("ansible")
Module = Callable[..., dict[str, Any]]
BOX = {"box": "lab", "region": "us-west-2"}


@pytest.fixture(params=["fast", "plain"])
def module(request: pytest.FixtureRequest, aws_server: Server, tmp_path: Path) -> Module:
    """module("dlbox_key", check=True, **params) -> the module's result."""
    environment = aws_server.env | {
        "HOME": str(tmp_path),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_STDOUT_CALLBACK": "minimal",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_INVENTORY_ENABLED": "host_list",
    }
    if request.param == "plain":
        environment["ANSIBLE_ACTION_PLUGINS"] = str(tmp_path)

    def run(name: str, check: bool = False, **params: Any) -> dict[str, Any]:
        command = [
            str(ANSIBLE),
            "localhost",
            "-i",
            "localhost,",
            "-c",
            "local",
            "-m",
            name,
            "-a",
            json.dumps(BOX | params),
        ]
        done = subprocess.run(
            [*command, *(["--check"] if check else [])],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        _, arrow, body = done.stdout.partition("=>")
        assert arrow, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(body[: body.rindex("}") + 1])
        return result

    return run


def predicted(result: dict[str, Any]) -> list[str]:
    """The writes that a result's changes name, as "service:operation"."""
    return [write for change in result["changes"] for write in change["writes"]]


def made(server: Server) -> list[str]:
    """The writes that the server saw since its journal was emptied, in the same form."""
    return [f"{call['service']}:{snake(call['action'])}" for call in server.calls(writes=True)]


def snake(name: str) -> str:
    """RunInstances -> run_instances."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def check_apply_again(module: Module, server: Server, name: str, **params: Any) -> dict[str, Any]:
    """Check mode predicts exactly the writes of the real run, and a third run is silent; returns the real run's result."""
    foreseen = module(name, check=True, **params)
    assert not server.calls(writes=True), "check mode wrote"
    server.forget_calls()
    done = module(name, **params)
    assert "changes" in done, done.get("msg")
    assert made(server) == predicted(foreseen) == predicted(done)
    server.forget_calls()
    again = module(name, **params)
    assert not again["changed"], again["changes"]
    assert not server.calls(writes=True)
    return done
