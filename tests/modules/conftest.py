"""What the tests of the modules share: a run of one, and the writes that it names beside those that AWS saw."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dlbox import retry
from rehearsal.testing import Server

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE = Path(sys.executable).with_name("ansible")
Module = Callable[..., dict[str, Any]]
BOX = {"box": "lab", "region": "us-west-2"}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first pause as short as the rehearsal's changes of state are."""
    monkeypatch.setattr(retry, "FIRST_S", 0.05)


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
