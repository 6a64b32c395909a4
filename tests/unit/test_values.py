"""What users write, made canonical or refused with the key and the right form."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from dlbox import values
from dlbox.errors import Refused
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import is_sentence


@pytest.mark.parametrize(
    ("form", "value", "means"),
    [
        (values.cidr, "203.0.113.7", "203.0.113.7/32"),
        (values.cidr, " 10.0.0.0/8 ", "10.0.0.0/8"),
        (values.cidr, "10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        (values.port_range, "8080-8089", (8080, 8089)),
        (values.port_range, "8080 - 8089", (8080, 8089)),
        (values.port_range, 80, (80, 80)),
        (values.gib, "100", 100),
        (values.gib, 8, 8),
        (values.gib, 16384, 16384),
        (values.idle_minutes, 5, 5),
        (values.idle_minutes, "1440", 1440),
        (values.idle_minutes, False, 0),
        (values.idle_minutes, "off", 0),
        (values.idle_minutes, "No", 0),
        (values.instance_type, "g5.xlarge", "g5.xlarge"),
        (values.instance_type, "u-6tb1.112xlarge", "u-6tb1.112xlarge"),
    ],
)
def test_accepted(form: Callable[[str, Any], Any], value: Any, means: Any) -> None:
    assert form("box_x", value) == means


@pytest.mark.parametrize(
    ("form", "value", "says"),
    [
        (values.cidr, "10.0.0.7/8", "write 10.0.0.0/8 for the network, or 10.0.0.7/32 for the one address"),
        (values.cidr, "203.0.113.7/33", "is not an IPv4 network; write it as in 203.0.113.7/32"),
        (values.cidr, "2001:db8::/32", "is IPv6"),
        (values.cidr, "my.host", "'my.host' is not an IPv4 network"),
        (values.cidr, "", "'' is not an IPv4 network"),
        (values.cidr, "\uff11\uff10.0.0.0/8", "is not an IPv4 network"),
        (values.cidr, None, "'None' is not"),
        (values.port_range, "8089-8080", "write it as in 8080-8089"),
        (values.port_range, "0", "is not a port"),
        (values.port_range, "65536", "is not a port"),
        (values.port_range, "-1", "is not a port"),
        (values.port_range, "", "is not a port"),
        (values.gib, "7", "from 8 to 16384"),
        (values.gib, "16385", "from 8 to 16384"),
        (values.gib, "100 GiB", "write whole GiB"),
        (values.gib, True, "is not a disk size"),
        (values.gib, "²", "is not a disk size"),
        (values.gib, "9" * 5000, "is not a disk size"),
        (values.gib, 100.5, "is not a disk size"),
        (values.idle_minutes, 4, "write 5 to 1440, as in 60, or off"),
        (values.idle_minutes, "1441", "write 5 to 1440"),
        (values.idle_minutes, True, "'True' is not a time in minutes"),
        (values.idle_minutes, "1h", "'1h' is not a time in minutes"),
        (values.idle_minutes, "", "is not a time in minutes"),
        (values.idle_minutes, None, "is not a time in minutes"),
        (values.idle_minutes, "\uff16\uff10", "is not a time in minutes"),
        (values.instance_type, "xlarge", "is not an instance type"),
        (values.instance_type, "g5.xlarge\n", "is not an instance type"),
        (values.instance_type, None, "is not an instance type"),
    ],
)
def test_refused(form: Callable[[str, Any], Any], value: Any, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        form("box_x", value)
    assert str(refused.value).startswith("box_x: ")
    assert is_sentence(str(refused.value).replace("\\n", ""))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_is_canonical_or_the_sentence_names_the_canonical_one(address: Any, bits: int) -> None:
    network = ipaddress.IPv4Network(f"{address}/{bits}", strict=False)
    if address == network.network_address:
        assert values.cidr("k", f"{address}/{bits}") == str(network)
    else:
        with pytest.raises(Refused, match=f" write {network} for"):
            values.cidr("k", f"{address}/{bits}")
    assert values.cidr("k", str(network)) == str(network)


@given(st.text(alphabet="0123456789./ :-ax", max_size=20) | st.text(max_size=20))
def test_whatever_is_accepted_as_a_network_is_one(text: str) -> None:
    try:
        found = values.cidr("k", text)
    except Refused:
        return
    assert str(ipaddress.IPv4Network(found)) == found
    assert values.cidr("k", found) == found


@given(st.integers(-10, 70000), st.integers(-10, 70000))
def test_whatever_is_accepted_as_ports_is_in_order_and_in_range(first: int, last: int) -> None:
    if 1 <= first <= last <= 65535:
        assert values.port_range("k", f"{first}-{last}") == (first, last)
    else:
        with pytest.raises(Refused):
            values.port_range("k", f"{first}-{last}")


@pytest.mark.parametrize("answer", ["0.0.0.0/0", "203.0.113.7/32", "", "2001:db8::1", "<html>", "203.0.113.7 "])
def test_only_one_plain_address_becomes_a_rule(answer: str) -> None:
    with pytest.raises(Refused, match="box_address_source: it answered"):
        values.own_address(answer)


@pytest.mark.parametrize(
    ("network", "wide"), [("0.0.0.0/1", True), ("128.0.0.0/1", True), ("10.0.0.0/8", False), ("auto", False)]
)
def test_half_of_the_internet_needs_the_acknowledgement_too(network: str, wide: bool) -> None:
    assert values.is_wide(network) is wide
