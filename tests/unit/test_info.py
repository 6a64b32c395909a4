"""What a box costs, what of it bills, and how it is shown."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import info
from dlbox.names import Scope
from hypothesis import given
from hypothesis import strategies as st

DISK = {"VolumeId": "vol-1", "Size": 73, "Tags": {}}
ADDRESS = {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1", "Tags": {"dlbox:box": "lab"}}
ANOTHERS = {"AllocationId": "eipalloc-2", "PublicIp": "198.51.100.2", "Tags": {"dlbox:box": "lab-2"}}
BOX = {"InstanceId": "i-1", "InstanceType": "g5.xlarge", "State": "running", "PublicIpAddress": "192.0.2.1"}
SCHEDULE = {"ScheduleExpression": "cron(30 20 * * ? *)", "ScheduleExpressionTimezone": "Asia/Shanghai", "State": "ENABLED", "StartDate": None, "Description": None, "LastModificationDate": "2026-11-01T00:00:00+00:00", "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "Input": '{"InstanceIds":["i-1"]}'}}  # fmt: skip
PRICES = {"price_instance": 1.006, "price_disk": 0.08, "price_address": 0.005}


def seen(**parts: Any) -> dict[str, Any]:
    """A box that stands: an instance, a disk of 73 GiB, which costs 0.008 an hour, and an address."""
    account = {"account": "123456789012", "partition": "aws", "rehearsal": False, "now": "2026-11-22T12:00:00+00:00"}
    return {
        "account": account, "instances": [BOX], "tagged_volumes": [DISK], "addresses": [ADDRESS], "spot_requests": [], "schedules": {"stop": SCHEDULE}, "function_role": None,
        "key_pairs": [], "groups": [], **PRICES, **parts,
    }  # fmt: skip


def shown(**parts: Any) -> dict[str, Any]:
    return info.result(info.Want(Scope("lab", "us-west-2"), "", "24.04", ""), seen(**parts), {})


@pytest.mark.parametrize(
    ("parts", "hourly", "stopped"),
    [
        pytest.param({}, 1.019, 0.013, id="running"),
        pytest.param({"instances": [{**BOX, "State": "pending"}]}, 1.019, 0.013, id="pending bills"),
        pytest.param({"instances": [{**BOX, "State": "stopped"}]}, 0.013, 0.013, id="stopped"),
        pytest.param({"instances": [{**BOX, "State": "stopping"}]}, 0.013, 0.013, id="stopping"),
        pytest.param({"instances": []}, 0.013, 0.013, id="disk and address left over"),
        pytest.param({"instances": [], "tagged_volumes": [], "addresses": []}, 0.0, 0.0, id="nothing"),
        pytest.param({"addresses": [ADDRESS, ADDRESS]}, 1.024, 0.018, id="two addresses"),
        pytest.param({"addresses": [ADDRESS, ANOTHERS]}, 1.019, 0.013, id="another box's address"),
        pytest.param({"tagged_volumes": [DISK, DISK]}, 1.027, 0.021, id="two disks"),
        pytest.param({"price_instance": None}, None, 0.013, id="no price of the type"),
        pytest.param({"price_disk": None}, None, None, id="no price of the disk"),
        pytest.param({"price_address": None}, None, None, id="no price of the address"),
        pytest.param({"instances": [], "price_instance": None}, 0.013, 0.013, id="no price of what is not there"),
    ],
)
def test_costs(parts: dict[str, Any], hourly: float | None, stopped: float | None) -> None:
    told = shown(**parts)
    assert (told["hourly_usd"], told["hourly_usd_stopped"]) == (hourly, stopped)


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=5))
def test_one_unknown_price_makes_the_sum_unknown(prices: list[float | None]) -> None:
    total = info.total(prices)
    known = [price for price in prices if price is not None]
    assert (total is None) is (len(known) < len(prices))
    assert total is None or total == pytest.approx(sum(known), abs=1e-4)


def test_what_bills_in_words() -> None:
    assert info.bills(seen()) == ["instance i-1 (g5.xlarge, running)", "disk vol-1 (73 GiB)", "address 198.51.100.1"]
    stopped = seen(instances=[{**BOX, "State": "stopped"}])
    assert info.bills(stopped)[0] == "instance i-1 (g5.xlarge, stopped: free of charge until it starts)"
    assert info.bills(seen(instances=[], tagged_volumes=[], addresses=[])) == []
    left = {"id": "sir-1", "state": "open", "why": "capacity-not-available", "instance": None}
    nothing = {"instances": [], "tagged_volumes": [], "addresses": []}
    assert info.bills(seen(**nothing, spot_requests=[left])) == ["Spot request sir-1 (open: it launches by itself)"]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ({"ami": "ami-2", "name": "Deep Learning 2027"}, {"ami": "ami-2", "name": "Deep Learning 2027"}),
        ({"ami": "ami-1", "name": "Deep Learning 2026"}, None),
        (None, None),
    ],
    ids=["another", "the same", "not known"],
)
def test_a_newer_image_is_told_of(image: dict[str, Any] | None, told: dict[str, str] | None) -> None:
    assert shown(instances=[{**BOX, "ImageId": "ami-1"}], newest_image=image)["newer_ami"] == told
    assert shown(instances=[], newest_image=image)["newer_ami"] is None


@pytest.mark.parametrize(
    ("parts", "state", "ip"),
    [
        ({}, "running", "198.51.100.1"),
        ({"addresses": []}, "running", "192.0.2.1"),
        ({"instances": []}, "absent", "198.51.100.1"),
        ({"instances": [], "addresses": []}, "absent", None),
    ],
)
def test_the_box_as_shown(parts: dict[str, Any], state: str, ip: str | None) -> None:
    told = shown(**parts)
    assert (told["state"], told["public_ip"], told["account"]) == (state, ip, "123456789012")


@pytest.mark.parametrize(
    ("schedule", "stops"),
    [(SCHEDULE, True), (None, False), ({**SCHEDULE, "State": "DISABLED"}, False)],
    ids=["daily", "none", "disabled"],
)
def test_the_next_stop(schedule: Any, stops: bool) -> None:
    told = shown(schedules={"stop": schedule} if schedule else {})["next_stop"]
    assert bool(told) is stops
    assert not told or told["local"].endswith("20:30 Asia/Shanghai")
    assert not told or told["utc"] == "2026-11-22T12:30:00Z"


def test_prices_are_asked_for_what_exists_alone() -> None:
    want = info.Want(Scope("lab", "us-west-2"), "", "24.04", "")
    assert not {part for part in info.needs(want, {}) if part.startswith("price")}
    assert info.needs(want, seen()) >= PRICES.keys()
    assert not info.needs(want, seen(instances=[], tagged_volumes=[], addresses=[])) & PRICES.keys()


def test_a_schedule_that_aims_at_a_replaced_instance_stops_nothing() -> None:
    elsewhere = SCHEDULE | {"Target": SCHEDULE["Target"] | {"Input": '{"InstanceIds":["i-9"]}'}}
    assert shown(schedules={"stop": elsewhere})["next_stop"] is None
    assert shown()["next_stop"] is not None
