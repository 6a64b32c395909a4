"""What contract tests set up; whatever fails here is a broken set-up, never a broken contract."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from _pytest.outcomes import Failed
from botocore.exceptions import ClientError
from rehearsal.images import by_parameter
from rehearsal.testing import REGION, Server

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
DLAMI = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.12-ubuntu-24.04/latest/ami-id"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHfq0sGYSkLz3cI4y8RM2Nf4Cy0QwpqbwIQPzXOmYBI box"
Done = TypeVar("Done")


class BrokenSetup(Failed):
    """A step failed that no contract is about."""


def setup(function: Callable[..., Done]) -> Callable[..., Done]:
    """Mark a step whose failure no contract expects."""

    @functools.wraps(function)
    def step(*args: Any, **options: Any) -> Done:
        try:
            return function(*args, **options)
        except Exception as problem:
            raise BrokenSetup(f"the set-up failed: {problem!r}") from problem

    return step


def code(call: Callable[..., Any], **params: Any) -> str:
    """The code of the error that a call ends in, or an empty text."""
    try:
        call(**params)
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return ""


def policy(*statements: Any) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, **condition: Any) -> str:
    """A trust policy for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition}
    return policy(statement)


class World:
    """Clients of one server, and the things a test starts from."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ec2 = server.client("ec2", retries={"total_max_attempts": 1})
        self.image = by_parameter()[UBUNTU].id_in(REGION)
        self.dlami = by_parameter()[DLAMI].id_in(REGION)

    def client(self, service: str, region: str = REGION) -> Any:
        """A client that tries once."""
        return self.server.client(service, region, retries={"total_max_attempts": 1}, read_timeout=10)

    @setup
    def pace(self, seconds: float) -> None:
        """How long a change of state takes; set before an instance is launched, whose age it is compared with."""
        self.server.post("knobs", {"transition_s": seconds})

    def run(self, **params: Any) -> dict[str, Any]:
        """RunInstances with the least it needs."""
        self.key()
        least = {"ImageId": self.image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, "KeyName": "k"}
        found: dict[str, Any] = self.ec2.run_instances(**{**least, **params})["Instances"][0]
        return found

    @setup
    def launched(self, **params: Any) -> str:
        """An instance that runs."""
        ident = str(self.run(**params)["InstanceId"])
        return self.settled(ident, "running")

    @setup
    def settled(self, ident: str, state: str) -> str:
        """Wait until an instance is in a state."""
        for _ in range(100):
            if self.instance(ident)["State"]["Name"] == state:
                return ident
            time.sleep(0.05)
        raise TimeoutError(f"{ident} did not become {state}")

    @setup
    def stopped(self, **params: Any) -> str:
        """An instance that is stopped."""
        ident = self.launched(**params)
        self.ec2.stop_instances(InstanceIds=[ident])
        return self.settled(ident, "stopped")

    @setup
    def instance(self, ident: str) -> dict[str, Any]:
        """An instance as described."""
        found: dict[str, Any] = self.ec2.describe_instances(InstanceIds=[ident])["Reservations"][0]["Instances"][0]
        return found

    @setup
    def key(self) -> None:
        """A key pair named k."""
        if not self.ec2.describe_key_pairs()["KeyPairs"]:
            self.ec2.import_key_pair(KeyName="k", PublicKeyMaterial=ED25519.encode())

    @setup
    def group(self, name: str = "g") -> str:
        """A security group."""
        return str(self.ec2.create_security_group(GroupName=name, Description=name)["GroupId"])

    @setup
    def address(self) -> str:
        """An Elastic IP's allocation id."""
        return str(self.ec2.allocate_address(Domain="vpc")["AllocationId"])

    @setup
    def role(self, document: str, *statements: Any, name: str = "stop") -> str:
        """A role with this trust policy and inline policy of these statements; its ARN."""
        iam = self.client("iam")
        arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="stop", PolicyDocument=policy(*statements))
        return arn
