"""Two boxes beside what belongs to others: destroying one leaves the rest, destroying both leaves nothing of theirs."""

from __future__ import annotations

import json
from typing import Any

from drift.provision import Provision
from rehearsal.testing import REGION, Server

from .lab import Clone


def bystander(server: Server) -> None:
    """An instance, an address, a schedule and a group of somebody who does not use dlbox."""
    ec2, scheduler = server.client("ec2"), server.client("scheduler")
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    tags = [{"Key": "Name", "Value": "lab"}, {"Key": "team", "Value": "other"}]
    made = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )  # fmt: skip
    ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    subnet = ec2.describe_subnets()["Subnets"][0]
    ec2.create_security_group(GroupName="lab", Description="other", VpcId=subnet["VpcId"])
    scheduler.create_schedule_group(Name="lab")
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
        "RoleArn": made_role(server),
        "Input": json.dumps({"InstanceIds": [made["Instances"][0]["InstanceId"]]}),
    }
    scheduler.create_schedule(
        Name="stop", GroupName="lab", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )  # fmt: skip


def made_role(server: Server) -> str:
    """A role of somebody else's schedule."""
    allow = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    role = server.client("iam").create_role(RoleName="lab-stop", AssumeRolePolicyDocument=document)
    return str(role["Role"]["Arn"])


def lasting(server: Server) -> list[tuple[str, str]]:
    """(kind, id) of everything there is."""
    return sorted((item["kind"], item["id"]) for item in server.inventory())


def boxes(clone: Clone, *names: str) -> None:
    """Declare boxes in the clone's inventory."""
    hosts = "".join(f"    {name}:\n" for name in names)
    (clone.root / "inventory/boxes.yml").write_text(f"boxes:\n  hosts:\n{hosts}")


def destroy(clone: Clone, confirm: str) -> str:
    """playbooks/destroy.yml; its output."""
    done = clone.play("destroy.yml", "-e", f"confirm={confirm}")
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def test_destroying_one_box_leaves_the_others(provision: Provision, clone: Clone) -> None:
    server = provision.server
    server.post("quota", {"region": REGION, "code": "L-DB2E81BA", "value": 12})
    bystander(server)
    others = lasting(server)
    assert provision("la").said == ""
    with_la = lasting(server)
    assert provision("lab-2").said == ""
    with_both = lasting(server)
    assert provision("lab").said == ""
    boxes(clone, "lab", "lab-2", "la")

    said = destroy(clone, "lab")
    assert "lab: still bills: nothing" in said
    assert lasting(server) == with_both
    for box in ("lab-2", "la"):
        server.forget_calls()
        assert not provision(box).changed
        assert server.calls(writes=True) == []

    said = destroy(clone, "lab,lab-2")
    assert "lab-2: still bills: nothing" in said
    assert lasting(server) == with_la
    assert owned(server, "lab") == owned(server, "lab-2") == []

    assert set(others) < set(with_la)

    # What is not there is not made by a start, and a name that --limit leaves out is no destroy.
    server.forget_calls()
    started = clone.play("start.yml", "--limit", "lab")
    assert started.returncode != 0
    assert "lab does not exist: `ansible-playbook site.yml` makes it" in " ".join(started.stdout.split())
    left_out = clone.play("destroy.yml", "--limit", "lab", "-e", "confirm=la")
    assert left_out.returncode != 0
    assert "la is not in inventory/boxes.yml, or --limit leaves it out" in " ".join(left_out.stdout.split())
    unnamed = clone.play("destroy.yml")
    assert unnamed.returncode != 0
    assert "No box of inventory/boxes.yml was named: type a name from there" in " ".join(unnamed.stdout.split())
    # A part that is run alone checks the settings, too.
    misspelt = clone.play("settings.yml", "--tags", "jupyter", "-e", "box_idle_minute=30")
    assert misspelt.returncode != 0
    assert "box_idle_minute" in misspelt.stdout
    assert server.calls(writes=True) == []


def owned(server: Server, box: str) -> list[dict[str, Any]]:
    """What carries a box's tag or name."""
    named = f"dlbox-{REGION}-{box}"
    return [item for item in server.inventory() if item["tags"].get("dlbox:box") == box or item["id"] == named]
