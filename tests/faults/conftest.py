"""The provisioning run on an empty rehearsal, with short pauses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dlbox import act, aws
from drift.provision import Provision
from rehearsal.testing import Server

from .lab import Clone
from .lab import clone as make_clone


@pytest.fixture
def provision(aws_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provision:
    """provision("lab", check=True, box_state="stopped") -> Run."""
    aws_server.post("knobs", {"transition_s": 0.05})
    return Provision(aws_server, tmp_path, monkeypatch)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five quick tries where a user's run would wait for a minute."""

    def pauses(total: float = 0, longest: float = 0) -> Iterator[float]:
        yield from [0.02] * 5

    monkeypatch.setattr(aws, "backoff", pauses)
    monkeypatch.setattr(act, "settle", lambda attempt: None)


@pytest.fixture
def clone(aws_server: Server, tmp_path: Path) -> Clone:
    """A clone of the project, for the few runs of Ansible itself."""
    aws_server.post("knobs", {"transition_s": 0.05})
    return make_clone(aws_server, tmp_path)
