"""Days with AWS: asked, granted one of four, granted four, two zones without capacity, and a box ended by somebody else. In this order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
AWS = "http://127.0.0.1:4578"
CODE, REGION = "L-DB2E81BA", "us-west-2"


def post(knob: str, body: Any) -> None:
    """Turn a knob of the rehearsal."""
    request = urllib.request.Request(f"{AWS}/dlbox/{knob}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).close()


def calls(action: str) -> list[dict[str, Any]]:
    """The calls of an action so far."""
    with urllib.request.urlopen(f"{AWS}/dlbox/calls") as answer:
        return [call for call in json.load(answer) if call["action"] == action]


def again(*options: str, check: bool = True) -> str:
    """The same command; what it printed."""
    command = [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        str(HERE / "converge.yml"),
        "-i",
        str(HERE / "inventory"),
        *options,
    ]
    env = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is check, done.stdout + done.stderr
    # In one line and without colours, as the surroundings may fold and paint.
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).split())


def instances() -> list[dict[str, Any]]:
    """The box's live instances."""
    filters = [
        {"Name": "tag:dlbox:box", "Values": ["waiting"]},
        {"Name": "instance-state-name", "Values": ["pending", "running"]},
    ]
    found = boto3.client("ec2", region_name=REGION).describe_instances(Filters=filters)["Reservations"]
    return [item for reservation in found for item in reservation["Instances"]]


def test_it_was_asked_for_once_and_the_receipt_says_what_to_do() -> None:
    (asked,) = calls("RequestServiceQuotaIncrease")
    assert asked["params"]["DesiredValue"] == 4
    said = again()
    assert "has been PENDING for less than an hour" in said
    assert "come back with the same command, today or in days" in said
    assert "would bill nothing" in said
    assert len(calls("RequestServiceQuotaIncrease")) == 1


def test_one_of_four_is_not_enough_and_a_follow_up_is_written() -> None:
    post("quota", {"region": REGION, "code": CODE, "status": "APPROVED", "value": 1})
    said = again()
    assert "granted 1 of 4 vCPUs" in said
    assert "I need 4 vCPUs and have been granted 1" in said
    assert len(calls("RequestServiceQuotaIncrease")) == 2
    assert instances() == []


def test_four_are_and_the_same_command_goes_on_where_there_is_capacity() -> None:
    post("quota", {"region": REGION, "code": CODE, "status": "APPROVED", "value": 4})
    for zone in ("a", "b"):
        post("capacity", {"region": REGION, "type": "g6.xlarge", "zone": f"us-west-2{zone}", "free": 0})
    said = again()
    assert "g6.xlarge in us-west-2a: InsufficientInstanceCapacity; trying g6.xlarge in us-west-2b" in said
    (box,) = instances()
    assert box["Placement"]["AvailabilityZone"] == "us-west-2c"
    assert f"g6.xlarge {box['InstanceId']} in us-west-2" in said
    assert "changed=0" in again()


def test_a_box_that_somebody_ended_comes_back_as_another() -> None:
    (before,) = instances()
    boto3.client("ec2", region_name=REGION).terminate_instances(InstanceIds=[before["InstanceId"]])
    again()
    (after,) = instances()
    assert after["InstanceId"] != before["InstanceId"]
    assert "changed=0" in again()


def test_where_no_zone_and_no_type_has_capacity_the_reasons_are_told() -> None:
    (box,) = instances()
    boto3.client("ec2", region_name=REGION).terminate_instances(InstanceIds=[box["InstanceId"]])
    for kind in ("g6.xlarge", "g5.xlarge"):
        post("capacity", [{"region": REGION, "type": kind, "zone": f"us-west-2{zone}", "free": 0} for zone in "abcd"])
    said = again(check=False)
    assert (
        "AWS has no place for waiting now: g6.xlarge in us-west-2a, us-west-2b, us-west-2c, us-west-2d (InsufficientInstanceCapacity), g5"
        in said
    )
    assert "no instance was made, and none bills" in said
    assert instances() == []
