"""The knobs: latency, clock, journal, windows."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

import boto3
import pytest
from rehearsal.testing import Server

from .world import World, code


def addresses(world: World) -> int:
    """How many addresses there are."""
    return len(world.ec2.describe_addresses()["Addresses"])


def test_latency_is_added_to_every_call(world: World) -> None:
    world.server.post("latency", {"ms": 150})
    start = time.monotonic()
    world.ec2.describe_addresses()
    assert time.monotonic() - start >= 0.15


def test_the_journal_says_what_writes(world: World) -> None:
    world.address()
    world.ec2.describe_addresses()
    code(world.ec2.allocate_address, DryRun=True)
    seen = [(one["service"], one["action"], one["write"], one["status"]) for one in world.server.calls()]
    assert seen == [
        ("ec2", "AllocateAddress", True, 200), ("ec2", "DescribeAddresses", False, 200),
        ("ec2", "AllocateAddress", False, 412),
    ]  # fmt: skip
    world.server.forget_calls()
    assert world.server.calls() == []


def test_the_driver_is_spared_and_unseen(world: World) -> None:
    driver = world.server.client("ec2", user_agent_extra="dlbox-driver")
    world.server.fault("*", times=-1)
    driver.describe_instances()
    driver.allocate_address()
    assert world.server.calls() == []
    assert [one["action"] for one in world.server.get("calls?all=1")] == ["AllocateAddress"]


def test_the_clock_moves(world: World) -> None:
    moved = world.server.post("clock", {"now": "2030-01-01T00:00:00+00:00"})
    assert moved["now"].startswith("2030-01-01T00:00:0")
    assert world.server.post("clock", {"advance_s": 86400})["now"].startswith("2030-01-02T00:00:0")
    world.server.reset()
    assert world.server.get("clock")["offset_s"] == 0


def test_the_callers_address(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/dlbox/checkip") as reply:
        assert (reply.read(), reply.headers["Content-Type"]) == (b"127.0.0.1\n", "text/plain")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("nothing", {}), ("knobs", {"speed": 1}), ("faults", [{"act": "x"}]), ("latency", {}),
        ("interrupt", {"region": "us-west-2", "instance_id": "i-00000000000000000"}),
        ("quota", {"region": "us-west-2", "code": "L-DB2E81BA", "status": "APPROVED"}),
    ],
)  # fmt: skip
def test_a_wrong_knob_says_so(server: Server, path: str, body: object) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.post(path, body)
    assert refused.value.code in (400, 404)
    assert b"error" in refused.value.read()


def test_boto3_reaches_it_through_its_profile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.server.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    assert boto3.Session().client("sts").get_caller_identity()["Account"] == "000000000000"
    assert boto3.Session().region_name == "us-west-2"


def test_a_reset_leaves_nothing(world: World) -> None:
    world.launched(SecurityGroupIds=[world.group()])
    world.server.fault("*", times=-1)
    assert world.server.get("status")["regions"]["us-west-2"]["instance"] == 1
    world.server.reset()
    assert world.server.inventory() == []
    assert addresses(world) == 0


def test_a_remembered_answer_is_never_a_wrong_one(world: World) -> None:
    assert addresses(world) == 0
    time.sleep(0.5)  # longer than a state change: from here on answers may be remembered
    assert addresses(world) == 0
    world.address()
    assert addresses(world) == 1
    world.pace(2)
    ident = str(world.run()["InstanceId"])
    assert world.instance(ident)["State"]["Name"] == "pending"
    world.settled(ident, "running")
    world.server.post("shutdown", {"region": "us-west-2", "instance_id": ident})
    assert world.instance(ident)["State"]["Name"] == "stopping"
    world.settled(ident, "stopped")
