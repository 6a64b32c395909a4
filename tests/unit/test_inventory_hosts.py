"""From instances to hosts: tables, and one property for what ssh and AWS make of odd text."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from dlbox import describe, hosts
from dlbox.hosts import Box, Place
from hypothesis import given
from hypothesis import strategies as st

HOME = Place("us-west-2", "")
LAB = Box("lab", HOME)


def seen(number: int, **more: str) -> hosts.Instance:
    """An instance as `describe` returns it; the number makes its id and its age."""
    fields = {"box": "lab", "state": "running", "type": "g5.xlarge", "ip": "198.51.100.7", "account": "111122223333"}
    return {
        "id": f"i-{number:017x}",
        "region": "us-west-2",
        "since": f"2026-11-{number:02d}T08:00:00Z",
        **fields,
        **more,
    }


def test_a_running_box_gets_exactly_the_variables_of_the_contract(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert hosts.box_vars(seen(1), "lab", Path("/src/dlbox"), rehearsal=False) == {
        "ansible_host": "198.51.100.7",
        "ansible_user": "ubuntu",
        "ansible_ssh_private_key_file": "/home/ada/.ssh/dlbox-111122223333-us-west-2-lab",
        "ansible_ssh_common_args": "-o HostKeyAlias=i-00000000000000001 "
        "-o UserKnownHostsFile=/src/dlbox/.dlbox/111122223333/us-west-2/lab/known_hosts "
        "-o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes",
        "dlbox_state": "running",
        "dlbox_instance_id": "i-00000000000000001",
        "dlbox_instance_type": "g5.xlarge",
        "dlbox_public_ip": "198.51.100.7",
        "dlbox_region": "us-west-2",
        "dlbox_account": "111122223333",
        "dlbox_rehearsal": False,
    }


@pytest.mark.parametrize(
    ("state", "reachable"), [("pending", True), ("running", True), ("stopping", False), ("stopped", False)]
)
def test_only_a_box_that_is_up_has_an_address_to_connect_to(state, reachable):
    found = hosts.box_vars(seen(1, state=state), "lab", Path("/src"), rehearsal=False)
    assert ("ansible_host" in found) is reachable
    assert found["dlbox_public_ip"] == "198.51.100.7"


def test_no_address_is_no_variable():
    found = hosts.box_vars(seen(1, ip=""), "lab", Path("/src"), rehearsal=True)
    assert not {"ansible_host", "dlbox_public_ip"} & found.keys()
    assert found["dlbox_rehearsal"] is True


@pytest.mark.parametrize(
    ("case", "instances", "box", "others"),
    [
        ("no instance", [], None, []),
        ("one", [seen(1)], 1, []),
        ("a name that begins with the box's is another's", [seen(1, box="lab-2"), seen(2, box="la")], None, [1, 2]),
        ("names differ in case", [seen(1, box="Lab"), seen(2, box="lab ")], None, [1, 2]),
        ("the oldest running one is the box", [seen(3), seen(1, state="stopped"), seen(2)], 2, [1, 3]),
        ("none runs: the oldest", [seen(2, state="stopped"), seen(1, state="stopping")], 1, [2]),
        ("same age: the id decides", [seen(2, since="x"), seen(1, since="x")], 1, [2]),
    ],
)
def test_which_instance_is_the_box(case, instances, box, others):
    chosen, rest, warnings = hosts.assign([LAB], {HOME: instances})
    assert [one["id"] for one in chosen.values()] == ([seen(box)["id"]] if box else [])
    assert sorted(rest) == [seen(number)["id"] for number in others]
    assert bool(warnings) is (box is not None and bool(others))


def test_two_instances_of_one_box_are_warned_of_by_id():
    _, _, (warning,) = hosts.assign([LAB], {HOME: [seen(1), seen(2), seen(3)]})
    assert f"{seen(1)['id']} is taken as the box" in warning
    assert f"{seen(2)['id']}, {seen(3)['id']} bills too" in warning


def test_a_box_of_another_account_is_not_taken():
    other = Box("lab", HOME, account="999999999999")
    chosen, rest, _ = hosts.assign([other], {HOME: [seen(1)]})
    assert (chosen, list(rest)) == ({}, [seen(1)["id"]])


def test_a_box_is_looked_for_in_its_own_region_only():
    tokyo = Place("ap-northeast-1", "")
    found = {HOME: [seen(1, box="far")], tokyo: [seen(2, box="far", region="ap-northeast-1")]}
    chosen, rest, warnings = hosts.assign([LAB, Box("far", tokyo)], found)
    assert chosen["far"]["id"] == seen(2)["id"]
    assert (list(rest), warnings) == ([seen(1)["id"]], [])


def test_a_rehearsals_box_is_taken_whatever_the_account_asked_for():
    boxes, _, _ = hosts.assign([Box("lab", HOME, account="999999999999")], {HOME: [seen(1, account="000000000000")]})
    assert boxes["lab"]["id"] == "i-00000000000000001"


def test_one_account_seen_through_two_profiles_lists_nothing_twice():
    again = Place("us-west-2", "same-account")
    chosen, rest, warnings = hosts.assign([LAB, Box("b", again)], {HOME: [seen(1)], again: [seen(1)]})
    assert (list(chosen), rest, warnings) == (["lab"], {}, [])


def test_groups_hold_only_safe_characters():
    assert hosts.groups(seen(1, type="u7i-12tb.224xlarge", region="us-gov-west-1")) == [
        "state_running",
        "type_u7i_12tb_224xlarge",
        "region_us_gov_west_1",
    ]


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters='/"\\'), min_size=1))
def test_known_hosts_reaches_ssh_as_one_path(name):
    root = Path("/home") / name
    args = hosts.box_vars(seen(1), "lab", root, rehearsal=False)["ansible_ssh_common_args"]
    option = next(part for part in shlex.split(args) if part.startswith("UserKnownHostsFile="))
    text = option.partition("=")[2]
    inside = text[1:-1] if text.startswith('"') else text
    assert inside.replace("%%", "\0").count("%") == 0
    assert inside.replace("%%", "%") == str(root / ".dlbox/111122223333/us-west-2/lab/known_hosts")
    assert text.startswith('"') or not re.search(r"\s", text)


ANSWER = """<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet>
<item><ownerId>111122223333</ownerId><groupSet/><instancesSet><item><instanceId>i-1</instanceId>
<instanceState><code>80</code><name>stopped</name></instanceState><instanceType>t3.micro</instanceType>
<launchTime>2026-11-21T08:00:00.000Z</launchTime>
<networkInterfaceSet><item><instanceId>not-this</instanceId><tagSet><item><key>dlbox:box</key><value>no</value></item></tagSet></item>
</networkInterfaceSet><tagSet><item><key>Name</key><value/></item><item><key>dlbox:box</key><value>a&lt;b&#10;{{ 1 }}</value></item></tagSet>
</item></instancesSet></item></reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>"""


def test_the_lean_reader_keeps_what_hosts_need_and_leaves_the_page_token():
    reservations, rest = describe.lean(ANSWER.encode())
    assert describe.instances(reservations, "us-west-2") == [
        {"id": "i-1", "box": "a<b\n{{ 1 }}", "state": "stopped", "type": "t3.micro", "ip": ""}
        | {"since": "2026-11-21T08:00:00.000Z", "account": "111122223333", "region": "us-west-2"}
    ]
    assert b"more" in rest
    assert b"i-1" not in rest


@pytest.mark.parametrize("state", ["terminated", "shutting-down"])
def test_dead_instances_are_ignored(state):
    dead = ANSWER.replace("<name>stopped</name>", f"<name>{state}</name>")
    assert describe.instances(describe.lean(dead.encode())[0], "us-west-2") == []


def test_an_answer_that_is_no_xml_is_left_to_botocore():
    customized: dict[str, object] = {}
    describe.parse_lean({"status_code": 200, "body": b"<html>"}, customized)
    assert customized == {}
