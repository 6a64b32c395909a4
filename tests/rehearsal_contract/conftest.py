"""Each contract runs twice: the rehearsal must keep it, and moto alone must break it, so that a patch moto made needless shows up."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from _pytest.outcomes import Failed
from rehearsal.testing import Server, start_server

from rehearsal_contract.world import BrokenSetup, World


@pytest.fixture(scope="session")
def bare_server() -> Iterator[Server]:
    """Moto with the rehearsal's images and nothing else of it."""
    with start_server(bare=True) as running:
        yield running


@pytest.fixture(params=["rehearsal", "moto"])
def aws(request: pytest.FixtureRequest) -> World:
    """A world to hold a contract against: the rehearsal's, then moto's."""
    server: Server = request.getfixturevalue("server" if request.param == "rehearsal" else "bare_server")
    server.reset()
    return World(server)


@pytest.fixture
def world(server: Server) -> World:
    """The rehearsal's world alone, for what is no patch."""
    server.reset()
    return World(server)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Let moto alone fail a contract, and fail when it does not."""
    if "moto" not in getattr(pyfuncitem, "callspec", pyfuncitem).__dict__.get("params", {}).values():
        return (yield)
    try:
        yield
    except BrokenSetup:
        raise
    except (Exception, Failed):
        return True
    pytest.fail("moto does this by itself now: remove the patch")
