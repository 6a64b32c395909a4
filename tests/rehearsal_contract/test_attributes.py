"""Contracts of ModifyInstanceAttribute and its kin."""

from __future__ import annotations

from .world import World, code


def test_a_running_instance_is_not_resized(aws: World) -> None:
    ident = aws.launched()
    asked = {"InstanceId": ident, "InstanceType": {"Value": "t3.medium"}}
    assert code(aws.ec2.modify_instance_attribute, **asked) == "IncorrectInstanceState"


def test_a_stopped_instance_is_resized(world: World) -> None:
    ident = world.stopped()
    world.ec2.modify_instance_attribute(InstanceId=ident, InstanceType={"Value": "t3.medium"})
    assert world.instance(ident)["InstanceType"] == "t3.medium"


def test_the_shutdown_behaviour_changes_and_the_groups_stay(aws: World) -> None:
    ident = aws.launched(SecurityGroupIds=[aws.group()])
    aws.ec2.modify_instance_attribute(InstanceId=ident, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    found = aws.ec2.describe_instance_attribute(InstanceId=ident, Attribute="instanceInitiatedShutdownBehavior")
    assert found["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    assert aws.instance(ident)["SecurityGroups"]


def test_metadata_options_keep_what_is_not_named(aws: World) -> None:
    ident = aws.launched(MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
    aws.ec2.modify_instance_metadata_options(InstanceId=ident, InstanceMetadataTags="enabled")
    found = aws.instance(ident)["MetadataOptions"]
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 2)


def test_a_volume_only_grows(aws: World) -> None:
    volume = aws.instance(aws.launched())["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    aws.ec2.modify_volume(VolumeId=volume, Size=20)
    assert code(aws.ec2.modify_volume, VolumeId=volume, Size=10) == "InvalidParameterValue"
    assert aws.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == 20
