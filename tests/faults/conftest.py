"""The provisioning run as a fixture, on an empty rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest
from drift.provision import Provision
from rehearsal.testing import Server


@pytest.fixture
def provision(aws_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provision:
    """provision("lab", check=True, box_state="stopped") -> Run."""
    # Waiting is tested where it matters; here it only costs time.
    aws_server.post("knobs", {"transition_s": 0.05})
    return Provision(aws_server, tmp_path, monkeypatch)
