"""The GPU check against what nvidia-smi, the kernel and the PCI bus said on machines of several kinds."""

import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import yaml
from unit.roles_loader import ROOT, load

check = load("cuda_check/files/usr/local/bin/dlbox-cuda-check")
SMI = (pathlib.Path(__file__).parent / "g5.xml").read_text()
A10G = {"name": "NVIDIA A10G", "uuid": "GPU-0", "memory_mib": 23028}
HEALTHY = {
    "driver": "595.45.04", "cuda": "13.2", "gpus": [A10G], "error": "", "library": "595.45.04",
    "kernel_driver": "595.45.04", "devices": 1,
}  # fmt: skip
BARE = {
    "driver": "",
    "cuda": "",
    "gpus": [],
    "error": "not installed",
    "library": "",
    "kernel_driver": "",
    "devices": 0,
}
G5 = {"instance_type": "g5.xlarge", "name": "A10G", "count": 1}
T3 = {"instance_type": "t3.large", "name": "", "count": 0}

ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "as_expected": (G5, HEALTHY, "ok", "1 NVIDIA A10G, driver 595.45.04, CUDA up to 13.2"),
    "no_gpu_type": (T3, BARE, "no-gpu", "this is a host without a GPU"),
    "gpu_gone": (G5, BARE, "failed", "g5.xlarge has 1 A10G, and 0 answered (nvidia-smi: not installed)"),
    "one_of_four": ({**G5, "count": 4}, HEALTHY, "failed", "has 4 A10G, and 1 answered"),
    "another_gpu": ({**G5, "name": "A10"}, HEALTHY, "failed", "should have A10 and has NVIDIA A10G"),
    "no_driver": (G5, {**BARE, "devices": 1}, "failed", "there is an NVIDIA device and no driver for it"),
    "library_upgraded": (
        G5,
        {**BARE, "devices": 1, "kernel_driver": "595.45.04", "library": "600.10"},
        "failed",
        "the driver in the kernel is 595.45.04 and its library is 600.10: reboot the box",
    ),
    "unknown_family_with_gpu": ({"instance_type": "g9.large", "name": "", "count": 0}, HEALTHY, "ok", "1 NVIDIA A10G"),
}


@pytest.mark.parametrize(("expected", "facts", "verdict", "words"), ROWS.values(), ids=ROWS)
def test_judge(expected: dict[str, Any], facts: dict[str, Any], verdict: str, words: str) -> None:
    found, sentence = check.judge(expected, facts)
    assert (found, words in sentence) == (verdict, True), sentence


def test_reads_nvidia_smi() -> None:
    uuid = "GPU-8f7a1c52-0000-4000-8000-000000000001"
    gpu = {"name": "NVIDIA A10G", "uuid": uuid, "memory_mib": 23028}
    assert check.parse_smi(SMI) == {"driver": "595.45.04", "cuda": "13.2", "gpus": [gpu]}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n", "535.104.05"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  595.45.04  Release Build\n", "595.45.04"),
        ("", ""),
    ],
)
def test_reads_the_kernel_module(text: str, version: str) -> None:
    assert check.kernel_driver(text) == version


def test_writes_a_report_once(tmp_path: pathlib.Path) -> None:
    program, report = ROOT / "roles/cuda_check/files/usr/local/bin/dlbox-cuda-check", tmp_path / "cuda.json"
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\ncat {pathlib.Path(__file__).parent / 'g5.xml'}\n")
    smi.chmod(0o755)
    command = [
        sys.executable,
        str(program),
        "--instance-type=g5.xlarge",
        "--name=A10G",
        "--count=1",
        f"--report={report}",
    ]
    said = [
        json.loads(
            subprocess.run(
                command, env={"PATH": f"{tmp_path}:/bin:/usr/bin"}, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert [one["written"] for one in said] == [True, False]
    assert json.loads(report.read_text())["gpus"][0]["name"] == "NVIDIA A10G"
    assert said[0]["verdict"] == json.loads(report.read_text())["verdict"] == "ok"


@pytest.mark.parametrize(
    ("kind", "count"), [("g5.xlarge", 1), ("g5.12xlarge", 4), ("p5.48xlarge", 8), ("p5.4xlarge", 1), ("t3.large", 0)]
)
def test_the_table_knows_the_type(kind: str, count: int) -> None:
    table = yaml.safe_load((ROOT / "roles/cuda_check/vars/main.yml").read_text())["__cuda_check_gpus"]
    family, size = kind.split(".")
    gpu = table.get(family, {"count": 0, "sizes": {}})
    assert gpu["sizes"].get(size, gpu["count"]) == count
