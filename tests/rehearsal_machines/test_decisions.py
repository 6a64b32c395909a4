"""What is decided, as tables: machines, forwards, address ranges, what to remove from the host again."""

from __future__ import annotations

import dataclasses

import pytest
from rehearsal import forward, host, machines, network
from rehearsal.cloud import Facts, Instance, Opening
from rehearsal.forward import Forward
from rehearsal.machines import Boot, Container

SSH = Opening("tcp", 22, 22, "127.0.0.1/32")
LAB = Instance("i-1", "us-west-2", "running", "09:00", "172.31.4.7", "lab", ("127.20.0.2",), (SSH,))
ON, OFF = Container("i-1", "running"), Container("i-1", "exited")
REBOOTED = Container("i-1", "exited", machines.REBOOT_STATUS)
BOOTED, STOPPED = Boot("09:00", up=True), Boot("09:00", up=False)


@pytest.mark.parametrize(
    ("state", "container", "boot", "verb"),
    [
        pytest.param("pending", None, None, "create", id="launched"),
        pytest.param("running", None, BOOTED, "create", id="machine-lost"),
        pytest.param("running", ON, BOOTED, None, id="as-it-should-be"),
        pytest.param("running", ON, None, "adopt", id="driver-forgot"),
        pytest.param("running", OFF, BOOTED, "report", id="powered-itself-off"),
        pytest.param("pending", OFF, BOOTED, None, id="off-before-aws-says-running"),
        pytest.param("running", REBOOTED, BOOTED, "start", id="rebooted-itself"),
        pytest.param("pending", OFF, STOPPED, "start", id="started-again"),
        pytest.param("running", OFF, Boot("08:00", up=True), "start", id="an-earlier-launch"),
        pytest.param("running", OFF, None, "start", id="never-booted"),
        pytest.param("stopping", ON, BOOTED, "stop", id="stopping"),
        pytest.param("stopped", OFF, BOOTED, "stop", id="off-but-noted-as-up"),
        pytest.param("stopped", OFF, STOPPED, None, id="stopped"),
        pytest.param("stopped", None, None, None, id="stopped-without-machine"),
        pytest.param("shutting-down", ON, BOOTED, "remove", id="terminating"),
        pytest.param("terminated", OFF, STOPPED, "remove", id="terminated"),
        pytest.param("terminated", None, None, None, id="gone"),
    ],
)  # fmt: skip
def test_one_machine(state: str, container: Container | None, boot: Boot | None, verb: str | None) -> None:
    step = machines.step(dataclasses.replace(LAB, state=state), container, boot)
    assert (step.verb if step else None) == verb
    assert step is None or step.reason


def test_a_container_of_an_unknown_instance_is_removed() -> None:
    assert [one.verb for one in machines.steps(Facts(), {"i-1": ON}, {})] == ["remove"]


@pytest.mark.parametrize(
    ("private", "subnet", "expected"),
    [
        ("172.31.4.7", "172.31.0.0/16", "172.31.4.7"),
        ("172.31.4.7", "172.30.0.0/16", "172.30.4.7"),
        ("10.7.4.7", "172.31.0.0/16", "172.31.4.7"),
    ],
)
def test_a_machine_has_its_instance_s_address_where_the_range_is_free(private: str, subnet: str, expected: str) -> None:
    assert machines.address(private, subnet) == expected


def test_regions_share_the_machines_network_though_aws_deals_the_same_addresses_in_each() -> None:
    dealt = [machines.address("172.31.16.4", "172.31.0.0/16", region) for region in machines.BLOCKS]
    assert len({*dealt}) == len(machines.BLOCKS) == 17


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "172.31.0.0/16"),
        (["192.0.2.0/24", "10.0.0.0/8"], "172.31.0.0/16"),
        (["172.31.16.0/20"], "172.30.0.0/16"),
        (["172.31.0.1"], "172.30.0.0/16"),
        (["172.16.0.0/12"], None),
    ],
)
def test_the_range_is_the_default_vpc_s_unless_it_is_routed(taken: list[str], expected: str | None) -> None:
    assert network.free_range(taken) == expected


def test_only_running_machines_are_forwarded_to() -> None:
    facts = Facts({"i-1": LAB}, ("127.20.0.2",))
    assert machines.forwards(facts, ["i-1"], network.VPC) == [
        Forward("127.20.0.2", "172.31.4.7", "tcp", 22, 22, "127.0.0.1/32")
    ]
    assert machines.forwards(facts, [], network.VPC) == []
    assert machines.forwards(Facts({"i-1": dataclasses.replace(LAB, state="stopping")}), ["i-1"], network.VPC) == []


@pytest.mark.parametrize(
    ("protocol", "first", "last", "cidr", "expected"),
    [
        ("tcp", 22, 22, "127.0.0.1/32", "-s 127.0.0.1/32 -d 127.20.0.2/32 -p tcp --dport 22:22"),
        ("udp", 8080, 8089, "0.0.0.0/0", "-s 0.0.0.0/0 -d 127.20.0.2/32 -p udp --dport 8080:8089"),
        ("icmp", -1, -1, "0.0.0.0/0", "-s 0.0.0.0/0 -d 127.20.0.2/32 -p icmp"),
        ("-1", -1, -1, "127.0.0.1/32", "-s 127.0.0.1/32 -d 127.20.0.2/32"),
        ("tcp", 22, 22, "10.0.0.0/8", None),
    ],
)
def test_a_rule_opens_its_ports_to_its_range(
    protocol: str, first: int, last: int, cidr: str, expected: str | None
) -> None:
    one = Forward("127.20.0.2", "172.31.4.7", protocol, first, last, cidr)
    lines = forward.table("abc", [one], ["127.20.0.2"]).splitlines()
    found = [line for line in lines if " DNAT " in line]
    assert found == ([f"-A DLBOX-DNAT-abc {expected} -j DNAT --to-destination 172.31.4.7"] if expected else [])
    assert any("-d 127.20.0.2/32 -j REJECT" in line for line in lines)


def test_leftovers_are_the_network_plugin_s_new_chains_alone() -> None:
    before = ["-P FORWARD ACCEPT", "-N CNI-OLD", "-A FORWARD -j CNI-OLD"]
    now = [
        *before,
        "-N CNI-FORWARD",
        "-N MINE",
        '-A FORWARD -m comment --comment "CNI rules" -j CNI-FORWARD',
        "-A FORWARD -j MINE",
    ]
    assert network.leftovers(before, now) == [
        ["-D", "FORWARD", "-m", "comment", "--comment", "CNI rules", "-j", "CNI-FORWARD"],
        ["-F", "CNI-FORWARD"],
        ["-X", "CNI-FORWARD"],
    ]


def test_apt_sources_are_the_distribution_s_own() -> None:
    text = "http://a/debian bookworm main Debian\nhttp://a/debian bookworm main Debian\nhttps://other stable main Docker\nbroken"
    assert host.sources(text, "debian") == ["deb http://a/debian bookworm main"]


def test_local_package_folders_are_found() -> None:
    text = "[global]\nfind-links = /srv/wheels\nextra-index-url = file:///srv/a/simple https://host/simple\ntimeout = 5"
    assert host.local_folders(text) == ["/srv/a", "/srv/wheels"]
