"""What the role hands to the program: the table of types against AWS's own, its files' hashes, the lock."""

from __future__ import annotations

import gzip
import json
import pathlib
from importlib import metadata
from typing import Any

import moto
import pytest
import yaml
from unit.roles_loader import ROOT, load

module = load("cuda_check/library/cuda_check.py")
TABLE: dict[str, Any] = yaml.safe_load((ROOT / "roles/cuda_check/vars/main.yml").read_text())["__cuda_check_gpus"]
FILE = pathlib.Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
KNOWN = json.loads(gzip.decompress(FILE.read_bytes()))


def has(kind: str) -> tuple[set[str], int]:
    """The words of a type's GPU, and how many it has, by the role's table."""
    family, size = kind.split(".")
    gpu = TABLE.get(family, {"name": "", "count": 0, "sizes": {}})
    return set(gpu["name"].upper().split()), gpu["sizes"].get(size, gpu["count"])


@pytest.mark.parametrize("kind", sorted(kind for kind, facts in KNOWN.items() if facts.get("GpuInfo", {}).get("Gpus")))
def test_the_table_says_what_aws_says(kind: str) -> None:
    (gpu,) = KNOWN[kind]["GpuInfo"]["Gpus"]
    # A part of a GPU (g6f, gr6f) has another name in the driver, so nothing is expected of it.
    wanted = gpu["Count"] if gpu["Manufacturer"] == "NVIDIA" else 0
    words, count = has(kind)
    assert (count, words <= set(gpu["Name"].upper().split())) == (wanted, True)
    assert bool(words) == bool(wanted)


@pytest.mark.parametrize(
    ("kind", "wanted"), [("p2.xlarge", 1), ("p2.16xlarge", 16), ("p3.8xlarge", 4), ("t3.large", 0)]
)
def test_it_knows_the_retired_ones_too(kind: str, wanted: int) -> None:
    assert has(kind)[1] == wanted


@pytest.mark.parametrize(
    ("hashes", "differs"),
    [
        ({"/a": "1", "/b": "2"}, []),
        ({"/a": "1"}, ["/b"]),
        ({"/a": "9", "/b": "2"}, ["/a"]),
        ({"/a": "1", "/b": "another one, which is well"}, []),
    ],
)
def test_files_that_differ(hashes: dict[str, str], differs: list[str]) -> None:
    assert module.differing({"/a": "1", "/b": ""}, hashes) == differs


def test_these_tests_run_the_nvml_that_the_role_installs() -> None:
    lock = (ROOT / "roles/cuda_check/files/usr/local/lib/dlbox-cuda-check/requirements.txt").read_text()
    assert lock.startswith(f"nvidia-ml-py=={metadata.version('nvidia-ml-py')} ")
