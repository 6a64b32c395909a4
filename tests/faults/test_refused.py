"""Rows 8 to 12 and 24: AWS says no, in a zone, for a type, for the quota, for a while; and takes Spot capacity back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from dlbox import act, launch_sweep, launching, observe
from dlbox.converge import run_noun
from dlbox.errors import Refused
from dlbox.nouns import NOUNS
from drift.provision import Provision, validated
from rehearsal.testing import REGION, Server

from .lab import ONE_BOX, Clone, is_sentence, kinds, sound
from .test_destroying import destroy

CODE, SPOT_CODE = "L-DB2E81BA", "L-3819A6DF"
# What `hasty` leaves of a minute: the first try and five more, all with one token.
TRIES = 6
NONE = "InsufficientInstanceCapacity"


def full(server: Server, kind: str, *zones: str, free: int | None = 0, **more: Any) -> None:
    """Say that zones (a letter each, the region without one) have no capacity for a type."""
    for zone in zones or ("",):
        place = f"{REGION}{zone}" if zone else None
        server.post("capacity", {"region": REGION, "type": kind, "zone": place, "free": free, **more})


def tried(run: Any) -> list[tuple[str, str, str | None]]:
    """Each place where a launch was tried: type, zone's letter, why not."""
    attempts = run.results["dlbox_instance"]["attempts"]
    return [(item["type"], item["zone"][-1], item["refused"]) for item in attempts]


def live(server: Server) -> list[dict[str, Any]]:
    """The instances that bill."""
    found = server.client("ec2").describe_instances()["Reservations"]
    every = [item for reservation in found for item in reservation["Instances"]]
    return [item for item in every if item["State"]["Name"] not in ("shutting-down", "terminated")]


def until(look: Any) -> Any:
    """What a look answers once it is not empty."""
    end = time.monotonic() + 10
    while not (found := look()):
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.05)
    return found


def become(server: Server, instance: str, state: str) -> None:
    """Until an instance is in a state."""
    name = f"instance_{state}"
    server.client("ec2").get_waiter(name).wait(InstanceIds=[instance], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, hasty: None) -> None:
    """A sweep that looks a few times without a pause."""

    def pauses(total: float = 0, longest: float = 0) -> Iterator[float]:
        yield from [0.0] * 4

    monkeypatch.setattr(launch_sweep, "backoff", pauses)


def test_8_a_zone_without_capacity_gives_way_to_the_next(provision: Provision) -> None:
    full(provision.server, "g5.xlarge", "a", "b")
    run = provision()
    assert run.said == ""
    assert tried(run) == [("g5.xlarge", "a", NONE), ("g5.xlarge", "b", NONE), ("g5.xlarge", "c", None)]
    assert [item["Placement"]["AvailabilityZone"] for item in live(provision.server)] == ["us-west-2c"]
    sound(provision)


def test_8_a_type_without_capacity_gives_way_to_the_next_of_the_list(provision: Provision) -> None:
    full(provision.server, "g6.xlarge")
    run = provision(box_instance_type=["g6.xlarge", "g5.xlarge"])
    assert run.said == ""
    assert tried(run)[-1] == ("g5.xlarge", "a", None)
    assert {refused for _, _, refused in tried(run)[:-1]} == {NONE}
    assert run.results["dlbox_instance"]["instance_type"] == "g5.xlarge"
    sound(provision, box_instance_type=["g6.xlarge", "g5.xlarge"])


def test_8_each_attempt_has_a_token_of_its_own(provision: Provision) -> None:
    full(provision.server, "g5.xlarge", "a", "b")
    provision()
    tokens = [call["params"]["ClientToken"] for call in provision.server.calls("RunInstances")]
    assert len(tokens) == len(set(tokens)) == 3


def test_8_where_no_place_serves_the_order_and_the_reasons_are_told(provision: Provision) -> None:
    server = provision.server
    full(server, "g5.xlarge")
    full(server, "g6.xlarge")
    said = provision(box_instance_type=["g6.xlarge", "g5.xlarge"]).said
    assert is_sentence(said)
    assert said.index("g6.xlarge in us-west-2") < said.index(
        f"g5.xlarge in us-west-2a, us-west-2b, us-west-2c ({NONE})"
    )
    assert "no instance was made" in said
    assert live(server) == []
    full(server, "g5.xlarge", free=None)
    sound(provision, box_instance_type=["g6.xlarge", "g5.xlarge"])


@pytest.mark.usefixtures("quick")
def test_8_an_instance_that_came_without_an_answer_does_not_stay_beside_another(provision: Provision) -> None:
    server = provision.server
    server.fault("RunInstances", kind="drop", when="after", times=TRIES)
    run = provision()
    assert run.said == ""
    assert tried(run)[0] == ("g5.xlarge", "a", "no answer")
    assert len(live(server)) == 1
    assert len(server.calls("TerminateInstances")) == 1
    sound(provision)


@pytest.mark.usefixtures("quick")
def test_8_an_instance_that_came_after_every_try_is_kept(provision: Provision) -> None:
    server = provision.server
    full(server, "g5.xlarge", "b", "c")
    server.fault("RunInstances", kind="drop", when="after", times=TRIES)
    run = provision()
    assert run.said == ""
    assert [item["Placement"]["AvailabilityZone"] for item in live(server)] == ["us-west-2a"]
    sound(provision)


@pytest.mark.usefixtures("quick")
def test_8_an_instance_without_an_answer_is_found_whatever_the_next_place_says(provision: Provision) -> None:
    server = provision.server
    server.post("faults", [
        {"action": "RunInstances", "kind": "drop", "when": "after", "times": TRIES},
        {"action": "RunInstances", "code": "Unforeseen", "status": 400, "times": 1},
    ])  # fmt: skip
    run = provision()
    assert run.said == ""
    assert tried(run) == [("g5.xlarge", "a", "no answer"), ("g5.xlarge", "b", "Unforeseen")]
    assert len(live(server)) == 1
    sound(provision)


@pytest.mark.usefixtures("quick")
def test_8_an_unforeseen_refusal_after_a_lost_answer_is_told_where_nothing_came(provision: Provision) -> None:
    server = provision.server
    server.post("faults", [
        {"action": "RunInstances", "kind": "drop", "when": "before", "times": TRIES},
        {"action": "RunInstances", "code": "Unforeseen", "status": 400, "times": 1},
    ])  # fmt: skip
    said = provision().said
    assert "ec2:RunInstances was refused with Unforeseen" in said
    assert live(server) == []


PLACES = [(number, {"InstanceType": kind, "Zone": zone}) for number, (kind, zone) in enumerate((("g5.xlarge", "b"), ("g6.xlarge", "a"), ("p5.48xlarge", "a"), ("hpc6a.48xlarge", "a")), 2)]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "code", "spot", "left"),
    [
        ("g5.xlarge", NONE, False, [2, 3, 4, 5]),
        ("g5.xlarge", "", False, [2, 3, 4, 5]),
        ("g5.xlarge", "UnsupportedOperation", False, [3, 4, 5]),
        ("g5.xlarge", "VcpuLimitExceeded", False, [4, 5]),
        ("p5.48xlarge", "MaxSpotInstanceCountExceeded", True, [2, 3, 5]),
        ("hpc6a.48xlarge", "InstanceLimitExceeded", False, [2, 3, 4]),
    ],
)
def test_8_where_a_refusal_leaves_to_try(kind: str, code: str, spot: bool, left: list[int]) -> None:
    assert [number for number, _ in launching.left_after(PLACES, kind, code, spot)] == left


@pytest.mark.usefixtures("quick")
def test_8_a_standing_box_is_never_the_one_too_many(provision: Provision, monkeypatch: pytest.MonkeyPatch) -> None:
    server = provision.server
    full(server, "g5.xlarge", "a")
    box = provision().results["dlbox_instance"]["instance_id"]
    provision(box_state="stopped")
    provision()
    full(server, "g5.xlarge", "a", "c", free=None)
    monkeypatch.setitem(observe.PARTS, "instances", lambda aws, want, seen: [])
    server.fault("RunInstances", code="InsufficientInstanceCapacity", status=500)
    provision()
    assert [item["InstanceId"] for item in live(server)] == [box]


@pytest.mark.usefixtures("quick")
def test_8_the_deadline_holds_for_all_places_together(provision: Provision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LAUNCH_S", -1.0)
    said = provision().said
    assert "3 more places were not reached in time" in said
    assert live(provision.server) == []


def test_a_dry_run_tells_the_price_and_a_real_one_saves_the_call(provision: Provision) -> None:
    server = provision.server
    bills = [change["bill"] for change in provision(check=True).changes if change["verb"] == "launch"]
    assert bills == ["+g5.xlarge ($1.006 an hour), +100 GiB gp3 by the month"]
    assert len(server.calls("GetProducts")) == 1
    server.forget_calls()
    provision()
    assert server.calls("GetProducts") == []


def test_12_a_misspelt_type_costs_one_look_and_is_told_what_is_near(provision: Provision) -> None:
    said = provision(box_instance_type="g5.xlagre").said
    assert "us-west-2 knows no g5.xlagre: set box_instance_type: g5.xlarge, if you mean that" in said
    assert provision(box_instance_type="mac1.metal").said.startswith(
        "box_instance_type: mac1.metal cannot be had: it runs macOS alone"
    )
    assert provision.server.calls(writes=True) == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("action", ["RunInstances", "DescribeInstances", "AllocateAddress", "CreateSchedule"])
def test_7_throttling_is_waited_out(provision: Provision, action: str) -> None:
    provision.server.fault(action, code="RequestLimitExceeded", status=503, times=3)
    assert provision().said == ""
    assert kinds(provision.server) == ONE_BOX


def test_9_a_vcpu_limit_tells_code_have_need_and_the_request(provision: Provision) -> None:
    server = provision.server
    server.post("quota", {"region": REGION, "code": CODE, "value": 4})
    server.fault("RunInstances", code="VcpuLimitExceeded", status=400, times=-1)
    said = provision().said
    assert is_sentence(said)
    assert f"although quota {CODE} (Running On-Demand G and VT instances) grants 4 vCPUs and 4 are needed" in said
    assert live(server) == []
    server.post("faults", [])
    sound(provision)


def test_9_a_vcpu_limit_that_came_down_meanwhile_tells_the_request_that_fixes_it(provision: Provision) -> None:
    server = provision.server
    launch = act.HANDLERS[("ec2", "run_instances")]

    def late(*given: Any) -> Any:
        """Between the look at the quota and the launch, AWS takes some of it back."""
        server.post("quota", {"region": REGION, "code": CODE, "value": 1})
        return launch(*given)

    provision.monkeypatch.setitem(act.HANDLERS, ("ec2", "run_instances"), late)
    said = provision().said
    assert is_sentence(said)
    assert f"quota {CODE} (Running On-Demand G and VT instances) grants 1 vCPUs, and 4 are needed" in said
    assert f"--quota-code {CODE} --desired-value 4" in said
    assert live(server) == []


def test_9_another_family_of_the_list_may_still_do(provision: Provision) -> None:
    server = provision.server
    server.post("quota", {"region": REGION, "code": "L-417A185B", "value": 96})
    server.fault("RunInstances", code="VcpuLimitExceeded", status=400)
    run = provision(box_instance_type=["p4d.24xlarge", "g5.xlarge"])
    assert run.said == ""
    assert [item[0] for item in tried(run)] == ["p4d.24xlarge", "g5.xlarge"]


def test_10_and_11_the_story_of_the_quota(provision: Provision) -> None:
    server = provision.server
    server.post("quota", {"region": REGION, "code": CODE, "value": 0})
    first = provision()
    assert "granted 0 of 4" in first.said
    assert "request " in first.said
    again = provision()
    assert (again.changes, live(server)) == ([], [])
    server.post("quota", {"region": REGION, "code": CODE, "status": "APPROVED", "value": 1})
    partial = provision()
    assert "granted 1 of 4" in partial.said
    assert "approved" not in partial.said.lower()
    assert "for 4 with that; request " in partial.said
    assert "asks for 4 once more and has been PENDING" in partial.said
    assert "I need 4 vCPUs and have been granted 1" in partial.results["dlbox_quota"]["reply"]
    asked = [call["params"]["DesiredValue"] for call in server.calls("RequestServiceQuotaIncrease")]
    assert asked == [4, 4]
    server.post("quota", {"region": REGION, "code": CODE, "status": "APPROVED"})
    assert provision().said == ""
    assert kinds(server) == {**ONE_BOX, "request": 2}


def test_10_a_receipt_by_itself_knows_of_the_quota_that_is_awaited(clone: Clone, aws_server: Server) -> None:
    aws_server.post("quota", {"region": REGION, "code": CODE, "value": 0})
    dry = clone.play("receipt.yml").stdout
    assert "nothing has been asked for yet: ansible-playbook site.yml, without --check, asks AWS" in dry
    assert clone.play("provision.yml").returncode == 0
    aws_server.forget_calls()
    alone = clone.play("receipt.yml").stdout
    assert "lab    is not there yet" in alone
    assert "for 4 has been PENDING for less than an hour" in alone
    assert "I need 4 vCPUs and have been granted 0" in alone
    assert "next     come back with the same command, today or in days" in alone
    assert aws_server.calls(writes=True) == []
    aws_server.post("quota", {"region": REGION, "code": CODE, "status": "APPROVED"})
    assert (
        "does not exist in us-west-2 (account 000000000000): ansible-playbook site.yml makes it"
        in clone.play("receipt.yml").stdout
    )


def test_12_a_free_plan_that_has_quota_is_told_why_its_launch_is_refused(provision: Provision) -> None:
    provision.server.post("knobs", {"account_plan": "FREE"})
    said = provision().said
    assert "the account is on AWS's free plan; upgrade it" in said
    assert live(provision.server) == []


def test_a_start_without_capacity_says_the_ways_out(provision: Provision) -> None:
    server = provision.server
    sound(provision)
    provision(box_state="stopped")
    full(server, "g5.xlarge")
    said = provision().said
    assert is_sentence(said)
    assert "AWS has no g5.xlarge free in us-west-2a, where the disk of i-" in said
    assert "To another zone" in said
    resized = provision(box_instance_type="g4dn.xlarge")
    assert (resized.said, live(server)[0]["InstanceType"]) == ("", "g4dn.xlarge")


def test_a_start_beyond_the_quota_is_told_before(provision: Provision) -> None:
    sound(provision)
    provision(box_state="stopped")
    provision.server.post("quota", {"region": REGION, "code": CODE, "value": 0})
    assert "granted 0 of 4 vCPUs" in provision().said


def test_a_box_that_waits_for_its_quota_is_still_stopped_tonight(provision: Provision) -> None:
    sound(provision)
    provision(box_state="stopped")
    server = provision.server
    server.post("quota", {"region": REGION, "code": CODE, "value": 0})
    waits = provision(box_stop_time="18:00", box_alarm_hours=10, box_alarm_email="you@example.org")
    assert "granted 0 of 4 vCPUs" in waits.said
    assert {"scheduler:update_schedule", "cloudwatch:put_metric_alarm"} <= set(waits.writes)
    assert waits.results["dlbox_schedule"]["firings"][0]["local"].endswith("18:00 Asia/Shanghai")
    assert [box["State"]["Name"] for box in live(server)] == ["stopped"]


@pytest.fixture
def spot(provision: Provision) -> Provision:
    """The provisioning run of a Spot box, with quota for two."""
    provision.server.post("quota", {"region": REGION, "code": SPOT_CODE, "value": 8})
    provision.settings["box_spot"] = True
    return provision


SPOT_BOX = {**ONE_BOX, "spot-request": 1}


def test_24_a_spot_box_is_persistent_and_stops_on_interruption(spot: Provision) -> None:
    assert spot(box_spot_max_usd="0.9").said == ""
    assert kinds(spot.server) == SPOT_BOX
    (request,) = spot.server.client("ec2").describe_spot_instance_requests()["SpotInstanceRequests"]
    assert (request["Type"], request["InstanceInterruptionBehavior"]) == ("persistent", "stop")
    assert float(request["SpotPrice"]) == 0.9
    assert live(spot.server)[0]["InstanceLifecycle"] == "spot"
    assert spot(box_spot_max_usd="0.9").changes == []


def test_24_an_interrupted_box_waits_and_never_becomes_on_demand(spot: Provision) -> None:
    server = spot.server
    box = spot().results["dlbox_instance"]["instance_id"]
    server.post("interrupt", {"region": REGION, "instance_id": box})
    become(server, box, "stopped")
    server.forget_calls()
    said = spot().said
    assert is_sentence(said)
    assert f"took the capacity of Spot box {box} back" in said
    assert server.calls("RunInstances") == []
    stopped = spot(box_state="stopped").said
    assert "no stop holds it down" in stopped
    params = validated("dlbox_instance", {"box": "lab", "region": REGION, "state": "stopped"})
    with pytest.raises(Refused, match="no stop holds it down"):
        run_noun(NOUNS["dlbox_instance"], params, check=False)
    told = run_noun(NOUNS["dlbox_info"], validated("dlbox_info", {"box": "lab", "region": REGION}), check=False)
    assert told["interrupted"]
    refused = spot(box_spot=False).said
    assert f"{box} is a Spot instance and cannot become On-Demand: set box_spot: true" in refused
    server.post("interrupt", {"region": REGION, "instance_id": box, "resume": True})
    become(server, box, "running")
    assert spot().said == ""
    assert kinds(server) == SPOT_BOX


def test_24_a_spot_box_comes_back_after_its_stop(spot: Provision) -> None:
    server = spot.server
    spot()
    server.post("knobs", {"spot_delay_s": 2})
    assert spot(box_state="stopped").said == ""
    assert spot().said == ""
    assert kinds(server) == SPOT_BOX
    spot(box_state="stopped")
    assert "is a Spot instance, which keeps its type" in spot(box_instance_type="g4dn.xlarge").said


def test_24_an_on_demand_box_does_not_become_spot(provision: Provision) -> None:
    provision.server.post("quota", {"region": REGION, "code": SPOT_CODE, "value": 8})
    provision()
    assert "is an On-Demand instance and cannot become Spot" in provision(box_spot=True).said


@pytest.mark.usefixtures("quick")
def test_24_a_spot_instance_that_came_late_is_ended_with_its_request(spot: Provision) -> None:
    server = spot.server
    server.fault("RunInstances", kind="drop", when="after", times=TRIES)
    run = spot()
    assert run.said == ""
    assert tried(run)[0][2] == "no answer"
    # The one that is ended takes a moment to be gone.
    assert until(lambda: kinds(server) == SPOT_BOX)
    assert spot().changes == []


def test_24_an_open_request_keeps_an_on_demand_launch_away_too(spot: Provision) -> None:
    server = spot.server
    box = spot().results["dlbox_instance"]["instance_id"]
    full(server, "g5.xlarge", spot=True)
    server.client("ec2").terminate_instances(InstanceIds=[box])
    become(server, box, "terminated")
    assert "launches by itself" in spot(box_spot=False).said
    assert live(server) == []


def test_24_destroy_ends_what_the_request_launched_in_place_of_the_box(spot: Provision) -> None:
    server = spot.server
    box = spot().results["dlbox_instance"]["instance_id"]
    server.client("ec2").terminate_instances(InstanceIds=[box])
    become(server, box, "terminated")
    (again,) = until(lambda: live(server))
    assert again["InstanceId"] != box
    assert destroy(spot).said == ""
    assert kinds(server) == {}


def test_24_a_box_whose_request_was_cancelled_is_told_that_nothing_stops_it(spot: Provision) -> None:
    spot()
    ec2 = spot.server.client("ec2")
    (request,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[request["SpotInstanceRequestId"]])
    assert "was cancelled, and AWS stops no such instance" in spot().said
    assert destroy(spot).said == ""
    assert kinds(spot.server) == {}


def test_24_a_request_that_aws_has_forgotten_does_not_keep_destroy_from_ending_the_instance(spot: Provision) -> None:
    spot()
    ec2 = spot.server.client("ec2")
    (request,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[request["SpotInstanceRequestId"]])
    spot.server.fault("CancelSpotInstanceRequests", code="InvalidSpotInstanceRequestID.NotFound", status=400)
    assert destroy(spot).said == ""
    assert live(spot.server) == []


def test_24_destroy_cancels_the_request_first(spot: Provision) -> None:
    server = spot.server
    spot()
    server.forget_calls()
    assert destroy(spot).said == ""
    writes = [call["action"] for call in server.calls(writes=True)]
    assert writes.index("CancelSpotInstanceRequests") < writes.index("TerminateInstances")
    assert kinds(server) == {}


def test_24_a_request_that_goes_on_without_its_instance_is_ended_by_destroy(spot: Provision) -> None:
    server = spot.server
    box = spot().results["dlbox_instance"]["instance_id"]
    full(server, "g5.xlarge", spot=True)
    server.client("ec2").terminate_instances(InstanceIds=[box])
    become(server, box, "terminated")
    said = spot().said
    assert "of this box is open" in said
    assert "launches by itself" in said
    assert destroy(spot).said == ""
    assert kinds(server) == {}


def test_8_spot_without_capacity_or_under_its_price_goes_elsewhere_and_says_so(spot: Provision) -> None:
    server = spot.server
    full(server, "g5.xlarge", "a", spot=True)
    server.post("spot", {"region": REGION, "type": "g5.xlarge", "zone": "us-west-2b", "usd": 0.9})
    run = spot(box_spot_max_usd="0.5")
    assert tried(run) == [("g5.xlarge", "a", NONE), ("g5.xlarge", "b", "SpotMaxPriceTooLow"), ("g5.xlarge", "c", None)]
    assert run.said == ""


def test_9_requests_of_others_that_wait_for_capacity_count_too(spot: Provision) -> None:
    server = spot.server
    spot("lab-2", box_instance_type="g5.2xlarge")
    (other,) = live(server)
    full(server, "g5.2xlarge", spot=True)
    server.client("ec2").terminate_instances(InstanceIds=[other["InstanceId"]])
    become(server, other["InstanceId"], "terminated")
    assert "granted 8 of 12 vCPUs" in spot().said
    assert live(server) == []


def test_9_a_spot_limit_is_a_quota_too(spot: Provision) -> None:
    spot.server.fault("RunInstances", code="MaxSpotInstanceCountExceeded", status=400, times=-1)
    said = spot().said
    assert f"although quota {SPOT_CODE} (All G and VT Spot Instance Requests) grants 8 vCPUs and 4 are needed" in said
