"""The whole program on machines of several kinds: a library built from C, a kernel's files, an nvidia-smi, environments."""

from __future__ import annotations

import os
import pathlib
import pwd
import time
from typing import Any

import pytest
from dlbox_cuda import ask, facts
from unit.roles_cuda_check.conftest import HERE, T4, Machine, Rows

K80 = """\
driver 470.256.02
cuda 11040
gpus 1
0.name Tesla K80
0.uuid GPU-00000000-0000-4000-8000-000000000002
0.memory_mib 11441
0.capability 3 7
0.persistence 0
0.ecc 1 1
0.uncorrected 0
0.retired_single 0
0.retired_double 2
0.retired_pending 0
"""
A10G = """\
driver 570.211.01
cuda 12080
gpus 1
0.name NVIDIA A10G
0.uuid GPU-00000000-0000-4000-8000-000000000003
0.memory_mib 23028
0.capability 8 6
0.persistence 1
0.ecc 1 1
"""
NEW = ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120"]
OLD = ["sm_37", "sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86"]


def torch(version: str, cuda: str | None, arches: list[str], *gpus: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A torch's scenario; without GPUs it finds none."""
    return {"torch": version, "cuda": cuda, "arches": arches, "devices": list(gpus), "cudnn": 91002, **more}


def on(name: str, major: int, minor: int, off: float = 1e-6, **more: Any) -> dict[str, Any]:
    """A GPU as torch sees it, with the error of a product on it."""
    return {"name": name, "capability": [major, minor], "off": off, **more}


def test_a_healthy_t4(box: Machine, rows: Rows) -> None:
    box.kernel("590.44.01")
    box.nvml("590.44.01", T4)
    box.expect("g4dn.xlarge", "T4", 1)
    box.environment("dl", torch("2.11.0+cu130", "13.0", NEW, on("Tesla T4", 7, 5)))
    box.environment("plain", None)
    report = box.check()
    found = rows(report)
    assert (report["verdict"], report["ended"], report["stops"]) == ("ok", 0, [])
    assert report["sentence"] == "1 Tesla T4 of 15 GiB, as g4dn.xlarge has; driver 590.44.01, CUDA up to 13.1"
    passed = ["driver", "gpus", "ecc gpu 0", "persistence", "cuda dl", "arch dl", "matmul dl", "cudnn dl", "xid"]
    assert {name: found[name][0] for name in passed} == dict.fromkeys(passed, "pass")
    assert "cuDNN 9.10.2" in found["cudnn dl"][1]
    assert found["torch plain"][0] == "skip"


def test_a_k80_with_todays_torch_is_told_the_last_one_that_works(box: Machine, rows: Rows) -> None:
    box.kernel("470.256.02")
    box.nvml("470.256.02", K80)
    box.expect("p2.xlarge", "K80", 1)
    box.environment("new", torch("2.11.0", "13.0", NEW, why="The NVIDIA driver on your system is too old"))
    refusal = "CUDA error: no kernel image is available for execution on the device"
    box.environment("dl", torch("2.1.2", "11.8", OLD[1:], on("Tesla K80", 3, 7, refuses=refusal)))
    box.environment("old", torch("2.0.1", "11.7", OLD, on("Tesla K80", 3, 7)))
    report = box.check()
    found = rows(report)
    assert (report["verdict"], report["ended"], report["stops"]) == ("failed", 1, [])
    assert found["arch dl"][0] == "fail"
    assert "torch 2.1.2 has no code for sm_37 (Tesla K80): has sm_50 sm_60" in found["arch dl"][1]
    assert "write torch<=2.0.1 (PyPI, table of 2026-02-18) under pip of dl in box_environments" in found["arch dl"][1]
    assert {found[f"{check} dl"] for check in ("matmul", "cudnn")} == {
        ("skip", "torch has no code for GPU 0: see arch | "), ("skip", "cuDNN 9.10.2, not tried: see matmul | ")
    }  # fmt: skip
    assert found["cuda new"][0] == "fail"
    assert "torch 2.11.0 is built for CUDA 13.0, and driver 470.256.02 runs up to 11.4" in found["cuda new"][1]
    assert "driver 580 or newer" in found["cuda new"][1]
    assert found["arch new"] == ("fail", found["arch new"][1])
    assert "by the table" in found["arch new"][1]
    assert {found[f"{check} old"][0] for check in ("cuda", "arch", "matmul", "cudnn")} == {"pass"}
    assert found["persistence"][0] == "warn"
    assert found["ecc gpu 0"] == ("pass", "no uncorrected error; 2 pages or rows out of use | ")


@pytest.mark.parametrize("smi", ["", f"cat {HERE / 'reports/mismatch.txt'} >&2; exit 18"], ids=["no_smi", "smi"])
def test_28_an_upgrade_under_the_loaded_driver_is_red_with_both_versions(box: Machine, rows: Rows, smi: str) -> None:
    box.kernel("570.195.03")
    box.nvml("570.211.01", "init 18\n")
    if smi:
        box.tool("nvidia-smi", smi)
    box.expect("g5.xlarge", "A10G", 1)
    box.environment("dl", torch("2.10.0", "12.8", NEW))
    report = box.check()
    found = rows(report)
    assert (report["verdict"], report["ended"]) == ("failed", 1)
    says = "the kernel runs driver 570.195.03 and the libraries are 570.211.01"
    assert found["driver"] == (
        "fail",
        f"{says} | sudo reboot; if it stays so, reinstall the driver's packages in one version",
    )
    assert [one["check"] for one in report["stops"]] == ["driver"]
    assert {found[name][0] for name in ("gpus", "torch")} == {"skip"}
    assert report["sentence"].startswith(f"driver: {says}")


def test_an_nvidia_smi_alone_tells_of_a_mismatch_too(box: Machine, rows: Rows) -> None:
    box.kernel("570.195.03")
    box.tool("nvidia-smi", f"cat {HERE / 'reports/mismatch.txt'}; exit 18")
    box.expect("g5.xlarge", "A10G", 1)
    found = rows(box.check())
    assert found["driver"][0] == "fail"
    assert "the kernel runs driver 570.195.03 and the libraries are 570.211 " in found["driver"][1]


def test_memory_that_lost_data_fails(box: Machine, rows: Rows) -> None:
    box.kernel("570.211.01")
    box.nvml("570.211.01", A10G + "0.uncorrected 3\n0.rows 0 1 1 0\n")
    box.expect("g5.xlarge", "A10G", 1)
    lines = [
        "NVRM: Xid (PCI:0000:00:1e): 48, pid=812, name=python, DBE",
        "NVRM: Xid (PCI:0000:00:1e): 63, pid='<unknown>'",
    ]
    box.tool("journalctl", "\n".join(f'echo "2026-11-22T08:00:00 ip-172-31-0-4 kernel: {line}"' for line in lines))
    report = box.check()
    found = rows(report)
    assert found["ecc gpu 0"][0] == "fail"
    assert "3 uncorrected memory errors" in found["ecc gpu 0"][1]
    assert found["xid"][0] == "fail"
    assert "Xid 48, 1 times: an uncorrectable memory error; Xid 63, 1 times" in found["xid"][1]
    assert [one["check"] for one in report["stops"]] == ["ecc", "xid"]


def test_no_driver(box: Machine, rows: Rows) -> None:
    box.kernel("")
    box.expect("g5.xlarge", "A10G", 1)
    report = box.check()
    assert rows(report)["driver"][0] == "fail"
    assert "box_ami: pytorch or base" in report["sentence"]
    assert [one["check"] for one in report["stops"]] == ["driver"]


def test_a_driver_that_is_not_loaded(box: Machine) -> None:
    box.kernel("")
    box.nvml("570.211.01", "init 9\n")
    box.expect("g5.xlarge", "A10G", 1)
    assert "driver 570.211.01 is installed and not loaded: sudo modprobe nvidia" in box.check()["sentence"]


@pytest.mark.parametrize(
    ("rehearsal", "verdict", "says"),
    [
        (True, "no-gpu", "no NVIDIA GPU: a rehearsal machine has none, where g5.xlarge has 1 A10G"),
        (False, "failed", "gpus: g5.xlarge has 1 A10G, and 0 answered: stop and start the box"),
    ],
)
def test_a_gpu_that_is_not_there(box: Machine, rehearsal: bool, verdict: str, says: str) -> None:
    box.expect("g5.xlarge", "A10G", 1, rehearsal)
    report = box.check()
    assert report["verdict"] == verdict
    assert report["sentence"].startswith(says)


def test_a_machine_without_a_gpu(box: Machine, rows: Rows) -> None:
    box.expect("t3.large", "", 0)
    box.environment("dl", torch("2.10.0", "12.8", NEW))
    report = box.check()
    assert (report["verdict"], report["ended"], report["sentence"]) == (
        "no-gpu",
        0,
        "no NVIDIA GPU, and t3.large has none",
    )
    assert {rows(report)[name][0] for name in ("driver", "gpus", "torch")} == {"skip"}


@pytest.mark.parametrize("fault", ["no_library", "no_pynvml"])
def test_nvidia_smi_stands_in_for_nvml(box: Machine, rows: Rows, fault: str) -> None:
    box.kernel("535.309.01")
    if fault == "no_pynvml":
        box.nvml("535.309.01", T4)
        (box.folder / "vendor").mkdir()
        (box.folder / "vendor/pynvml.py").write_text("raise ImportError")
        box.patch.setattr(facts, "VENDOR", box.folder / "vendor")
    box.smi("t4.xml")
    box.expect("g4dn.xlarge", "T4", 1)
    box.environment("dl", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5)))
    report = box.check()
    assert report["verdict"] == "ok"
    found = rows(report)
    assert "535.309.01, CUDA up to 12.2; by nvidia-smi, because of NVML: " in found["driver"][1]
    assert {found[name][0] for name in ("gpus", "ecc gpu 0", "persistence", "arch dl")} == {"pass"}


def test_a_driver_that_hangs_is_given_up(box: Machine) -> None:
    box.patch.setattr(facts, "DRIVER_LIMIT", 1)
    box.kernel("590.44.01")
    box.nvml("590.44.01", "hang 1\n")
    box.tool("nvidia-smi", "exec sleep 60")
    box.expect("g4dn.xlarge", "T4", 1)
    report = box.check()
    assert "driver 590.44.01 does not answer: NVML: no answer in 1 s" in report["sentence"]


def test_a_torch_that_hangs_is_given_up(box: Machine, rows: Rows) -> None:
    box.patch.setattr(facts, "TORCH_LIMIT", 1)
    box.kernel("590.44.01")
    box.nvml("590.44.01", T4)
    box.environment("dl", torch("2.10.0", "12.8", NEW, hang=60))
    assert "its python did not answer: no answer in 1 s" in rows(box.check())["torch dl"][1]


def test_a_gpu_that_computes_wrong_and_a_cudnn_that_does_not_work(box: Machine, rows: Rows) -> None:
    box.kernel("590.44.01")
    box.nvml("590.44.01", T4)
    box.environment("off", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5, off=0.02)))
    box.environment("nan", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5, off=float("nan"))))
    box.environment("dnn", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5), cudnn_fails="CUDNN_STATUS_NOT_SUPPORTED"))
    box.environment("cpu", torch("2.10.0", None, []))
    found = rows(box.check())
    assert "GPU 0 computes wrong: 2.0e-02 off the CPU's result, 1e-04 is allowed" in found["matmul off"][1]
    assert "the result is no number" in found["matmul nan"][1]
    assert [found[name][0] for name in ("matmul off", "matmul nan", "cudnn dnn", "cuda cpu")] == [
        "fail",
        "fail",
        "fail",
        "warn",
    ]
    assert "CUDNN_STATUS_NOT_SUPPORTED" in found["cudnn dnn"][1]


def test_a_gpu_that_others_fill_is_no_fault(box: Machine, rows: Rows) -> None:
    box.kernel("590.44.01")
    box.nvml("590.44.01", T4)
    refusal = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 14.56 GiB"
    gpu = box.environment("dl", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5, refuses=refusal)))
    report = box.check("--reuse")
    assert (report["verdict"], rows(report)["matmul dl"][0], rows(report)["cudnn dl"][0]) == ("ok", "warn", "skip")
    scenario = next(gpu.glob("lib/*/site-packages/torch/scenario.json"))
    scenario.write_text(scenario.read_text().replace('"refuses"', '"refused"'))
    assert rows(box.check("--reuse"))["matmul dl"][0] == "pass"


def test_what_gives_no_answer_is_ended(tmp_path: pathlib.Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(ask.Silent, match="no answer in 1 s"):
        ask.ask(["sh", "-c", f"sleep 60 & echo $! > {note}; wait"], 1)
    state, end = pathlib.Path("/proc", note.read_text().strip(), "stat"), time.monotonic() + 5
    # Its own child ends with it; a zombie belongs to whoever adopted it.
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] not in "ZX":
        assert time.monotonic() < end, "it still runs"


def test_what_belongs_to_a_user_runs_as_that_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "root's")
    nobody = pwd.getpwnam("nobody").pw_uid
    assert int(ask.ask(["id", "-u"], 10, owner=nobody)) == (os.getuid() or nobody)
    assert "SECRET" not in ask.ask(["env"], 10, owner=nobody)


def test_a_run_asks_no_torch_again_until_something_is_another(box: Machine, rows: Rows) -> None:
    box.kernel("590.44.01")
    box.nvml("590.44.01", T4)
    site = next(
        box.environment("dl", torch("2.10.0", "12.8", NEW, on("Tesla T4", 7, 5))).glob("lib/*/site-packages/torch")
    )
    assert box.check("--reuse")["news"]
    scenario = (site / "scenario.json").read_text()
    (site / "scenario.json").write_text(scenario.replace("1e-06", "0.5"))
    again = box.check("--reuse")
    assert (again["verdict"], again["news"]) == ("ok", False)
    (site / "version.py").write_text("# another torch\n")
    assert rows(box.check("--reuse"))["matmul dl"][0] == "fail"
    (site / "scenario.json").write_text(scenario)
    assert rows(box.check())["matmul dl"][0] == "pass"


def test_a_dry_run_leaves_the_report(box: Machine) -> None:
    box.check("--dry-run")
    assert not [*(box.folder / "var").iterdir()]
    box.check()
    assert oct((box.folder / "var/cuda.json").stat().st_mode)[-3:] == "644"
