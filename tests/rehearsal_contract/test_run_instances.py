"""Contracts of a launch."""

from __future__ import annotations

import ipaddress

import pytest

from .world import World, code

DEVICE = "/dev/sda1"


def test_the_same_token_is_the_same_instance(aws: World) -> None:
    assert aws.run(ClientToken="t")["InstanceId"] == aws.run(ClientToken="t")["InstanceId"]


def test_a_token_with_another_type_is_refused(aws: World) -> None:
    aws.launched(ClientToken="t")
    assert code(aws.run, ClientToken="t", InstanceType="t3.medium") == "IdempotentParameterMismatch"


def test_a_token_of_a_terminated_instance_returns_the_dead(aws: World) -> None:
    dead = aws.launched(ClientToken="t")
    aws.ec2.terminate_instances(InstanceIds=[dead])
    aws.settled(dead, "terminated")
    again = aws.run(ClientToken="t")
    assert (again["InstanceId"], again["State"]["Name"]) == (dead, "terminated")


def test_the_root_volume_of_the_image_is_there_beside_a_given_one(aws: World) -> None:
    ident = aws.launched(BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5}}])
    assert {one["DeviceName"] for one in aws.instance(ident)["BlockDeviceMappings"]} == {DEVICE, "/dev/sdf"}


def test_the_root_volume_needs_no_size(aws: World) -> None:
    ident = aws.run(BlockDeviceMappings=[{"DeviceName": DEVICE, "Ebs": {"Encrypted": True, "VolumeType": "gp3"}}])[
        "InstanceId"
    ]
    volume = aws.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [ident]}])["Volumes"][0]
    assert (volume["Size"], volume["Encrypted"], volume["VolumeType"]) == (8, True, "gp3")


def test_the_root_volume_is_deleted_with_its_instance(aws: World) -> None:
    mapping = [{"DeviceName": DEVICE, "Ebs": {"VolumeSize": 20}}]
    ident = aws.launched(BlockDeviceMappings=mapping)
    assert aws.instance(ident)["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is True


def test_a_disk_smaller_than_the_snapshot_is_refused(aws: World) -> None:
    mapping = [{"DeviceName": DEVICE, "Ebs": {"VolumeSize": 30}}]
    assert code(aws.run, ImageId=aws.dlami, BlockDeviceMappings=mapping) == "InvalidBlockDeviceMapping"


def test_throughput_and_iops_are_kept(aws: World) -> None:
    ebs = {"VolumeSize": 20, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    ident = aws.launched(BlockDeviceMappings=[{"DeviceName": DEVICE, "Ebs": ebs}])
    volume = aws.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [ident]}])["Volumes"][0]
    assert (volume["Iops"], volume["Throughput"]) == (4000, 250)


def test_without_a_subnet_it_lands_in_a_default_one(aws: World) -> None:
    found = aws.instance(aws.launched())
    assert ipaddress.ip_address(found["PrivateIpAddress"]) in ipaddress.ip_network("172.31.0.0/16")
    assert found["SubnetId"]


def test_termination_protection_is_set_at_launch(aws: World) -> None:
    ident = aws.launched(DisableApiTermination=True)
    assert code(aws.ec2.terminate_instances, InstanceIds=[ident]) == "OperationNotPermitted"


def test_what_a_launch_says_is_described(world: World) -> None:
    tags = [{"ResourceType": kind, "Tags": [{"Key": "dlbox:box", "Value": "lab"}]} for kind in ("instance", "volume")]
    ident = world.launched(
        InstanceInitiatedShutdownBehavior="terminate",
        MetadataOptions={"HttpTokens": "required"},
        TagSpecifications=tags,
    )
    found = world.instance(ident)
    behaviour = world.ec2.describe_instance_attribute(InstanceId=ident, Attribute="instanceInitiatedShutdownBehavior")
    assert behaviour["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert [one["kind"] for one in world.server.inventory("dlbox:box", "lab")] == ["instance", "volume"]


def test_a_launch_is_found_by_its_token(aws: World) -> None:
    ident = aws.launched(ClientToken="lab-1")
    aws.launched()
    named = [{"Name": "client-token", "Values": ["lab-1"]}]
    found = [one for r in aws.ec2.describe_instances(Filters=named)["Reservations"] for one in r["Instances"]]
    assert [(one["InstanceId"], one["ClientToken"]) for one in found] == [(ident, "lab-1")]


@pytest.mark.parametrize("name", ["instance-lifecycle", "spot-instance-request-id"])
def test_spot_instances_are_found_by_filters(aws: World, name: str) -> None:
    aws.run()
    made = aws.run(InstanceMarketOptions={"MarketType": "spot"})
    value = {"instance-lifecycle": "spot"}.get(name) or made["SpotInstanceRequestId"]
    found = aws.ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}])["Reservations"]
    assert [one["InstanceId"] for r in found for one in r["Instances"]] == [made["InstanceId"]]
