"""Key, firewall, instance and address against the rehearsal: predicted, made, silent; adopted, kept, never doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rehearsal.testing import Server

from .conftest import Module, check_apply_again
from .in_process import in_process

OPEN = {"allowed_cidrs": ["203.0.113.7/32"]}
TYPE = {"instance_type": "g5.xlarge"}


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Module:
    """The modules in this process, with a home of their own."""
    run = in_process(aws_server, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    return run


def build(module: Module) -> dict[str, Any]:
    """A box with key, group, instance and address."""
    module("dlbox_key")
    module("dlbox_firewall", **OPEN)
    box = module("dlbox_instance", **TYPE)
    address = module("dlbox_eip")
    return {**box, **address}


def test_key_is_made_and_imported_once(here: Module, aws_server: Server, tmp_path: Path) -> None:
    done = check_apply_again(here, aws_server, "dlbox_key")
    file = Path(done["path"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent == tmp_path / ".ssh"
    pair = aws_server.client("ec2").describe_key_pairs(IncludePublicKey=True)["KeyPairs"][0]
    assert pair["PublicKey"].split()[:2] == file.with_name(file.name + ".pub").read_text().split()[:2]


def test_firewall_opens_what_was_asked(here: Module, aws_server: Server) -> None:
    check_apply_again(here, aws_server, "dlbox_firewall", **OPEN, extra_ports=["80"], instance_connect=True)
    group = aws_server.client("ec2").describe_security_groups(GroupNames=["dlbox-us-west-2-lab"])["SecurityGroups"][0]
    spans = {(item["FromPort"], item["ToPort"]) for item in group["IpPermissions"]}
    assert spans == {(22, 22), (80, 80), (8080, 8089)}


def test_instance_is_launched_safely(here: Module, aws_server: Server) -> None:
    here("dlbox_key")
    here("dlbox_firewall", **OPEN)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_instance", **TYPE)
    ec2 = aws_server.client("ec2")
    box = ec2.describe_instances(InstanceIds=[done["instance_id"]])["Reservations"][0]["Instances"][0]
    assert box["MetadataOptions"]["HttpTokens"] == "required"
    assert box["State"]["Name"] == "running"
    disk = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [done["instance_id"]]}])[
        "Volumes"
    ][0]
    assert (disk["VolumeType"], disk["Encrypted"], disk["Size"]) == ("gp3", True, 100)
    assert {"Key": "dlbox:box", "Value": "lab"} in disk["Tags"]


def test_address_is_kept_over_stop_and_start(here: Module, aws_server: Server) -> None:
    here("dlbox_key")
    here("dlbox_firewall", **OPEN)
    here("dlbox_instance", **TYPE)
    aws_server.forget_calls()
    first = check_apply_again(here, aws_server, "dlbox_eip")
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_instance", **TYPE, state="stopped")
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_instance", **TYPE)
    after = here("dlbox_eip")
    assert (after["changed"], after["public_ip"]) == (False, first["public_ip"]), after
    assert len(aws_server.client("ec2").describe_addresses()["Addresses"]) == 1


def test_a_stopped_box_is_resized(here: Module, aws_server: Server) -> None:
    build(here)
    refused = here("dlbox_instance", instance_type="g4dn.xlarge")
    assert "changes only while the box is stopped" in refused["msg"]
    here("dlbox_instance", **TYPE, state="stopped")
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_instance", instance_type="g4dn.xlarge")


def test_everything_goes_again(here: Module, aws_server: Server) -> None:
    build(here)
    for name in ("dlbox_instance", "dlbox_eip", "dlbox_firewall", "dlbox_key"):
        aws_server.forget_calls()
        check_apply_again(here, aws_server, name, state="absent")
    left = [item for item in aws_server.inventory("dlbox:box", "lab") if item.get("state") != "terminated"]
    assert left == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"instance_type": "p2.xlarge"}, "box_instance_type: p2.xlarge is retired"),
        ({"instance_type": "g5.huge"}, "knows no g5.huge"),
        ({"instance_type": "G5"}, "is not an instance type"),
        ({"instance_type": "g5.xlarge", "disk_gib": "20"}, "box_disk_gib: 20 is smaller than the"),
        ({"instance_type": "g5g.xlarge", "ami": "ami-00000000000000000"}, "is not in us-west-2"),
    ],
    ids=["retired", "unknown", "malformed", "disk under snapshot", "image elsewhere"],
)
def test_a_launch_that_cannot_work_is_refused(
    here: Module, aws_server: Server, params: dict[str, str], said: str
) -> None:
    result = here("dlbox_instance", **params)
    assert said in result["msg"]
    assert not aws_server.calls(writes=True)
