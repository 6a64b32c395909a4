"""One rehearsal with real machines for this suite, in a state folder and on a port of its own."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from rehearsal.place import Place

TESTS = pathlib.Path(__file__).parents[1]
REGION = "us-west-2"
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"


def cli(state: pathlib.Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `python -m rehearsal` on a state folder; its progress goes where the test's own output goes."""
    command = [sys.executable, "-m", "rehearsal", "--state", str(state), *words]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=check, timeout=900)


def until(what: str, ready: Callable[[], Any], seconds: float = 30) -> float:
    """Wait for a condition and return how long it took; name it when it does not come."""
    began = time.monotonic()
    while not ready():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def free_port() -> int:
    """Return a loopback port that nobody holds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Rehearsal:
    """A rehearsal that is up, and a key to its machines."""

    state: pathlib.Path
    port: int
    key: pathlib.Path

    @property
    def place(self) -> Place:
        """Its state folder and names."""
        return Place(self.state)

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=f"http://127.0.0.1:{self.port}", **keys)


@dataclass
class Box:
    """An instance with an Elastic IP."""

    rehearsal: Rehearsal
    id: str
    group: str
    ip: str

    @property
    def state(self) -> str:
        """Its state as AWS says it."""
        found = self.rehearsal.client("ec2").describe_instances(InstanceIds=[self.id])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine through its Elastic IP."""
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        words = [word for option in [*options, "ConnectTimeout=5"] for word in ("-o", option)]
        call = ["ssh", "-i", str(self.rehearsal.key), *words, f"ubuntu@{self.ip}", command]
        return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)

    def reachable(self) -> bool:
        """Tell whether one can log in."""
        return self.ssh("true").returncode == 0


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal with machines, taken down at the end."""
    folder = tmp_path_factory.mktemp("machines")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    found = Rehearsal(folder / "state", free_port(), key)
    try:
        cli(found.state, "up", "--port", str(found.port))
        yield found
    finally:
        cli(found.state, "down")


def launch(rehearsal: Rehearsal, name: str, **more: Any) -> Box:
    """Launch an instance as a box is launched: key, group with SSH for the caller, default subnet, Elastic IP."""
    ec2 = rehearsal.client("ec2")
    ec2.import_key_pair(KeyName=name, PublicKeyMaterial=rehearsal.key.with_suffix(".pub").read_bytes())
    subnet = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"])["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "127.0.0.1/32"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    image = rehearsal.client("ssm").get_parameter(Name=UBUNTU)["Parameter"]["Value"]
    wanted = {"ImageId": image, "InstanceType": "t3.micro", "KeyName": name, "SubnetId": subnet["SubnetId"]}
    made = ec2.run_instances(**wanted, SecurityGroupIds=[group], MinCount=1, MaxCount=1, **more)
    address = ec2.allocate_address(Domain="vpc")
    box = Box(rehearsal, made["Instances"][0]["InstanceId"], group, address["PublicIp"])
    until("the instance runs", lambda: box.state == "running")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=box.id)
    until("one can log in", box.reachable)
    return box


@pytest.fixture(scope="session")
def box(rehearsal: Rehearsal) -> Box:
    """A machine that all tests share; each leaves it running."""
    return launch(rehearsal, "lab")
