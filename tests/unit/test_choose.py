"""Which type the box gets: facts of a region in, the order to try and what was passed over out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dlbox import plan_instance
from dlbox.choose import choose, kept
from dlbox.errors import Refused
from dlbox.wanted import Wanted, wanted
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import gpu_type, is_sentence
from unit.facts import wanted as asked_of

G, P, SPOT = "L-DB2E81BA", "L-417A185B", "L-3819A6DF"
AMD = {"name": "Radeon", "maker": "AMD", "count": 1, "memory_mib": 65536, "share": 1.0}
TYPES = {
    "g4dn.xlarge": gpu_type(4, 16), "g5.xlarge": gpu_type(4), "g6.xlarge": gpu_type(4), "g5.12xlarge": gpu_type(48, count=4),
    "p4d.24xlarge": gpu_type(96, 40, 8), "g6f.large": gpu_type(2, 3, 0), "g5g.xlarge": gpu_type(4, 16, architectures=["arm64"]),
    "g4ad.xlarge": gpu_type(4) | {"gpus": [AMD]}, "p5.4xlarge": gpu_type(16, 80, spot=False), "g7.huge": gpu_type(4, 96),
}  # fmt: skip
PRICES = {
    "g4dn.xlarge": 0.526, "g5.xlarge": 1.006, "g6.xlarge": 0.8048, "g5.12xlarge": 5.672, "p4d.24xlarge": 32.77, "g6f.large": 0.2,
    "g5g.xlarge": 0.42, "g4ad.xlarge": 0.38, "p5.4xlarge": 6.88,
}  # fmt: skip


def region(**parts: Any) -> dict[str, Any]:
    """A region that offers all these types in two zones, to an account with plenty of quota."""
    plenty = {code: {"code": code, "value": 1000} for code in (G, P, SPOT)}
    return {
        "instances": [], "types": TYPES, "zones": {kind: ["us-west-2a", "us-west-2b"] for kind in TYPES}, "prices": PRICES,
        "quotas": plenty, "others": [],
    } | parts  # fmt: skip


def granted(**vcpus: int) -> dict[str, Any]:
    """Quotas by name."""
    return {code: {"code": code, "value": vcpus[name]} for name, code in (("g", G), ("p", P)) if name in vcpus}


def asked(value: Any, spot: bool = False) -> Any:
    return asked_of(plan_instance, instance_type=value, spot=spot)


ONE_24 = {"gpus": 1, "gpu_memory_gib": 24}


@pytest.mark.parametrize(
    ("value", "parts", "first", "passed"),
    [
        pytest.param("g5.xlarge", {}, "g5.xlarge", {}, id="one type is no choice"),
        pytest.param("g5.xlarge", {"quotas": granted(g=0)}, "g5.xlarge", {}, id="one type, whatever the quota"),
        pytest.param(["g5.xlarge", "g6.xlarge"], {}, "g5.xlarge", {}, id="the first of the list"),
        pytest.param(["p2.xlarge", "g5.xlarge"], {}, "g5.xlarge", {"p2.xlarge": "it is retired"}, id="a retired one"),
        pytest.param(["g5.hugee", "g5.xlarge"], {}, "g5.xlarge", {"g5.hugee": "us-west-2 does not know it"}, id="an unknown one"),
        pytest.param(["g5.xlagre", "g5.xlarge"], {"near": ["g5.xlarge"]}, "g5.xlarge", {"g5.xlagre": "us-west-2 does not know it, did you mean g5.xlarge?"}, id="a misspelt one"),
        pytest.param(["g6.xlarge", "g5.xlarge"], {"zones": {"g5.xlarge": ["us-west-2a"]}}, "g5.xlarge", {"g6.xlarge": "us-west-2 does not offer it"}, id="one not offered"),
        pytest.param(["p4d.24xlarge", "g5.xlarge"], {"quotas": granted(p=0, g=8)}, "g5.xlarge", {"p4d.24xlarge": f"quota {P} grants 0 of 96 vCPUs"}, id="the quota allows the second"),
        pytest.param(["p4d.24xlarge", "g5.xlarge"], {"quotas": granted(p=0, g=0)}, "p4d.24xlarge", {}, id="the quota allows none: it is asked for the first"),
        pytest.param(["g5.12xlarge", "g5.xlarge"], {"quotas": granted(g=48), "others": [{"type": "g6.xlarge", "spot": False, "vcpus": 4}]}, "g5.xlarge", {"g5.12xlarge": f"quota {G} grants 48 of 52 vCPUs"}, id="others use the quota"),
        pytest.param(["g5.12xlarge", "g5.xlarge"], {"quotas": granted(g=48), "others": [{"type": "g6.xlarge", "spot": True, "vcpus": 4}]}, "g5.12xlarge", {}, id="Spot uses another"),
        pytest.param({"gpus": 1}, {}, "g4dn.xlarge", {"g6f.large": "it has 1 of a GPU", "g5g.xlarge": "it is arm64: name it where you mean it", "g4ad.xlarge": "its GPU is not NVIDIA's"}, id="the cheapest whole NVIDIA GPU"),
        pytest.param(ONE_24, {}, "g6.xlarge", {"g4dn.xlarge": "its GPU has 16 GiB"}, id="24 GiB as makers quote it"),
        pytest.param({"gpus": 4}, {}, "g5.12xlarge", {"g6.xlarge": "it has 1 GPU"}, id="four GPUs"),
        pytest.param({**ONE_24, "max_hourly_usd": 7}, {"quotas": granted(g=0, p=1000)}, "p5.4xlarge", {"g6.xlarge": f"quota {G} grants 0 of 4 vCPUs"}, id="the cheapest that the quota allows"),
        pytest.param(ONE_24, {"quotas": granted(g=0, p=1000)}, "g6.xlarge", {"g4dn.xlarge": "its GPU has 16 GiB"}, id="no cap: a small quota is raised rather than a price"),
        pytest.param({"gpu_memory_gib": 96}, {}, "g7.huge", {}, id="without a price where no cap is set"),
    ],
)  # fmt: skip
def test_the_choice_and_what_was_passed_over(
    value: Any, parts: dict[str, Any], first: str, passed: dict[str, str]
) -> None:
    choice = choose(asked(value), region(**parts))
    assert choice.types[0] == first
    assert passed.items() <= dict(choice.passed).items()
    assert bool(passed) == bool(choice.passed) or "gpu_memory_gib" in str(value)


def test_what_is_dearer_than_the_choice_was_not_passed_over() -> None:
    choice = choose(asked(ONE_24), region())
    assert "p4d.24xlarge" not in dict(choice.passed)
    assert choice.types == ("g6.xlarge", "g5.xlarge"), "where AWS has none of the first, something near its price"


def test_without_prices_size_decides_and_nothing_larger_is_taken() -> None:
    choice = choose(asked(ONE_24), region(prices={}))
    assert choice.types == ("g5.xlarge", "g6.xlarge", "g7.huge")


def test_a_price_cap_holds_for_what_is_tried_next_too() -> None:
    assert choose(asked({**ONE_24, "max_hourly_usd": 1.5}), region()).types == ("g6.xlarge", "g5.xlarge")


def test_a_part_of_a_gpu_is_told_as_a_part() -> None:
    part = gpu_type(2, 3, 0)
    part["gpus"][0]["share"] = 0.125
    choice = choose(asked({"gpus": 1}), region(types={**TYPES, "g6f.large": part}))
    assert dict(choice.passed)["g6f.large"] == "it has 0.125 of a GPU"


def test_what_is_sold_as_capacity_blocks_alone_is_passed_over() -> None:
    blocks = {**TYPES, "p5.4xlarge": gpu_type(16, 80, on_demand=False)}
    choice = choose(asked(["p5.4xlarge", "g5.xlarge"]), region(types=blocks))
    assert dict(choice.passed) == {"p5.4xlarge": "it is sold as Capacity Blocks, which dlbox does not buy"}
    with pytest.raises(Refused, match=r"p5\.4xlarge cannot be had: it is sold as Capacity Blocks"):
        choose(asked("p5.4xlarge"), region(types=blocks))


def test_spot_takes_what_is_sold_as_spot() -> None:
    choice = choose(asked(["p5.4xlarge", "g5.xlarge"], spot=True), region())
    assert (choice.types, dict(choice.passed)) == (("g5.xlarge",), {"p5.4xlarge": "it is not sold as Spot"})


@pytest.mark.parametrize(
    ("value", "parts", "said"),
    [
        (["p2.xlarge", "p3.2xlarge"], {}, "none of the types can be had in us-west-2 .*retired.*set box_instance_type: g4dn.xlarge"),
        ({"gpus": 16}, {}, "no type in us-west-2 has 16 NVIDIA GPUs: ask for less"),
        ({**ONE_24, "max_hourly_usd": 0.1}, {}, r"has 1 NVIDIA GPU of 24 GiB for at most \\$0.1 an hour: the cheapest that has it is g6.xlarge at \\$0.8048"),
        ({**ONE_24, "max_hourly_usd": 1}, {"prices": {}}, "the Pricing API told no price"),
        ("p2.xlarge", {}, "p2.xlarge is retired"),
        ("g5.xlarge", {"types": {}}, "us-west-2 knows no g5.xlarge"),
        ("g5.xlarge", {"zones": {}}, "is not offered in us-west-2"),
        ("g5.xlarge", {"zones": {"g5.xlarge": ["us-west-2z"]}, "subnets": [{"Zone": "us-west-2a", "SubnetId": "subnet-a"}]}, "where there is no default subnet"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_with_what_can(value: Any, parts: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said.replace("\\\\", "\\")) as refused:
        choose(asked(value), region(**parts))
    assert is_sentence(str(refused.value))
    assert str(refused.value).startswith("box_instance_type: ")


@pytest.mark.parametrize(
    ("value", "here", "stays"),
    [
        ("g5.xlarge", "g5.xlarge", True),
        ("g5.xlarge", "g6.xlarge", False),
        (["g6.xlarge", "g5.xlarge"], "g5.xlarge", True),
        (ONE_24, "g5.xlarge", True),
        ({**ONE_24, "max_hourly_usd": 0.9}, "g5.xlarge", True),
        (ONE_24, "g4dn.xlarge", False),
        (ONE_24, "t3.large", False),
    ],
)
def test_a_box_that_does_keeps_its_type(value: Any, here: str, stays: bool) -> None:
    assert bool(kept(asked(value), region(instances=[{"InstanceType": here}]))) == stays


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "the list is empty"),
        (["g5.xlarge", "g5.xlarge"], "g5.xlarge stands there twice"),
        (["g5"], "'g5' is not an instance type"),
        (
            "[g4dn.xlarge]",
            """'[g4dn.xlarge]' is a text; after -e write it as JSON, as in -e '{"box_instance_type": ["g6.xlarge", "g5.xlarge"]}'""",
        ),
        (
            "{gpus: 1}",
            """'{gpus: 1}' is a text; after -e write it as JSON, as in -e '{"box_instance_type": {"gpus": 1, """,
        ),
        ({}, "it says neither gpus nor gpu_memory_gib"),
        ({"max_hourly_usd": 2}, "it says neither gpus nor gpu_memory_gib"),
        ({"gpus": 0}, "gpus: 0 is no need; name a type without GPU"),
        ({"gpus": 0, "gpu_memory_gib": 24}, "gpus: 0 is no need, and no GPU has no memory"),
        ({"gpus": 1.5}, "gpus: 1.5 is not a whole number"),
        ({"gpus": -1}, "gpus: '-1' is not a number from 0 up"),
        ({"gpus": "many"}, "gpus: 'many' is not a number"),
        ({"gpus": True}, "gpus: 'True' is not a number"),
        ({"gpus": float("nan")}, "gpus: 'nan' is not a number"),
        ({"gpus": 1, "max_hourly_usd": 0}, "max_hourly_usd: 0 allows nothing"),
        ({"gpus": 1, "memory": 24}, "'memory' is no need; known are gpus, gpu_memory_gib, max_hourly_usd"),
    ],
)
def test_needs_that_cannot_be_meant_are_refused(value: Any, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)) as refused:
        wanted("box_instance_type", value)
    assert is_sentence(str(refused.value))


@given(
    st.lists(st.sampled_from(sorted(TYPES)), min_size=1, unique=True),
    st.integers(0, 100),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_choice_is_of_what_was_asked_and_nothing_is_lost(kinds: list[str], g: int, p: int, spot: bool) -> None:
    want = asked(kinds, spot)
    try:
        choice = choose(want, region(quotas=granted(g=g, p=p)))
    except Refused:
        return
    assert set(choice.types) <= set(kinds)
    assert list(choice.types) == sorted(choice.types, key=kinds.index)
    assert not set(choice.types) & set(dict(choice.passed))
    assert (
        len(choice.types) + len(choice.passed) == len(kinds)
        or len(choice.types) == 6
        or want.wanted == Wanted((kinds[0],))
    )
