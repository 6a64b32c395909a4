"""Rows 16, 17 and 30, and the list of bad input: one sentence that names the key and what would work, before any write."""

from __future__ import annotations

from typing import Any

import pytest
from drift.provision import Provision
from rehearsal.testing import REGION

from .lab import is_sentence

# Settings -> what the sentence says: the key first, then what would work.
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "region malformed": ({"box_region": "us-west"}, "box_region: 'us-west'", "us-west-2"),
    "region unknown": ({"box_region": "us-west-9"}, "box_region", "region"),
    "type retired": ({"box_instance_type": "p2.xlarge"}, "box_instance_type: p2.xlarge is retired", "g4dn.xlarge"),
    "type unknown": ({"box_instance_type": "g5.huge"}, "box_instance_type: us-west-2 knows no g5.huge", "g5.xlarge"),
    "types all retired": ({"box_instance_type": ["p2.xlarge", "p3.2xlarge"]}, "box_instance_type: none of the types", "g4dn.xlarge"),
    "types none": ({"box_instance_type": []}, "box_instance_type: the list is empty", "[g6.xlarge, g5.xlarge]"),
    "needs of no GPU": ({"box_instance_type": {"gpus": 0, "gpu_memory_gib": 24}}, "box_instance_type: gpus: 0 is no need", "t3.large"),
    "needs nobody meets": ({"box_instance_type": {"gpus": 64}}, "box_instance_type: no type in us-west-2 has 64", "ask for less"),
    "needs too cheap": ({"box_instance_type": {"gpus": 8, "max_hourly_usd": 0.1}}, "for at most $0.1 an hour", "raise max_hourly_usd"),
    "AMI for another architecture": ({"box_instance_type": "g5g.xlarge", "box_ami": "X86"}, "box_ami: g5g.xlarge is for arm64", "box_ami: pytorch"),
    "PyTorch of no image": ({"box_pytorch": "1.13"}, "box_pytorch: no Deep Learning AMI with PyTorch 1.13", "take one of"),
    "wait malformed": ({"box_quota_wait": "a while"}, "box_quota_wait: 'a while'", "2h"),
    "Spot price of nothing": ({"box_spot": True, "box_spot_max_usd": "0.001"}, "box_spot_max_usd: '0.001'", "0.45"),
    "type malformed": ({"box_instance_type": "a GPU"}, "box_instance_type: 'a GPU'", "g5.xlarge"),
    "type not offered": ({"box_region": "ap-east-1", "box_instance_type": "g5g.xlarge"}, "box_instance_type: ", "or"),
    "CIDR with host bits": ({"box_allowed_cidrs": ["10.0.0.7/8"]}, "box_allowed_cidrs: 10.0.0.7/8", "10.0.0.0/8"),
    "CIDR /33": ({"box_allowed_cidrs": ["10.0.0.0/33"]}, "box_allowed_cidrs: '10.0.0.0/33'", "203.0.113.7/32"),
    "CIDR of IPv6": ({"box_allowed_cidrs": ["2001:db8::/32"]}, "box_allowed_cidrs: 2001:db8::/32", "203.0.113.7/32"),
    "a name for a CIDR": ({"box_allowed_cidrs": ["office.example"]}, "box_allowed_cidrs: 'office.example'", "auto"),
    "no CIDR": ({"box_allowed_cidrs": []}, "box_allowed_cidrs is empty", "auto"),
    "the world": ({"box_allowed_cidrs": ["0.0.0.0/0"]}, "box_allowed_cidrs: 0.0.0.0/0", "box_open_to_world: true"),
    "disk under the snapshot": ({"box_disk_gib": 20}, "box_disk_gib: 20 is smaller", "set box_disk_gib: 75"),
    "disk with a unit": ({"box_disk_gib": "100 GB"}, "box_disk_gib: '100 GB'", "whole GiB"),
    "disk of true": ({"box_disk_gib": True}, "box_disk_gib: 'True'", "whole GiB"),
    "zone CST": ({"box_timezone": "CST"}, "box_timezone: 'CST'", "Asia/Shanghai or America/Chicago"),
    "zone empty": ({"box_timezone": ""}, "box_timezone: ''", "Asia/Shanghai"),
    "zone in unicode": ({"box_timezone": "Asia/上海"}, "box_timezone: 'Asia/上海'", "Asia/Shanghai"),
    "25:00": ({"box_stop_time": "25:00"}, "box_stop_time: '25:00'", '"20:00"'),
    "a time without quotes": ({"box_stop_time": 1200}, "box_stop_time: 1200", '"20:00"'),
    "a time in a gap": ({"box_stop_time": "02:30", "box_timezone": "Europe/Berlin"}, "box_stop_time: ", '"03:00"'),
    "ports turned round": ({"box_port_range": "8089-8080"}, "box_port_range: '8089-8080'", "8080-8089"),
    "ports of a text": ({"box_extra_ports": "80"}, "box_extra_ports: '80' is not a list", "[80]"),
    "Jupyter outside the range": ({"box_jupyter_port": 9999}, "box_jupyter_port: 9999", "8080-8089"),
    "state unknown": ({"box_state": "off"}, "box_state: 'off'", "running, stopped"),
    "account of eleven digits": ({"box_account": "12345678901"}, "box_account: '12345678901'", "12 digits"),
    "a flag that is none": ({"box_open_to_world": "maybe"}, "box_open_to_world: 'maybe'", "true nor false"),
    "AMI unknown": ({"box_ami": "tensorflow"}, "box_ami: 'tensorflow'", "pytorch"),
    "AMI of another region": ({"box_ami": "ami-00000000000000000"}, "box_ami: ami-00000000000000000", "pytorch"),
    "Ubuntu unknown": ({"box_ubuntu": "25.10"}, "box_ubuntu: '25.10'", "24.04"),
    "key misspelt": ({"box_intance_type": "g5.xlarge"}, "box_intance_type is not a setting", "box_instance_type"),
    "key unknown": ({"box_colour": "red"}, "box_colour is not a setting", "did you mean"),
    "key of 300 characters": ({"box_" + "x" * 300: 1}, "is not a setting", "group_vars/all.yml"),
    "key in unicode": ({"box_größe": 1}, "box_größe is not a setting", "did you mean"),
    "text of 400 characters": ({"box_profile": "x" * 400}, "box_profile: ", "300 characters"),
    "a list for a text": ({"box_region": ["us-west-2"]}, "box_region: ", "quotes"),
    "nothing for a text": ({"box_region": None}, "box_region: ", "quotes"),
    "a dict for a list": ({"box_allowed_cidrs": {"a": 1}}, "box_allowed_cidrs: ", "is not a list"),
    "environment without a name": ({"box_environments": [{"python": "3.11"}]}, "box_environments: ", "- name: dl"),
    "environment twice": ({"box_environments": [{"name": "a"}] * 2}, "box_environments: a stands there twice", "name"),
    "environment's key": ({"box_environments": [{"name": "a", "pips": []}]}, "box_environments: a has", "packages"),
    "channels of a text": ({"box_conda_channels": "conda-forge"}, "box_conda_channels: ", "[conda-forge]"),
}  # fmt: skip
NAMES = [
    "",
    "Lab",
    "lab_2",
    "-lab",
    "lab-",
    "l" * 33,
    "x" * 300,
    "l\u0430b",
    "\u043b\u0430\u0431",
    "lab lab",
    "{{ 1 }}",
    "../lab",
    "lab\n",
]


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_the_key_and_what_would_work(provision: Provision, case: str) -> None:
    settings, key, works = BAD[case]
    if settings.get("box_ami") == "X86":
        images = provision.server.client("ec2").describe_images(
            Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
        )
        settings = {**settings, "box_ami": images["Images"][0]["ImageId"]}
    run = provision(**settings)
    assert key in run.said
    assert works in run.said
    assert is_sentence(run.said)
    assert provision.server.calls(writes=True) == []
    assert list(provision.home.glob(".ssh/*")) == []


@pytest.mark.parametrize("name", NAMES)
def test_30_a_box_name_that_aws_could_not_carry_is_refused(provision: Provision, name: str) -> None:
    run = provision(name)
    assert "is not usable: take up to 32 of a-z, 0-9 and '-'" in run.said
    assert is_sentence(run.said)
    assert provision.server.calls() == []


def test_16_a_rule_opened_by_hand_is_shown_and_removed(provision: Provision) -> None:
    provision()
    ec2 = provision.server.client("ec2")
    group = ec2.describe_security_groups(GroupNames=["dlbox-us-west-2-lab"])["SecurityGroups"][0]["GroupId"]
    before = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    wide = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[wide])
    foreseen = provision(check=True)
    assert "-1 all from 0.0.0.0/0" in foreseen.diffs[0]["before"]
    assert "-1 all from ::/0" in foreseen.diffs[0]["before"]
    assert foreseen.diffs[0]["after"] == ""
    assert provision().writes == foreseen.writes == ["ec2:revoke_security_group_ingress"]
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == before


def test_16_my_new_address_replaces_the_old_one(provision: Provision) -> None:
    provision(box_allowed_cidrs=["198.51.100.7/32"])
    run = provision()
    assert run.writes == ["ec2:revoke_security_group_ingress", "ec2:authorize_security_group_ingress"]
    assert "127.0.0.1/32" in run.diffs[1]["after"]


def test_16_a_network_is_made_canonical(provision: Provision) -> None:
    provision(box_allowed_cidrs=["198.51.100.7"])
    assert not provision(box_allowed_cidrs=["198.51.100.7/32"]).changed


def test_17_the_world_is_opened_to_those_who_say_so(provision: Provision) -> None:
    assert provision(box_allowed_cidrs=["0.0.0.0/0"], box_open_to_world=True).said == ""
    opened = provision.server.calls("AuthorizeSecurityGroupIngress")
    assert "0.0.0.0/0" in str(opened)


def test_a_type_that_a_region_does_not_offer_is_refused(provision: Provision) -> None:
    run = provision(box_instance_type="p5.48xlarge", box_region="eu-west-3")
    assert "box_instance_type" in run.said
    assert provision.server.calls(writes=True) == []
    assert REGION not in {call["region"] for call in provision.server.calls()}
