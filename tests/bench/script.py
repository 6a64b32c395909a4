"""The yardstick: one box ensured by a plain boto3 script with threads, the same state as playbooks/provision.yml makes.

python tests/bench/script.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BOX, REGION, TYPE, DISK = "lab", "us-west-2", "g5.xlarge", 100
NAME = f"dlbox-{REGION}-{BOX}"
ROLE = f"{NAME}-stop"
TAGS = [{"Key": "dlbox:box", "Value": BOX}, {"Key": "Name", "Value": BOX}]
IMAGES = "/aws/service/deeplearning/ami/x86_64"
IMAGE = f"{IMAGES}/oss-nvidia-driver-gpu-pytorch-2.9-ubuntu-24.04/latest/ami-id"
LIVE = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}

session = boto3.Session(region_name=REGION)
config = Config(retries={"total_max_attempts": 1}, max_pool_connections=16)
ec2, iam, scheduler, ssm, sts = (
    session.client(name, config=config) for name in ("ec2", "iam", "scheduler", "ssm", "sts")
)
pool = ThreadPoolExecutor(16)


def ask(method: Any, **params: Any) -> Future[Any]:
    """A read in the background; None where there is no such thing."""

    def call() -> Any:
        try:
            return method(**params)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "NoSuchEntity"):
                raise
            return None

    return pool.submit(call)


def tagged(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """The filter that finds the box."""
    return [{"Name": "tag:dlbox:box", "Values": [BOX]}, *more]


def spec(*kinds: str) -> list[dict[str, Any]]:
    """Tags that come with the resource."""
    return [{"ResourceType": kind, "Tags": TAGS} for kind in kinds]


def key(account: str, pairs: list[dict[str, Any]]) -> None:
    """The key pair."""
    path = Path(f"~/.ssh/dlbox-{account}-{REGION}-{BOX}").expanduser()
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", NAME, "-f", path], check=True)
    public = subprocess.run(["ssh-keygen", "-y", "-f", path], check=True, capture_output=True, text=True).stdout
    if not pairs:
        ec2.import_key_pair(KeyName=NAME, PublicKeyMaterial=public, TagSpecifications=spec("key-pair"))
    elif pairs[0]["PublicKey"].split()[:2] != public.split()[:2]:
        sys.exit("the key pair is another")


def firewall(groups: list[dict[str, Any]], subnets: Future[Any], source: str) -> str:
    """The security group with its rules; its id."""
    allowed = [{"CidrIp": f"{source}/32", "Description": "dlbox"}]
    wanted = [
        {"IpProtocol": "tcp", "FromPort": a, "ToPort": b, "IpRanges": allowed} for a, b in ((22, 22), (8080, 8089))
    ]
    if not groups:
        vpc = subnets.result()["Subnets"][0]["VpcId"]
        named = {"GroupName": NAME, "Description": f"dlbox {BOX}", "VpcId": vpc}
        groups = [ec2.create_security_group(**named, TagSpecifications=spec("security-group")) | {"IpPermissions": []}]
    here = [{key: item[key] for key in wanted[0] if key in item} for item in groups[0]["IpPermissions"]]
    ident: str = groups[0]["GroupId"]
    if foreign := [item for item in here if item not in wanted]:
        ec2.revoke_security_group_ingress(GroupId=ident, IpPermissions=foreign)
    if missing := [item for item in wanted if item not in here]:
        ec2.authorize_security_group_ingress(GroupId=ident, IpPermissions=missing)
    return ident


def choose(subnets: Future[Any]) -> tuple[str, str, str]:
    """Image, its root device and the subnet of a launch."""
    image = ask(ssm.get_parameter, Name=IMAGE)
    kind = [{"Name": "instance-type", "Values": [TYPE]}]
    zones = ask(ec2.describe_instance_type_offerings, LocationType="availability-zone", Filters=kind)
    facts = ask(ec2.describe_instance_types, InstanceTypes=[TYPE])
    ami = image.result()["Parameter"]["Value"]
    root = ec2.describe_images(ImageIds=[ami])["Images"][0]["RootDeviceName"]
    offered = [item["Location"] for item in zones.result()["InstanceTypeOfferings"]]
    if "x86_64" not in facts.result()["InstanceTypes"][0]["ProcessorInfo"]["SupportedArchitectures"]:
        sys.exit("the image is for another architecture")
    subnet = next(item for item in subnets.result()["Subnets"] if item["AvailabilityZone"] in offered)
    return ami, root, subnet["SubnetId"]


def launch(group: str, ami: str, root: str, subnet: str) -> str:
    """The instance, running; its id."""
    made = ec2.run_instances(
        ImageId=ami, InstanceType=TYPE, MinCount=1, MaxCount=1, KeyName=NAME, SubnetId=subnet,
        SecurityGroupIds=[group], InstanceInitiatedShutdownBehavior="stop", ClientToken=f"script-{os.getpid()}",
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
        BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"VolumeSize": DISK, "VolumeType": "gp3", "Encrypted": True}}],
        TagSpecifications=spec("instance", "volume"),
    )["Instances"][0]["InstanceId"]  # fmt: skip
    while True:
        found = ec2.describe_instances(InstanceIds=[made])["Reservations"]
        if found and found[0]["Instances"][0]["State"]["Name"] == "running":
            return str(made)
        time.sleep(0.5)


def mend(box: dict[str, Any]) -> str:
    """The box that stands as it should; its id."""
    ident: str = box["InstanceId"]
    volumes = ask(ec2.describe_volumes, Filters=[{"Name": "attachment.instance-id", "Values": [ident]}])
    shutdown = ask(ec2.describe_instance_attribute, InstanceId=ident, Attribute="instanceInitiatedShutdownBehavior")
    if box["MetadataOptions"]["HttpTokens"] != "required":
        ec2.modify_instance_metadata_options(InstanceId=ident, HttpTokens="required")
    if shutdown.result()["InstanceInitiatedShutdownBehavior"]["Value"] != "stop":
        ec2.modify_instance_attribute(InstanceId=ident, InstanceInitiatedShutdownBehavior={"Value": "stop"})
    volume = volumes.result()["Volumes"][0]
    if volume["Size"] < DISK:
        ec2.modify_volume(VolumeId=volume["VolumeId"], Size=DISK)
    if box["State"]["Name"] == "stopped":
        ec2.start_instances(InstanceIds=[ident])
    return ident


def address(found: list[dict[str, Any]], instance: str) -> None:
    """The address, on the instance."""
    here = found[0] if found else ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))
    if here.get("InstanceId") != instance:
        ec2.associate_address(AllocationId=here["AllocationId"], InstanceId=instance)


def policies(account: str, instance: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Who may take the role on, and what it may do."""
    source = {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{account}:schedule-group/{NAME}",
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {
        "Effect": "Allow",
        "Action": ["ec2:StopInstances"],
        "Resource": f"arn:aws:ec2:{REGION}:{account}:instance/{instance}",
    }
    own = {"StringEquals": {"ec2:ResourceTag/dlbox:box": BOX}}
    documents = ({**trust, "Condition": {"StringEquals": source}}, {**may, "Condition": own})
    return tuple({"Version": "2012-10-17", "Statement": [item]} for item in documents)  # type: ignore[return-value]


def trusted(account: str, role: Any) -> None:
    """The role of the daily stop, which may do nothing yet."""
    trust, _ = policies(account, "")
    if not role:
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust), Tags=TAGS)
    elif role["Role"]["AssumeRolePolicyDocument"] != trust:
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))


def stop(account: str, instance: str, policy: Any, schedule: Any) -> None:
    """The daily stop."""
    _, permission = policies(account, instance)
    if not policy or policy["PolicyDocument"] != permission:
        iam.put_role_policy(RoleName=ROLE, PolicyName="stop", PolicyDocument=json.dumps(permission))
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
        "RoleArn": f"arn:aws:iam::{account}:role/{ROLE}",
        "Input": json.dumps({"InstanceIds": [instance]}),
        "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10},
    }
    when = {"ScheduleExpression": "cron(0 20 * * ? *)", "ScheduleExpressionTimezone": "Asia/Shanghai"}
    wanted = {**when, "State": "ENABLED", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    if not schedule:
        scheduler.create_schedule(Name="stop", GroupName=NAME, **wanted)
    elif {part: schedule[part] for part in wanted} != wanted:
        scheduler.update_schedule(Name="stop", GroupName=NAME, **wanted)


def main() -> None:
    """Look at everything at once, then make what is missing, side by side where nothing waits for the other."""
    who = ask(sts.get_caller_identity)
    pairs = ask(ec2.describe_key_pairs, Filters=[{"Name": "key-name", "Values": [NAME]}], IncludePublicKey=True)
    groups = ask(ec2.describe_security_groups, Filters=[{"Name": "group-name", "Values": [NAME]}])
    boxes = ask(ec2.describe_instances, Filters=tagged(LIVE))
    addresses = ask(ec2.describe_addresses, Filters=tagged())
    role = ask(iam.get_role, RoleName=ROLE)
    policy = ask(iam.get_role_policy, RoleName=ROLE, PolicyName="stop")
    schedule = ask(scheduler.get_schedule, Name="stop", GroupName=NAME)
    with urllib.request.urlopen(f"{ec2.meta.endpoint_url}/dlbox/checkip") as answer:
        source = answer.read().decode().strip()
    account = who.result()["Account"]
    found = [item for page in boxes.result()["Reservations"] for item in page["Instances"]]
    beside = [pool.submit(key, account, pairs.result()["KeyPairs"]), pool.submit(trusted, account, role.result())]
    if not schedule.result():
        beside.append(pool.submit(scheduler.create_schedule_group, Name=NAME, Tags=TAGS))
    if found:
        firewall(groups.result()["SecurityGroups"], who, source)
        instance = mend(found[0])
    else:
        subnets = ask(ec2.describe_subnets, Filters=[{"Name": "default-for-az", "Values": ["true"]}])
        chosen = pool.submit(choose, subnets)
        group = firewall(groups.result()["SecurityGroups"], subnets, source)
        beside[0].result()
        instance = launch(group, *chosen.result())
    placed = pool.submit(address, addresses.result()["Addresses"], instance)
    for made in beside:
        made.result()
    stop(account, instance, policy.result(), schedule.result())
    placed.result()


if __name__ == "__main__":
    main()
