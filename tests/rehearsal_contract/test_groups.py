"""Contracts of security groups and the console's prefix list."""

from __future__ import annotations

from typing import Any

from .world import World, code


def rule(**more: Any) -> list[dict[str, Any]]:
    """One opening of port 22."""
    return [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **more}]


def openings(aws: World, group: str) -> list[str]:
    """The ranges that a group opens."""
    found = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    return [one["CidrIp"] for permission in found for one in permission["IpRanges"]]


def test_one_in_use_is_not_deleted(aws: World) -> None:
    group = aws.group()
    aws.launched(SecurityGroupIds=[group])
    assert code(aws.ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_a_stopped_instance_still_uses_it_and_a_terminated_one_does_not(aws: World) -> None:
    group = aws.group()
    ident = aws.stopped(SecurityGroupIds=[group])
    assert code(aws.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    aws.ec2.terminate_instances(InstanceIds=[ident])
    aws.settled(ident, "terminated")
    aws.ec2.delete_security_group(GroupId=group)


def test_one_that_another_names_is_not_deleted(aws: World) -> None:
    group, other = aws.group(), aws.group("other")
    pairs = rule(UserIdGroupPairs=[{"GroupId": group}])
    aws.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=pairs)
    assert code(aws.ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_a_new_description_returns_true(aws: World) -> None:
    group = aws.group()
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(IpRanges=[{"CidrIp": "192.0.2.1/32"}]))
    new = rule(IpRanges=[{"CidrIp": "192.0.2.1/32", "Description": "mine"}])
    answer = aws.ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=new)
    assert answer["Return"] is True
    found = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]
    assert found["IpRanges"] == [{"CidrIp": "192.0.2.1/32", "Description": "mine"}]


def test_a_cidr_is_kept_in_its_canonical_form(aws: World) -> None:
    group = aws.group()
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(IpRanges=[{"CidrIp": "10.0.0.7/8"}]))
    assert openings(aws, group) == ["10.0.0.0/8"]
    aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(IpRanges=[{"CidrIp": "10.0.0.9/8"}]))
    assert openings(aws, group) == []


def test_rules_are_opened_all_or_none(aws: World) -> None:
    group, one, other = aws.group(), {"CidrIp": "192.0.2.1/32"}, {"CidrIp": "192.0.2.2/32"}
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(IpRanges=[one]))
    both = rule(IpRanges=[other]) + rule(IpRanges=[one])
    refused = code(aws.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=both)
    assert refused == "InvalidPermission.Duplicate"
    assert openings(aws, group) == ["192.0.2.1/32"]


def test_the_consoles_prefix_list_exists_and_opens_a_port(aws: World) -> None:
    name = "com.amazonaws.us-west-2.ec2-instance-connect"
    found = aws.ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [name]}])
    ident = found["PrefixLists"][0]["PrefixListId"]
    group = aws.group()
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(PrefixListIds=[{"PrefixListId": ident}]))
    opened = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]
    assert [one["PrefixListId"] for one in opened["PrefixListIds"]] == [ident]


def test_a_prefix_list_keeps_its_description(aws: World) -> None:
    ident = aws.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    group, text = aws.group(), ""
    for text in ("mine", "yours"):
        permissions = rule(PrefixListIds=[{"PrefixListId": ident, "Description": text}])
        if text == "mine":
            aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
        else:
            aws.ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=permissions)
        found = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]
        assert found["PrefixListIds"] == [{"PrefixListId": ident, "Description": text}]
        rules = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
        assert [one.get("Description") for one in rules["SecurityGroupRules"] if not one["IsEgress"]] == [text]


def test_tags_are_honoured_at_creation(world: World) -> None:
    tags = [{"Key": "dlbox:box", "Value": "lab"}]
    world.ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    group = [{"ResourceType": "security-group", "Tags": tags}]
    world.ec2.create_security_group(GroupName="g", Description="g", TagSpecifications=group)
    assert [one["kind"] for one in world.server.inventory("dlbox:box", "lab")] == ["address", "security-group"]
