"""The box as its user meets it: SSH, closed ports, drift by hand, the daily stop, the start, the end. In this order."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from browser.notebook import Notebook, send

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEYS = {
    "box",
    "account",
    "region",
    "rehearsal",
    "instance_id",
    "instance_type",
    "public_ip",
    "ssh",
    "urls",
    "password_file",
    "ca_file",
}


@pytest.fixture
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


def play(name: str, *options: str) -> str:
    """Run a playbook with the project's own configuration; what it printed."""
    command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / name), "-i", str(HERE / "inventory"), *options]
    done = subprocess.run(
        command,
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Plain text, whatever colours the surroundings force.
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def ssh(receipt: dict[str, Any], command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the box with the receipt's own ssh line."""
    line = [*shlex.split(receipt["ssh"]), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", command]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.3)


def state(receipt: dict[str, Any]) -> str:
    """EC2's state of the instance."""
    found = boto3.client("ec2").describe_instances(InstanceIds=[receipt["instance_id"]])
    return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])


def test_the_receipt_says_what_is_needed_next(receipt: dict[str, Any]) -> None:
    assert receipt.keys() >= KEYS | {"next_stop", "hourly_usd"}
    assert receipt["rehearsal"] is True
    assert receipt["next_stop"]["local"].endswith("20:00 Asia/Shanghai")
    assert receipt["next_stop"]["utc"].endswith("T12:00:00Z")
    assert receipt["hourly_usd"] > receipt["hourly_usd_stopped"] > 0
    assert Path(os.environ["DLBOX_RECEIPT"]).stat().st_mode & 0o777 == 0o600


def test_the_ssh_line_works(receipt: dict[str, Any]) -> None:
    assert ssh(receipt, "id -un").stdout.strip() == "ubuntu"


def test_a_restart_that_waits_for_a_kernel_is_in_the_receipt(receipt: dict[str, Any]) -> None:
    lab = Notebook(receipt)
    with lab.kernel(lab.api("kernelspecs", lab.token)["default"]) as (kernel, channel):
        send(channel, "import time\ntime.sleep(600)")
        until(lambda: lab.api(f"kernels/{kernel}", lab.token)["execution_state"] == "busy", "the cell")
        changed = json.dumps({"box_jupyter_environment": {"WANDB_MODE": "offline"}})
        said = play("site.yml", "--tags", "jupyter", "-e", changed)
        assert lab.api(f"kernels/{kernel}", lab.token)["execution_state"] == "busy"
    assert "-e jupyter_restart=now restarts it at once" in " ".join(said.split("PLAY [Receipt]")[1].split())


@pytest.mark.parametrize("port", [80, 4577, 8090, 9999])
def test_a_port_that_the_group_does_not_open_does_not_answer(receipt: dict[str, Any], port: int) -> None:
    with pytest.raises(OSError):
        socket.create_connection((receipt["public_ip"], port), timeout=3)


def test_changes_by_hand_are_shown_and_mended_exactly(receipt: dict[str, Any]) -> None:
    ec2, name = boto3.client("ec2"), "dlbox-us-west-2-trial"
    group = ec2.describe_security_groups(GroupNames=[name])["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 9999, "ToPort": 9999, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    boto3.client("scheduler").delete_schedule(Name="stop", GroupName=name)
    said = play("playbooks/provision.yml", "--check", "--diff")
    shown = [line.split(":", 2)[2].split(",")[0].strip() for line in said.splitlines() if line.startswith("+++ after")]
    assert shown == ["close", "create"], said
    assert "tcp 9999 from 0.0.0.0/0" in play("playbooks/provision.yml", "--diff")
    assert "changed=0" in play("playbooks/provision.yml")


def test_the_clock_stops_it_and_start_brings_it_back(receipt: dict[str, Any]) -> None:
    ssh(receipt, "echo kept > ~/note && sync")
    folder = os.environ["DLBOX_STATE"]
    subprocess.run(
        [sys.executable, "-m", "rehearsal", "advance", "--state", folder, "to", "20:01", "Asia/Shanghai"], check=True
    )
    until(lambda: state(receipt) == "stopped", "the daily stop")
    until(lambda: ssh(receipt, "true").returncode != 0, "the machine powered off")
    assert [item["PublicIp"] for item in boto3.client("ec2").describe_addresses()["Addresses"]] == [
        receipt["public_ip"]
    ]
    said = play("playbooks/start.yml")
    assert receipt["public_ip"] in said
    until(lambda: ssh(receipt, "true").returncode == 0, "SSH")
    assert ssh(receipt, "cat ~/note").stdout == "kept\n"


def test_destroy_leaves_nothing(receipt: dict[str, Any]) -> None:
    assert "still bills: nothing" in play("playbooks/destroy.yml", "-e", "confirm=trial")
    assert not Path(os.environ["DLBOX_RECEIPT"]).exists()
    ec2 = boto3.client("ec2")
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_volumes()["Volumes"] == []
    assert state(receipt) == "terminated"
    until(lambda: ssh(receipt, "true").returncode != 0, "the machine's end")
