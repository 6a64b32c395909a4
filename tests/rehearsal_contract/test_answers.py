"""Contracts of single fields."""

from __future__ import annotations

import subprocess
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from .world import ED25519, World, code


def test_an_ed25519_fingerprint_is_that_of_ssh_keygen_padded(aws: World, tmp_path: Path) -> None:
    aws.key()
    (tmp_path / "key.pub").write_text(ED25519)
    said = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    ).stdout
    fingerprint = aws.ec2.describe_key_pairs(KeyNames=["k"])["KeyPairs"][0]["KeyFingerprint"]
    assert fingerprint == said.split()[1].removeprefix("SHA256:") + "="


def test_an_address_is_an_elastic_ip_to_describe_tags(aws: World) -> None:
    aws.ec2.create_tags(Resources=[aws.address()], Tags=[{"Key": "a", "Value": "b"}])
    found = aws.ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["elastic-ip"]}])["Tags"]
    assert [one["ResourceType"] for one in found] == ["elastic-ip"]


def test_a_zone_says_whether_it_was_opted_in(aws: World) -> None:
    zone = aws.ec2.describe_availability_zones()["AvailabilityZones"][0]
    assert (zone["OptInStatus"], zone["GroupName"]) == ("opt-in-not-required", "us-west-2-zg-1")


def test_a_role_update_keeps_what_it_does_not_name(aws: World) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}", Description="mine", MaxSessionDuration=7200)
    iam.update_role(RoleName="r", Description="yours")
    iam.update_role(RoleName="r")
    found = iam.get_role(RoleName="r")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("yours", 7200)


@pytest.mark.parametrize(
    ("service", "call"), [("ec2", "describe_local_gateways"), ("freetier", "list_account_activities")]
)
def test_what_is_not_rehearsed_is_a_readable_501(aws: World, service: str, call: str) -> None:
    with pytest.raises(ClientError) as said:
        getattr(aws.client(service), call)()
    assert said.value.response["Error"]["Code"] == "NotImplemented"
    assert said.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_another_accounts_key_is_another_account(aws: World) -> None:
    other = boto3.Session("111111111111", "x", region_name="us-west-2")
    endpoint = aws.server.url
    assert other.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"] == "111111111111"
    aws.address()
    assert other.client("ec2", endpoint_url=endpoint).describe_addresses()["Addresses"] == []


def test_a_region_that_is_none_is_said_to_be_none(aws: World) -> None:
    assert code(aws.client("ec2", "us-west-9").describe_instances) == "InvalidRegion"
