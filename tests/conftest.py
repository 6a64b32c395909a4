"""Fixtures shared by every suite: one rehearsal AWS for the session, empty at the start of each test that asks for it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rehearsal.testing import Server, start_server

# When every test begins by the rehearsal's clock: before noon in Shanghai, where a box is by default.
MORNING = datetime(2026, 11, 24, 2, 17, tzinfo=UTC)

# The rules of zones are those of the locked tzdata, as in the code: a system's own may be years behind.
zoneinfo.reset_tzpath(to=())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The rehearsal AWS, without machines; its state changes take 0.3 s so that waiting is real and short."""
    with start_server(transition=0.3) as running:
        yield running


@pytest.fixture
def aws_server(server: Server) -> Server:
    """The rehearsal AWS, emptied, with the same time whenever the tests run."""
    server.reset()
    server.post("clock", {"now": MORNING.isoformat()})
    return server
