"""Everything that can drift: how it is done by hand, the writes that mend it, and the reason that the run gives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.testing import REGION, Server

NAME = f"dlbox-{REGION}-lab"
ROLE = f"{NAME}-stop"


@dataclass
class World:
    """The box `lab` as a person with the AWS console and a shell meets it."""

    server: Server
    home: Path

    def __post_init__(self) -> None:
        """Clients for what a person does by hand."""
        self.ec2, self.iam = self.server.client("ec2"), self.server.client("iam")
        self.scheduler = self.server.client("scheduler")

    @property
    def box(self) -> dict[str, Any]:
        """The box's live instance."""
        live = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
        named = [{"Name": "key-name", "Values": [NAME]}]
        found = self.ec2.describe_instances(Filters=[*live, *named])["Reservations"]
        box: dict[str, Any] = found[0]["Instances"][0]
        return box

    @property
    def group(self) -> str:
        """The id of the box's security group."""
        found = self.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [NAME]}])
        return str(found["SecurityGroups"][0]["GroupId"])

    @property
    def address(self) -> dict[str, Any]:
        """The box's Elastic IP."""
        found = self.ec2.describe_addresses(Filters=[{"Name": "tag:dlbox:box", "Values": ["lab"]}])
        address: dict[str, Any] = found["Addresses"][0]
        return address

    @property
    def key(self) -> Path:
        """The private key on this machine."""
        return self.home / ".ssh" / f"dlbox-000000000000-{REGION}-lab"

    def wait(self, instance: str, state: str) -> None:
        """Until an instance is in a state."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
            if found[0]["Instances"][0]["State"]["Name"] == state:
                return
            time.sleep(0.02)
        raise TimeoutError(f"{instance} did not become {state}")

    def stop(self) -> str:
        """Stop the box; its id."""
        instance = str(self.box["InstanceId"])
        self.ec2.stop_instances(InstanceIds=[instance])
        self.wait(instance, "stopped")
        return instance

    def terminate(self) -> None:
        """Terminate the box."""
        instance = str(self.box["InstanceId"])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.wait(instance, "terminated")

    def vanish(self) -> None:
        """Terminate the box and release its address."""
        self.terminate()
        self.ec2.release_address(AllocationId=self.address["AllocationId"])

    def lose_key(self) -> Path:
        """Move the private key away; where it is now."""
        return self.key.rename(self.key.with_suffix(".lost"))

    def retype(self, kind: str) -> str:
        """Stop the box and give it another type; its id."""
        instance = self.stop()
        self.ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": kind})
        return instance

    def allow(self, **permission: Any) -> None:
        """Open a rule by hand."""
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[permission])

    def rules(self) -> list[dict[str, Any]]:
        """The rules as EC2 shows them."""
        found = self.ec2.describe_security_groups(GroupIds=[self.group])["SecurityGroups"][0]
        rules: list[dict[str, Any]] = found["IpPermissions"]
        return rules

    def close_one(self) -> None:
        """Remove the rule of port 22."""
        ssh = next(rule for rule in self.rules() if rule["FromPort"] == 22)
        self.ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=[ssh])

    def describe_one(self) -> None:
        """Give the rule of port 22 another description."""
        ssh = next(rule for rule in self.rules() if rule["FromPort"] == 22)
        renamed = {**ssh, "IpRanges": [{"CidrIp": one["CidrIp"], "Description": "mine"} for one in ssh["IpRanges"]]}
        for kind in ("Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
            renamed.pop(kind, None)
        self.ec2.update_security_group_rule_descriptions_ingress(GroupId=self.group, IpPermissions=[renamed])

    def other_group(self) -> str:
        """A security group of somebody else."""
        subnet = self.ec2.describe_subnets()["Subnets"][0]
        name = f"other-{time.monotonic_ns()}"
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"])
        return str(made["GroupId"])

    def regroup(self, *groups: str) -> None:
        """Put the box into these security groups."""
        self.ec2.modify_instance_attribute(InstanceId=self.box["InstanceId"], Groups=list(groups))

    def tag(self, resource: str, **tags: str) -> None:
        """Change tags by hand."""
        pairs = [{"Key": key.replace("__", ":"), "Value": value} for key, value in tags.items()]
        self.ec2.create_tags(Resources=[resource], Tags=pairs)

    def untag(self, resource: str, key: str) -> str:
        """Remove a tag by hand; the resource's id."""
        self.ec2.delete_tags(Resources=[resource], Tags=[{"Key": key}])
        return resource

    def pair(self) -> str:
        """The id of the box's key pair."""
        return str(self.ec2.describe_key_pairs(KeyNames=[NAME])["KeyPairs"][0]["KeyPairId"])

    def leave_address(self) -> dict[str, Any]:
        """Take the address off the box."""
        address = self.address
        self.ec2.disassociate_address(AssociationId=address["AssociationId"])
        return address

    def second_address(self) -> None:
        """Allocate another address with the box's tag."""
        tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "dlbox:box", "Value": "lab"}]}]
        self.ec2.allocate_address(Domain="vpc", TagSpecifications=tags)

    def move_address(self) -> None:
        """Put the box's address onto somebody else's instance."""
        image = self.ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]
        made = self.ec2.run_instances(ImageId=image["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
        other = made["Instances"][0]["InstanceId"]
        self.wait(other, "running")
        address = self.leave_address()
        self.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=other)

    def statement(self, **fields: Any) -> None:
        """Change the stop role's policy by hand."""
        document = self.iam.get_role_policy(RoleName=ROLE, PolicyName="stop")["PolicyDocument"]
        document["Statement"][0].update(fields)
        self.iam.put_role_policy(RoleName=ROLE, PolicyName="stop", PolicyDocument=json.dumps(document))

    def trust(self, **fields: Any) -> None:
        """Change whom the stop role trusts."""
        document = self.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
        document["Statement"][0].update(fields)
        self.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))

    def delete_role(self) -> None:
        """Delete the stop role."""
        self.iam.delete_role_policy(RoleName=ROLE, PolicyName="stop")
        self.iam.delete_role(RoleName=ROLE)

    def reschedule(self, **fields: Any) -> None:
        """Change the schedule by hand."""
        now = self.scheduler.get_schedule(Name="stop", GroupName=NAME)
        kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target")
        self.scheduler.update_schedule(Name="stop", GroupName=NAME, **{key: now[key] for key in kept} | fields)

    def retarget(self, **fields: Any) -> None:
        """Change what the schedule does."""
        now = self.scheduler.get_schedule(Name="stop", GroupName=NAME)["Target"]
        self.reschedule(Target=now | fields)


@dataclass(frozen=True)
class Drift:
    """One thing that drifted: by whose hand, the writes that mend it, the reason given, the settings of the run."""

    by_hand: Callable[[World], Any]
    writes: list[str]
    reason: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """One thing that dlbox does not mend by itself: what it says, and how a person puts it right."""

    by_hand: Callable[[World], Any]
    said: str
    put_right: Callable[[World, Any], Any]
    settings: dict[str, Any] = field(default_factory=dict)


def ec2(*operations: str) -> list[str]:
    """Writes of EC2."""
    return [f"ec2:{operation}" for operation in operations]


WORLD4, WORLD6 = [{"CidrIp": "0.0.0.0/0"}], [{"CidrIpv6": "::/0"}]
PORT22 = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
# The dead instance holds the token of its generation, so the group is told the next one first.
LAUNCH = ec2("create_tags", "run_instances")
PERMIT, TRUST, UPDATE = "iam:put_role_policy", "iam:update_assume_role_policy", "scheduler:update_schedule"
FOLLOW = [PERMIT, UPDATE]
ATTRIBUTE = "modify_instance_attribute"

DRIFTS: dict[str, Drift] = {
    "key pair deleted in EC2": Drift(
        lambda w: w.ec2.delete_key_pair(KeyName=NAME), ec2("import_key_pair"), "EC2 has none of this name"
    ),
    "key file readable by others": Drift(lambda w: w.key.chmod(0o644), [], "others could read it"),
    "tag removed from the key pair": Drift(
        lambda w: w.untag(w.pair(), "dlbox:box"), ec2("create_tags"), "its tags differ"
    ),
    "rule opened to the world": Drift(
        lambda w: w.allow(**PORT22, IpRanges=WORLD4), ec2("revoke_security_group_ingress"), "no setting asks for it"
    ),
    "rule opened to the IPv6 world": Drift(
        lambda w: w.allow(**PORT22, Ipv6Ranges=WORLD6), ec2("revoke_security_group_ingress"), "no setting asks for it"
    ),
    "rule of every protocol": Drift(
        lambda w: w.allow(IpProtocol="-1", IpRanges=[{"CidrIp": "198.51.100.0/24"}]),
        ec2("revoke_security_group_ingress"),
        "no setting asks for it",
    ),
    "rule from another group": Drift(
        lambda w: w.allow(**PORT22, UserIdGroupPairs=[{"GroupId": w.other_group()}]),
        ec2("revoke_security_group_ingress"),
        "no setting asks for it",
    ),
    "rule missing": Drift(World.close_one, ec2("authorize_security_group_ingress"), "the ports ask for it"),
    "rule's description": Drift(
        World.describe_one, ec2("update_security_group_rule_descriptions_ingress"), "the description differs"
    ),
    "port asked for": Drift(
        lambda w: None,
        ec2("authorize_security_group_ingress"),
        "the ports ask for it",
        {"box_extra_ports": [80]},
    ),
    "port no longer asked for": Drift(lambda w: None, ec2("revoke_security_group_ingress"), "no setting asks for it"),
    "tag removed from the group": Drift(
        lambda w: w.untag(w.group, "dlbox:box"), ec2("create_tags"), "its tags differ"
    ),
    "tag changed on the group": Drift(lambda w: w.tag(w.group, Name="x"), ec2("create_tags"), "its tags differ"),
    "tag changed on the instance": Drift(
        lambda w: w.tag(w.box["InstanceId"], Name="x"), ec2("create_tags"), "its tags differ"
    ),
    "tag removed from the instance": Drift(
        lambda w: w.untag(w.box["InstanceId"], "Name"), ec2("create_tags"), "its tags differ"
    ),
    "IMDSv1 allowed": Drift(
        lambda w: w.ec2.modify_instance_metadata_options(InstanceId=w.box["InstanceId"], HttpTokens="optional"),
        ec2("modify_instance_metadata_options"),
        "IMDSv1",
    ),
    "a shutdown terminates": Drift(
        lambda w: w.ec2.modify_instance_attribute(
            InstanceId=w.box["InstanceId"], InstanceInitiatedShutdownBehavior={"Value": "terminate"}
        ),
        ec2(ATTRIBUTE),
        "would lose the disk",
    ),
    "moved to another group": Drift(
        lambda w: w.regroup(w.other_group()), ec2(ATTRIBUTE), "not in the box's security group alone"
    ),
    "also in another group": Drift(
        lambda w: w.regroup(w.group, w.other_group()), ec2(ATTRIBUTE), "not in the box's security group alone"
    ),
    "disk smaller than asked": Drift(
        lambda w: None, ec2("modify_volume"), "box_disk_gib is larger", {"box_disk_gib": 120}
    ),
    "stopped": Drift(World.stop, ec2("start_instances"), "it is stopped"),
    "type of the stopped box": Drift(
        lambda w: w.retype("g4dn.xlarge"), ec2(ATTRIBUTE, "start_instances"), "box_instance_type differs"
    ),
    "address taken off": Drift(World.leave_address, ec2("associate_address"), "the box is not at its address"),
    "address released": Drift(
        lambda w: w.ec2.release_address(AllocationId=w.leave_address()["AllocationId"]),
        ec2("allocate_address", "associate_address"),
        "the box has none",
    ),
    "address on another instance": Drift(
        World.move_address, ec2("associate_address"), "the box is not at its address"
    ),
    "second address": Drift(World.second_address, ec2("release_address"), "would bill for nothing"),
    "tag removed from the address": Drift(
        lambda w: w.untag(w.address["AllocationId"], "Name"), ec2("create_tags"), "its tags differ"
    ),
    "policy widened": Drift(lambda w: w.statement(Resource="*"), [PERMIT], "does not allow exactly what"),
    "policy without its condition": Drift(lambda w: w.statement(Condition={}), [PERMIT], "does not allow exactly"),
    "policy removed": Drift(
        lambda w: w.iam.delete_role_policy(RoleName=ROLE, PolicyName="stop"), [PERMIT], "has no policy of this name"
    ),
    "trust widened": Drift(lambda w: w.trust(Condition={}), [TRUST], "not trusted to the box's schedule group alone"),
    "trusted to another service": Drift(
        lambda w: w.trust(Principal={"Service": "lambda.amazonaws.com"}), [TRUST], "not trusted to the box's"
    ),
    "tag removed from the role": Drift(
        lambda w: w.iam.untag_role(RoleName=ROLE, TagKeys=["dlbox:box"]), ["iam:tag_role"], "its tags differ"
    ),
    "role deleted": Drift(World.delete_role, ["iam:create_role", PERMIT], "the schedule needs it"),
    "time changed": Drift(
        lambda w: w.reschedule(ScheduleExpression="cron(0 3 * * ? *)"), [UPDATE], "box_stop_time differs"
    ),
    "zone changed": Drift(lambda w: w.reschedule(ScheduleExpressionTimezone="UTC"), [UPDATE], "box_timezone differs"),
    "schedule disabled": Drift(lambda w: w.reschedule(State="DISABLED"), [UPDATE], "it is disabled"),
    "fires late": Drift(
        lambda w: w.reschedule(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}),
        [UPDATE],
        "it may fire late",
    ),
    "target changed": Drift(
        lambda w: w.retarget(Arn="arn:aws:scheduler:::aws-sdk:ec2:rebootInstances"),
        [UPDATE],
        "does something else than stop",
    ),
    "another instance as target": Drift(
        lambda w: w.retarget(Input='{"InstanceIds": ["i-0123456789abcdef0"]}'), [UPDATE], "another instance"
    ),
    "retry policy": Drift(
        lambda w: w.retarget(RetryPolicy={"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}),
        [UPDATE],
        "the next working day",
    ),
    "schedule deleted": Drift(
        lambda w: w.scheduler.delete_schedule(Name="stop", GroupName=NAME),
        ["scheduler:create_schedule"],
        "nothing would stop the box",
    ),
    "schedule group deleted": Drift(
        lambda w: w.scheduler.delete_schedule_group(Name=NAME),
        ["scheduler:create_schedule_group", "scheduler:create_schedule"],
        "there is none of this name",
    ),
    "terminated": Drift(World.terminate, [*LAUNCH, *FOLLOW, *ec2("associate_address")], "no live instance carries the box's tag"),
    "terminated and its address released": Drift(
        World.vanish,
        [*LAUNCH, *FOLLOW, *ec2("allocate_address", "associate_address")],
        "no live instance carries the box's tag",
    ),
    "alarm asked for": Drift(
        lambda w: None,
        [*ec2("create_tags"), "sns:create_topic", "sns:subscribe", "cloudwatch:put_metric_alarm"],
        "later runs look for an alarm",
        {"box_alarm_hours": 10, "box_alarm_email": "you@example.org"},
    ),
    "terminated, with an alarm": Drift(
        World.terminate, [*LAUNCH, *FOLLOW, "cloudwatch:put_metric_alarm", *ec2("associate_address")], "no live instance carries the box's tag"
    ),
}  # fmt: skip


def replace_pair(world: World) -> bytes:
    """Import another key under the box's name; returns the right public half."""
    right = world.key.with_name(world.key.name + ".pub").read_bytes()
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl other"
    world.ec2.delete_key_pair(KeyName=NAME)
    world.ec2.import_key_pair(KeyName=NAME, PublicKeyMaterial=other.encode())
    return right


def restart(world: World, kind: str) -> str:
    """Give the box another type by hand and start it."""
    instance = world.retype(kind)
    world.ec2.start_instances(InstanceIds=[instance])
    world.wait(instance, "running")
    return instance


REFUSALS: dict[str, Refusal] = {
    "key file lost": Refusal(
        World.lose_key,
        "is gone while EC2 still has key pair",
        lambda w, kept: kept.rename(w.key),
    ),
    "key pair of another key": Refusal(
        replace_pair, "dlbox never replaces a key", lambda w, kept: w.ec2.delete_key_pair(KeyName=NAME)
    ),
    "disk larger than asked": Refusal(
        lambda w: None, "box_disk_gib: the disk of", lambda w, kept: None, {"box_disk_gib": 90}
    ),
    "type of the running box": Refusal(
        lambda w: restart(w, "g4dn.xlarge"),
        "a type changes only while the box is stopped",
        lambda w, kept: restart(w, "g5.xlarge"),
    ),
    "box tag removed from the instance": Refusal(
        lambda w: w.untag(w.box["InstanceId"], "dlbox:box"),
        "put the tag back to keep it",
        lambda w, kept: w.tag(kept, dlbox__box="lab"),
    ),
    "box tag removed from the address": Refusal(
        lambda w: w.untag(w.address["AllocationId"], "dlbox:box"),
        "put the tag back to keep it",
        lambda w, kept: w.tag(kept, dlbox__box="lab"),
    ),
    "a second instance with the box's tag": Refusal(
        lambda w: second_instance(w), "both carry the tag", lambda w, kept: w.ec2.terminate_instances(InstanceIds=[kept])
    ),
}  # fmt: skip


def second_instance(world: World) -> str:
    """Somebody's instance that carries the box's tag."""
    image = world.ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]
    made = world.ec2.run_instances(ImageId=image["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = str(made["Instances"][0]["InstanceId"])
    world.tag(instance, dlbox__box="lab")
    return instance
