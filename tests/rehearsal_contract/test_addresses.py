"""Contracts of Elastic IPs."""

from __future__ import annotations

import ipaddress

from .world import World, code


def held(aws: World, ident: str, allocation: str) -> str:
    """Associate an address; what it is."""
    aws.ec2.associate_address(InstanceId=ident, AllocationId=allocation)
    return str(aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["PublicIp"])


def test_it_stays_over_stop_and_start(aws: World) -> None:
    ident = aws.launched()
    address = held(aws, ident, aws.address())
    aws.ec2.stop_instances(InstanceIds=[ident])
    aws.settled(ident, "stopped")
    assert aws.instance(ident).get("PublicIpAddress") == address
    aws.ec2.start_instances(InstanceIds=[ident])
    aws.settled(ident, "running")
    assert aws.instance(ident).get("PublicIpAddress") == address


def test_a_terminated_instance_gives_it_back(aws: World) -> None:
    ident, allocation = aws.launched(), aws.address()
    held(aws, ident, allocation)
    aws.ec2.terminate_instances(InstanceIds=[ident])
    assert "AssociationId" not in aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def test_one_in_use_is_not_released(aws: World) -> None:
    ident, allocation = aws.launched(), aws.address()
    held(aws, ident, allocation)
    assert code(aws.ec2.release_address, AllocationId=allocation) == "InvalidIPAddress.InUse"


def test_a_pending_instance_takes_none(aws: World) -> None:
    ident, allocation = aws.run()["InstanceId"], aws.address()
    assert code(aws.ec2.associate_address, InstanceId=ident, AllocationId=allocation) == "InvalidInstanceID"


def test_a_second_association_replaces_the_first(aws: World) -> None:
    ident, first, second = aws.launched(), aws.address(), aws.address()
    held(aws, ident, first)
    address = held(aws, ident, second)
    assert aws.instance(ident)["PublicIpAddress"] == address
    assert "AssociationId" not in aws.ec2.describe_addresses(AllocationIds=[first])["Addresses"][0]


def test_there_is_a_quota(aws: World) -> None:
    for _ in range(5):
        aws.address()
    assert code(aws.ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"


def test_the_quota_is_that_of_service_quotas(world: World) -> None:
    world.server.post("quota", {"region": "us-west-2", "code": "L-0263D0A3", "value": 1})
    world.address()
    assert code(world.ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"


def test_no_public_address_leads_off_this_machine(aws: World) -> None:
    automatic = ipaddress.ip_address(aws.instance(aws.launched())["PublicIpAddress"])
    assert automatic in ipaddress.ip_network("127.0.0.0/8")
    assert automatic not in ipaddress.ip_network("127.0.0.0/15")
