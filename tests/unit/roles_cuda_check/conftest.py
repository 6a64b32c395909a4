"""A machine with GPUs that only these tests have: a library, a kernel, disks and environments, each a file or folder here."""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from typing import Any

import pynvml
import pytest
from unit.roles_loader import ROOT

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "roles/cuda_check/files/usr/local/lib/dlbox-cuda-check"))

from dlbox_cuda import command, facts, machine  # noqa: E402

HERE = pathlib.Path(__file__).parent
KERNEL = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (dvs-builder@U22)\n"
T4 = """\
driver 590.44.01
cuda 13010
gpus 1
0.name Tesla T4
0.uuid GPU-00000000-0000-4000-8000-000000000001
0.memory_mib 15360
0.capability 7 5
0.persistence 1
0.ecc 1 1
0.uncorrected 0
0.retired_single 0
0.retired_double 0
0.retired_pending 0
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The fake libnvidia-ml, built."""
    built = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so"
    if not shutil.which("gcc"):
        pytest.fail("The fake driver library is built with gcc: apt install gcc libc6-dev.")
    subprocess.run(["gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", built, HERE / "fake_nvml.c"], check=True)
    return built


class Machine:
    """The parts of a machine, to be set before the check looks at them."""

    def __init__(self, folder: pathlib.Path, library: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.built, self.patch = folder, library, patch
        for name in ("bin", "lib", "pci", "block", "var"):
            (folder / name).mkdir()
        patch.setattr(machine, "DRIVER", folder / "kernel")
        patch.setattr(machine, "DEVICES", folder / "pci")
        patch.setattr(machine, "BLOCKS", folder / "block")
        patch.setattr(facts, "CONDA", folder / "conda.json")
        patch.setattr(facts, "IMAGE", folder / "opt/pytorch")
        patch.setattr(facts, "VENDOR", pathlib.Path(pynvml.__file__).parent)
        patch.setattr(command, "SETTINGS", folder / "settings.json")
        patch.setattr(command, "REPORT", folder / "var/cuda.json")
        patch.setenv("LD_LIBRARY_PATH", str(folder / "lib"))
        patch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        self.tool("journalctl", "true")

    def tool(self, name: str, script: str) -> None:
        """A command on the path."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def kernel(self, driver: str, devices: int = 1) -> None:
        """So many GPUs on the PCI bus, and the kernel's half of a driver unless it is ""."""
        for index in range(devices):
            slot = self.folder / f"pci/0000:00:{index:02x}.0"
            slot.mkdir()
            (slot / "vendor").write_text("0x10de\n")
            (slot / "class").write_text("0x030200\n")
        if driver:
            (self.folder / "kernel").write_text(KERNEL.format(driver))

    def nvml(self, version: str, scenario: str) -> None:
        """The other half: the library of a version."""
        shutil.copy(self.built, self.folder / f"lib/libnvidia-ml.so.{version}")
        (self.folder / "lib/libnvidia-ml.so.1").symlink_to(f"libnvidia-ml.so.{version}")
        (self.folder / "lib/scenario.txt").write_text(scenario)

    def smi(self, report: str) -> None:
        """An nvidia-smi that prints a report."""
        self.tool("nvidia-smi", f"cat {HERE / 'reports' / report}")

    def expect(self, kind: str, name: str, count: int, rehearsal: bool = False) -> None:
        """What the role wrote of the instance type."""
        said = {"instance_type": kind, "name": name, "count": count, "rehearsal": rehearsal}
        (self.folder / "settings.json").write_text(json.dumps(said))

    def environment(self, name: str, scenario: dict[str, Any] | None) -> pathlib.Path:
        """A conda environment's folder, with a torch of that scenario or none; its interpreter is a real one."""
        prefix = self.folder / "envs" / name
        venv.create(prefix, symlinks=True)
        if scenario is not None:
            site = next(prefix.glob("lib/python3*/site-packages"))
            shutil.copytree(HERE / "fake_torch", site / "torch", ignore=shutil.ignore_patterns("__pycache__"))
            (site / "torch/version.py").write_text("")
            (site / "torch/scenario.json").write_text(json.dumps(scenario))
        kept = {path.name: str(path) for path in prefix.parent.iterdir()}
        (self.folder / "conda.json").write_text(json.dumps({"conda": "/opt/conda/bin/conda", "environments": kept}))
        return prefix

    def check(self, *options: str) -> dict[str, Any]:
        """`dlbox-cuda-check --json`, and the status it ends with."""
        self.patch.setattr(sys, "argv", ["dlbox-cuda-check", "--json", *options])
        said = io.StringIO()
        with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as ended:
            command.main()
        return {**json.loads(said.getvalue()), "ended": int(ended.value.code or 0)}


@pytest.fixture
def box(tmp_path: pathlib.Path, library: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without anything yet."""
    return Machine(tmp_path, library, monkeypatch)


Rows = Callable[[dict[str, Any]], dict[str, tuple[str, str]]]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """A report's findings by their names in the table: status, and what it says."""
    return lambda report: {
        f"{one['check']} {one['about']}".strip(): (one["status"], f"{one['says']} | {one['fix']}")
        for one in report["findings"]
    }
