"""Clients are made once, also by threads at once, and a forked process leaves its parent's connections alone."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dlbox import clients


class Core:
    """A botocore session that takes its time, and tells whether two clients are made at once."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.making = 0

    def create_client(self, service: str, **_: Any) -> Any:
        self.making += 1
        assert self.making == 1, "two at once"
        time.sleep(0.01)
        self.making -= 1
        self.made.append(service)
        return Client()


class Client:
    """A client that knows in which process it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed = os.getpid()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> clients.Session:
    made = clients.Session("")
    monkeypatch.setattr(made, "_core", Core())
    return made


def test_threads_share_one_client_of_a_service(session: clients.Session) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: session.client(("ec2", "iam")[number % 2], "us-west-2"), range(8)))
    assert sorted(session._core.made) == ["ec2", "iam"]
    assert len({id(client) for client in found}) == 2
    assert session.client("ec2", "us-west-2") is found[0]
    assert session.client("ec2", "eu-central-1") is not found[0]


def test_a_forked_process_closes_what_it_inherited_and_its_parent_keeps_it(session: clients.Session) -> None:
    client = session.client("ec2", "us-west-2")
    pid = os.fork()
    if not pid:
        os._exit(0 if client.closed == os.getpid() else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert client.closed == 0


def test_a_session_of_few_operations_knows_no_others_and_its_clients_have_their_own_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    few = clients.Session("", ("DescribeInstances",))
    here, there = (few.client("ec2", region) for region in ("us-west-2", "eu-central-1"))
    assert [name for name in dir(here) if name.startswith(("describe_", "run_"))] == ["describe_instances"]
    assert [client.meta.region_name for client in (here, there)] == ["us-west-2", "eu-central-1"]
    assert "eu-central-1" in there.meta.endpoint_url
    assert hasattr(clients.Session("").client("ec2", "us-west-2"), "run_instances")
