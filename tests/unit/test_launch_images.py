"""Which Deep Learning AMI a flavour and an Ubuntu line mean, from the parameters that AWS publishes."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox.errors import Refused
from dlbox.observe_image import newest
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import is_sentence

ROOT = "/aws/service/deeplearning/ami/x86_64"


def published(*names: str) -> dict[str, str]:
    """Parameters by their full names, each with an AMI of its own name."""
    return {f"{ROOT}/{name}/latest/ami-id": f"ami of {name}" for name in names}


TORCH_27, TORCH_28 = "oss-nvidia-driver-gpu-pytorch-2.7-ubuntu-22.04", "oss-nvidia-driver-gpu-pytorch-2.8-ubuntu-24.04"
TORCH_29, TORCH_210 = "oss-nvidia-driver-gpu-pytorch-2.9-ubuntu-24.04", "oss-nvidia-driver-pytorch-2.10-ubuntu-24.04"
BASE_22, BASE_24 = "base-oss-nvidia-driver-gpu-ubuntu-22.04", "base-oss-nvidia-driver-gpu-ubuntu-24.04"
SINGLE = "base-with-single-cuda-ubuntu-24.04"


@pytest.mark.parametrize(
    ("flavour", "ubuntu", "names", "chosen"),
    [
        pytest.param("pytorch", "24.04", [TORCH_28, TORCH_29], TORCH_29, id="the newest"),
        pytest.param("pytorch", "24.04", [TORCH_210, TORCH_29], TORCH_210, id="2.10 is newer than 2.9"),
        pytest.param("pytorch", "24.04", [TORCH_28, TORCH_210], TORCH_210, id="without -gpu, as from 2.10 on"),
        pytest.param("pytorch", "22.04", [TORCH_27, TORCH_210], TORCH_27, id="the line that was asked for"),
        pytest.param("pytorch", "24.04", ["multi-framework-oss-nvidia-driver-amazon-linux-2", TORCH_28, BASE_24], TORCH_28, id="among others"),
        pytest.param("base", "24.04", [BASE_22, BASE_24], BASE_24, id="base"),
        pytest.param("base", "24.04", [SINGLE], SINGLE, id="base by its other name"),
        pytest.param("base", "24.04", [SINGLE, BASE_24], BASE_24, id="base with the open driver first"),
        pytest.param("base", "24.04", ["base-oss-nvidia-driver-ubuntu-24.04", TORCH_28], "base-oss-nvidia-driver-ubuntu-24.04", id="base without -gpu"),
    ],
)  # fmt: skip
def test_newest(flavour: str, ubuntu: str, names: list[str], chosen: str) -> None:
    for order in (names, names[::-1]):
        assert newest(flavour, ubuntu, published(*order)) == (f"{ROOT}/{chosen}/latest/ami-id", f"ami of {chosen}")


@pytest.mark.parametrize(
    ("flavour", "ubuntu", "names", "says"),
    [
        ("pytorch", "24.04", [TORCH_27, BASE_22], "no pytorch Deep Learning AMI for Ubuntu 24.04 here; there are images for 22.04"),
        ("base", "22.04", [TORCH_27, BASE_24], "there are images for 22.04, 24.04, or set box_ami: ubuntu"),
        ("pytorch", "24.04", [], "there are images for no Ubuntu line"),
        ("pytorch", "24.04", [f"{TORCH_28}-extra", TORCH_28.replace("24.04", "24x04")], "no pytorch"),
    ],
)  # fmt: skip
def test_none_fits(flavour: str, ubuntu: str, names: list[str], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        newest(flavour, ubuntu, published(*names))
    assert str(refused.value).startswith("box_ubuntu: ")
    assert is_sentence(str(refused.value))


def test_another_place_under_the_name_is_no_candidate() -> None:
    other: dict[str, Any] = {f"{ROOT}/{TORCH_29}/2025-01-01/ami-id": "ami-dated", **published(TORCH_28)}
    assert newest("pytorch", "24.04", other)[1] == f"ami of {TORCH_28}"


@given(st.sets(st.tuples(st.integers(1, 12), st.integers(0, 30), st.booleans()), min_size=1))
def test_versions_compare_as_numbers(versions: set[tuple[int, int, bool]]) -> None:
    names = [f"oss-nvidia-driver-{'gpu-' * gpu}pytorch-{major}.{minor}-ubuntu-24.04" for major, minor, gpu in versions]
    major, minor, _ = max(versions)
    assert f"pytorch-{major}.{minor}-" in newest("pytorch", "24.04", published(*names))[0]
