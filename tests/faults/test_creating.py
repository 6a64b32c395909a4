"""Rows 1 to 6: replies that are lost, runs that are killed, tokens used again, reads that are behind, two runs at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from dlbox import observe
from drift.provision import Provision
from rehearsal.testing import REGION, Server

from .lab import ONE_BOX, Clone, in_a_process, is_sentence, killed_before_write, kinds, sound

CREATES = [
    "ImportKeyPair",
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "RunInstances",
    "AllocateAddress",
    "AssociateAddress",
    "CreateRole",
    "PutRolePolicy",
    "CreateScheduleGroup",
    "CreateSchedule",
]
# These have a client token, or doing them twice is doing them once.
REPEATABLE = {"RunInstances", "AssociateAddress", "PutRolePolicy", "CreateSchedule"}
LOST: dict[str, dict[str, Any]] = {
    "after it was done": {"kind": "drop", "when": "after"},
    "before it was done": {"kind": "drop", "when": "before"},
    "always, after it was done": {"kind": "drop", "when": "after", "times": -1},
    "with an error of AWS's": {"kind": "error", "when": "after", "code": "InternalError"},
}


# The reply is what gets lost, and the launch is what bills most; every other pair is left to make test-all.
FIRST = "after it was done"
PAIRS = [
    pytest.param(
        action, how, marks=[] if how == FIRST or action == "RunInstances" else [pytest.mark.slow], id=f"{action}, {how}"
    )
    for action in CREATES
    for how in LOST
]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("action", "how"), PAIRS)
def test_1_a_lost_reply_leaves_one_of_each(provision: Provision, action: str, how: str) -> None:
    server = provision.server
    server.fault(action, **LOST[how])
    run = provision()
    assert any("fault" in call for call in server.calls(action))
    if "always" in how:
        assert run.said == "" or is_sentence(run.said)
    else:
        assert run.said == ""
        assert kinds(server) == ONE_BOX
    if "after" in how and action not in REPEATABLE:
        assert len(server.calls(action)) == 1, "repeated blindly"
    server.post("faults", [])
    sound(provision)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("how", [how if how == FIRST else pytest.param(how, marks=pytest.mark.slow) for how in LOST])
def test_1_a_lost_reply_leaves_one_quota_request(provision: Provision, how: str) -> None:
    server = provision.server
    server.post("quota", {"region": REGION, "code": "L-DB2E81BA", "value": 0})
    server.fault("RequestServiceQuotaIncrease", **LOST[how])
    assert "granted 0 of 4" in provision().said
    server.post("faults", [])
    assert "not enough" in provision().said
    assert len([item for item in server.inventory() if item["kind"] == "request"]) == 1
    assert server.calls("RunInstances") == []
    request = {"region": REGION, "code": "L-DB2E81BA", "status": "APPROVED", "value": 4}
    server.post("quota", request)
    assert provision().said == ""


@pytest.mark.parametrize("number", range(1, len(CREATES) + 1))
def test_2_a_run_that_was_killed_is_finished_by_the_next(provision: Provision, number: int) -> None:
    assert killed_before_write(provision, number)
    assert len(provision.server.calls(writes=True)) == number - 1
    sound(provision)


def test_2_no_write_is_left_out_above(provision: Provision) -> None:
    assert not killed_before_write(provision, len(CREATES) + 1)
    assert sorted(call["action"] for call in provision.server.calls(writes=True)) == sorted(CREATES)


def test_2_ansible_killed_after_the_launch(provision: Provision, clone: Clone) -> None:
    server = provision.server
    server.post("latency", {"ms": 100})
    run = clone.start("provision.yml")
    await_write(server, "RunInstances")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    server.post("latency", {"ms": 0})
    assert "CreateSchedule" not in [call["action"] for call in server.calls(writes=True)]
    sound(provision)


def await_write(server: Server, action: str) -> None:
    """Until the journal shows a call."""
    end = time.monotonic() + 60
    while not server.calls(action):
        assert time.monotonic() < end, f"no {action} came"
        time.sleep(0.05)


def terminated(provision: Provision, tags: bool) -> str:
    """The box is made and terminated by hand; with or without its tags. Its id."""
    ec2 = provision.server.client("ec2")
    box = str(provision().results["dlbox_instance"]["instance_id"])
    if not tags:
        ec2.delete_tags(Resources=[box], Tags=[{"Key": "dlbox:box"}])
    ec2.terminate_instances(InstanceIds=[box])
    time.sleep(0.1)
    return box


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("tags", [True, False], ids=["listed", "no longer listed"])
@pytest.mark.parametrize("kind", ["g5.xlarge", "g4dn.xlarge"], ids=["same type", "other type"])
def test_3_a_token_of_a_dead_instance_gives_way(provision: Provision, kind: str, tags: bool) -> None:
    dead = terminated(provision, tags)
    run = provision(box_instance_type=kind)
    assert run.said == ""
    assert run.results["dlbox_instance"]["instance_id"] != dead
    sound(provision, box_instance_type=kind)


def test_3_a_token_gives_way_where_the_zone_has_changed(provision: Provision) -> None:
    terminated(provision, tags=False)
    ec2 = provision.server.client("ec2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    used = provision.server.calls("RunInstances")[0]["params"]
    here = next(item["SubnetId"] for item in subnets if item["SubnetId"] in str(used))
    ec2.delete_subnet(SubnetId=here)
    sound(provision)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("code", ["InvalidInstanceID", "Resource.AlreadyAssociated", "UnauthorizedOperation"])
def test_4_an_address_whose_association_is_refused_is_used_again(provision: Provision, code: str) -> None:
    server = provision.server
    server.fault("AssociateAddress", code=code, status=400, times=-1)
    assert is_sentence(provision().said)
    assert kinds(server)["address"] == 1
    server.post("faults", [])
    sound(provision)


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("action", "skip"),
    [*(("DescribeInstances", n) for n in range(2, 8)), *(("DescribeAddresses", n) for n in range(1, 3))],
)
@pytest.mark.usefixtures("hasty")
def test_5_a_read_that_is_behind_makes_no_second(provision: Provision, action: str, skip: int, times: int) -> None:
    provision.server.fault(action, kind="stale", skip=skip, times=times)
    assert provision().said == ""
    assert kinds(provision.server) == ONE_BOX
    provision.server.post("faults", [])
    sound(provision)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeAddresses", "DescribeSecurityGroups", "DescribeKeyPairs"])  # fmt: skip
def test_5_a_box_that_stands_is_not_made_again(provision: Provision, action: str) -> None:
    provision()
    server = provision.server
    for times in (1, 2):
        server.fault(action, kind="stale", times=times)
        run = provision()
        assert run.said == "" or is_sentence(run.said)
        server.post("faults", [])
        assert kinds(server) == ONE_BOX
    sound(provision)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("part", "times", "asks"),
    [
        pytest.param("instances", 1, [], id="instance, once"),
        pytest.param("instances", -1, ["RunInstances"], id="instance, always: its token holds"),
        pytest.param("addresses", 1, [], id="address, once"),
        pytest.param("addresses", 2, ["AllocateAddress"], id="address, until it is allocated: the older stays"),
    ],
)
def test_5_a_box_that_no_read_shows_is_not_made_again(
    provision: Provision, monkeypatch: pytest.MonkeyPatch, part: str, times: int, asks: list[str]
) -> None:
    before = provision().results
    read, reads = observe.PARTS[part], count(1)

    def blind(*args: Any) -> Any:
        return [] if times < 0 or next(reads) <= times else read(*args)

    with monkeypatch.context() as patch:
        patch.setitem(observe.PARTS, part, blind)
        provision.server.forget_calls()
        run = provision()
    assert run.said == "" or is_sentence(run.said)
    assert [call["action"] for call in provision.server.calls("RunInstances", "AllocateAddress")] == asks
    assert kinds(provision.server) == ONE_BOX
    sound(provision)
    assert provision().results["dlbox_instance"]["instance_id"] == before["dlbox_instance"]["instance_id"]
    assert provision().results["dlbox_eip"]["public_ip"] == before["dlbox_eip"]["public_ip"]


@pytest.mark.usefixtures("hasty")
def test_5_an_instance_that_is_not_found_yet_is_waited_for(provision: Provision) -> None:
    code = {"code": "InvalidInstanceID.NotFound", "status": 400}
    provision.server.fault("DescribeInstances", **code, skip=3, times=3)
    assert provision().said == ""
    assert len(provision.server.calls("RunInstances")) == 1
    sound(provision)


@pytest.mark.parametrize("machines", ["one machine", "two machines"])
def test_6_two_runs_at_once_make_one_box(
    provision: Provision, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machines: str
) -> None:
    server = provision.server

    def work(home: Path) -> Callable[[], Any]:
        def run() -> Any:
            os.environ["HOME"] = str(home)
            return provision()

        return run

    for number in range(3):
        server.reset()
        server.post("knobs", {"transition_s": 0.05, "latency_ms": 10})
        homes = [tmp_path / str(number), tmp_path / (f"{number}b" if machines == "two machines" else str(number))]
        pids = [in_a_process(provision, work(home)) for home in homes]
        ended = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
        assert set(ended) <= {0, 3}, ended
        found = kinds(server)
        assert all(found.get(kind, 0) <= count for kind, count in ONE_BOX.items()), found
        if machines == "one machine":
            monkeypatch.setenv("HOME", str(homes[0]))
            sound(provision)
        else:
            assert ended[0] == 0, "the one whose key was imported finishes"
