"""The firewall's plan: facts in, changes out; and rules to and from EC2's form."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import plan_firewall
from dlbox.change import open_refs
from dlbox.errors import Refused
from dlbox.rules import Rule, flatten, permission, spans
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import MINE, TAGS, altered, is_sentence, planned, rule, standing, told, wanted

SSH, RANGE = rule(22, 22), rule(8080, 8089)
REVOKE = "close: ec2:revoke_security_group_ingress"
AUTHORIZE = "open: ec2:authorize_security_group_ingress"
CREATE = "create: ec2:create_security_group"


def rules(*listed: dict[str, Any]) -> dict[str, Any]:
    return altered("groups", IpPermissions=list(listed))


@pytest.mark.parametrize(
    ("seen", "params", "does"),
    [
        pytest.param(standing(), {}, [], id="nothing differs"),
        pytest.param(standing(groups=[]), {}, [CREATE, AUTHORIZE], id="first run"),
        pytest.param(rules(), {}, [AUTHORIZE], id="all rules gone"),
        pytest.param(rules(SSH), {}, [AUTHORIZE], id="one rule gone"),
        pytest.param(rules(SSH, RANGE, rule(22, 22, "0.0.0.0/0")), {}, [REVOKE], id="opened to the world by hand"),
        pytest.param(rules(SSH, RANGE, {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}), {}, [REVOKE], id="everything open"),
        pytest.param(rules(SSH, rule(8080, 8090)), {}, [REVOKE, AUTHORIZE], id="range widened"),
        pytest.param(rules(rule(22, 22, text="x"), RANGE), {}, ["describe: ec2:update_security_group_rule_descriptions_ingress"], id="description"),
        pytest.param(altered("groups", Tags={}), {}, ["tag: ec2:create_tags"], id="tags removed"),
        pytest.param(standing(caller_address="198.51.100.9"), {}, [REVOKE, AUTHORIZE], id="my address changed"),
        pytest.param(standing(), {"extra_ports": ["80"]}, [AUTHORIZE], id="an extra port"),
        pytest.param(standing(), {"extra_ports": ["8081", "22"]}, [], id="extra ports that are open already"),
        pytest.param(standing(), {"closed_ports": ["8080"]}, [REVOKE, AUTHORIZE], id="a port behind a tunnel"),
        pytest.param(rules(SSH, rule(8081, 8089)), {"closed_ports": ["8080"]}, [], id="a port behind a tunnel, as it is"),
        pytest.param(standing(), {"closed_ports": ["9000"]}, [], id="behind a tunnel, and never open"),
        pytest.param(standing(), {"allowed_cidrs": [f"{MINE}/32", "auto"]}, [], id="the same network twice"),
        pytest.param(standing(), {"allowed_cidrs": [MINE]}, [], id="an address without a mask"),
        pytest.param(standing(), {"instance_connect": True}, [AUTHORIZE], id="console's Connect button"),
        pytest.param(standing(), {"allowed_cidrs": ["0.0.0.0/0"], "open_to_world": True}, [REVOKE, AUTHORIZE], id="open to the world, meant"),
        pytest.param(standing(), {"state": "absent"}, ["delete: ec2:delete_security_group"], id="absent"),
        pytest.param(standing(groups=[]), {"state": "absent"}, [], id="absent already"),
        pytest.param(altered("groups", Tags={}), {"state": "absent"}, [], id="untagged is not ours to delete"),
        pytest.param(altered("groups", Tags={"dlbox:box": "lab-2"}), {"state": "absent"}, [], id="another's"),
    ],
)  # fmt: skip
def test_plan(seen: dict[str, Any], params: dict[str, Any], does: list[str]) -> None:
    changes = planned(plan_firewall, seen, **params)
    assert told(changes) == does
    assert open_refs(changes) == []


SPANS = {
    "as_shipped": ("8080-8089", [], [], ((22, 22), (8080, 8089))),
    "its_middle_closed": ("8080-8089", ["80"], ["8085"], ((22, 22), (8080, 8084), (8086, 8089), (80, 80))),
    "its_end_closed": ("8080-8089", [], ["8089"], ((22, 22), (8080, 8088))),
    "all_of_it_closed": ("8080", ["8080"], ["8080"], ((22, 22),)),
    "ssh_is_never_closed": ("20-30", ["22"], ["22"], ((22, 22), (20, 21), (23, 30))),
}


@pytest.mark.parametrize(("range_", "extra", "closed", "expected"), SPANS.values(), ids=SPANS)
def test_what_is_open(range_: str, extra: list[str], closed: list[str], expected: tuple[tuple[int, int], ...]) -> None:
    assert spans(range_, extra, closed) == expected


def test_what_was_just_made_is_known_without_reading_it_again() -> None:
    seen = standing(groups=[])
    learned = plan_firewall.learned(wanted(plan_firewall), seen, {"GroupId": "sg-9"})
    assert learned["groups"][0]["GroupId"] == "sg-9"
    assert planned(plan_firewall, {**seen, **learned}) == []
    assert plan_firewall.learned(wanted(plan_firewall), standing(), {}) == {}


def test_what_differs_is_shown_rule_by_rule() -> None:
    closed, opened = planned(plan_firewall, rules(SSH, rule(8080, 8090)))
    assert closed.before == [f"tcp 8080-8090 from {MINE}/32"]
    assert opened.after == [f"tcp 8080-8089 from {MINE}/32"]


def test_the_group_is_made_with_its_tags_in_the_default_vpc() -> None:
    params = planned(plan_firewall, standing(groups=[]))[0].calls[0].params
    assert params["VpcId"] == "vpc-1"
    assert params["TagSpecifications"][0]["Tags"] == [{"Key": key, "Value": value} for key, value in TAGS.items()]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"allowed_cidrs": []}, "box_allowed_cidrs is empty"),
        ({"allowed_cidrs": ["0.0.0.0/0"]}, "set box_open_to_world: true"),
        ({"allowed_cidrs": ["auto", "0.0.0.0/0"]}, "set box_open_to_world: true"),
        ({"allowed_cidrs": ["10.0.0.7/8"]}, "box_allowed_cidrs: 10.0.0.7/8 has host bits"),
        ({"port_range": "0-80"}, "box_port_range: '0-80'"),
        ({"extra_ports": ["http"]}, "box_extra_ports: 'http'"),
    ],
)
def test_bad_input_is_named(params: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        wanted(plan_firewall, **params)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (standing(groups=[], subnets=[]), "has no default VPC"),
        (standing(groups=standing()["groups"] * 2), "several security groups"),
        (standing(caller_address="<html>"), "box_address_source: it answered '<html>'"),
        (standing(caller_address="2001:db8::1"), "box_address_source: it answered '2001:db8::1'"),
    ],
)
def test_what_stands_in_the_way_is_said(seen: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        planned(plan_firewall, seen)


def test_a_prefix_list_and_a_caller_are_asked_for_only_where_they_are_used() -> None:
    assert plan_firewall.needs(wanted(plan_firewall, allowed_cidrs=[MINE]), {"groups": [1]}) == {"groups"}
    assert "prefix_list" in plan_firewall.needs(wanted(plan_firewall, instance_connect=True), {})
    assert plan_firewall.needs(wanted(plan_firewall, state="absent"), {}) == {"groups"}


ports = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted)
sources = st.one_of(
    st.ip_addresses(v=4).map(lambda ip: f"{ip}/32"),
    st.ip_addresses(v=6).map(lambda ip: f"{ip}/128"),
    st.sampled_from(["pl-123", "sg-123"]),
)
single = st.one_of(
    st.builds(
        lambda kind, span, source: Rule(kind, span[0], span[1], source), st.sampled_from(["tcp", "udp"]), ports, sources
    ),
    st.builds(lambda source: Rule("-1", -1, -1, source), sources),
)


@given(single, st.text(max_size=20))
def test_a_rule_survives_ec2s_form(one: Rule, text: str) -> None:
    assert flatten(permission(one, text)) == [(one, text)]


@pytest.mark.parametrize(
    ("one", "said", "ports"),
    [
        (Rule("tcp", 22, 22, "10.0.0.0/8"), "tcp 22 from 10.0.0.0/8", {"FromPort": 22, "ToPort": 22}),
        (Rule("udp", 1, 9, "pl-1"), "udp 1-9 from pl-1", {"FromPort": 1, "ToPort": 9}),
        (Rule("-1", -1, -1, "sg-1"), "-1 all from sg-1", {}),
    ],
)
def test_a_rule_of_every_protocol_has_no_ports(one: Rule, said: str, ports: dict[str, int]) -> None:
    assert str(one) == said
    assert {key: value for key, value in permission(one).items() if key in ("FromPort", "ToPort")} == ports


@given(st.sets(single, max_size=6))
def test_whatever_is_open_ends_as_asked_for(listed: set[Rule]) -> None:
    """Closing and opening what the plan says leaves exactly the wanted rules."""
    wants = {Rule("tcp", 22, 22, f"{MINE}/32"), Rule("tcp", 8080, 8089, f"{MINE}/32")}
    present = set(listed)
    for change in planned(plan_firewall, rules(*map(permission, listed))):
        named = {found for item in change.calls[0].params["IpPermissions"] for found, _ in flatten(item)}
        present = present - named if change.verb == "close" else present | named
    assert present == wants
