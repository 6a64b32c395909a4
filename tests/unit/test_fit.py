"""What can be had, and what may be proposed: a type's facts in, the reason out."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox.fit import live, retired, unfit, unsold
from dlbox.wanted import Needs
from unit.facts import gpu_type

MAC = {"architectures": ["x86_64_mac"], "gpus": [], "spot": False}


@pytest.mark.parametrize(
    ("facts", "spot", "said"),
    [
        ({}, False, ""),
        ({}, True, ""),
        ({"spot": False}, False, ""),
        ({"spot": False}, True, "it is not sold as Spot"),
        ({"on_demand": False}, True, ""),
        ({"on_demand": False}, False, "it is sold as Capacity Blocks, which dlbox does not buy"),
        ({"on_demand": False, "spot": False}, True, "it is sold as Capacity Blocks, which dlbox does not buy"),
        ({"architectures": ["arm64"]}, False, ""),
        ({"architectures": ["i386", "x86_64"]}, False, ""),
        (MAC, False, "it runs macOS alone, on a Dedicated Host, which dlbox does not allocate"),
    ],
)
def test_how_a_type_is_sold(facts: dict[str, Any], spot: bool, said: str) -> None:
    assert unsold(gpu_type(4, **facts), spot) == said


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("g5.xlarge", {}, ""),
        ("p3.2xlarge", {}, "it is retired"),
        ("g5g.xlarge", {"architectures": ["arm64"]}, "it is arm64: name it where you mean it"),
        ("t3.large", {"gpus": []}, "it has no GPU"),
        ("p5.4xlarge", {"on_demand": False}, ""),
        ("p5e.48xlarge", {"on_demand": False, "spot": False}, "it is sold as Capacity Blocks, which dlbox does not buy"),
    ],
)  # fmt: skip
def test_what_is_never_proposed(kind: str, facts: dict[str, Any], said: str) -> None:
    assert unfit(kind, gpu_type(4, **facts)) == said


def test_needs_are_a_measure_too() -> None:
    assert unfit("g5.xlarge", gpu_type(4), Needs(4)) == "it has 1 GPU"


@pytest.mark.parametrize(("kind", "instead"), [("p3.2xlarge", "g5.xlarge"), ("p2.xlarge", "g4dn.xlarge"), ("g9.huge", "g4dn.xlarge")])  # fmt: skip
def test_what_to_set_instead(kind: str, instead: str) -> None:
    assert live(kind).startswith(f"set box_instance_type: {instead} (")
    assert not retired(instead)
