"""The decisions, facts in and findings out, where the machines' tests do not reach; and what nvidia-smi's reports hold."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from dlbox_cuda import arches, check_gpu, check_host, machine, show, smi, xids
from unit.roles_cuda_check.conftest import HERE

GIB = 1 << 30
GPU = {
    "name": "NVIDIA A10G", "uuid": "GPU-0", "memory_mib": 23028, "capability": [8, 6], "persistence": True, "ecc": True,
    "uncorrected": 0, "retired": None, "retired_pending": None, "rows": None,
}  # fmt: skip
ROWS = {"correctable": 0, "uncorrectable": 0, "pending": False, "failed": False}


def seen(
    count: int = 1, devices: int = 1, kind: str = "g5.xlarge", name: str = "A10G", wanted: int = 1
) -> dict[str, Any]:
    """Facts of so many A10Gs on a type that has so many of that name."""
    return {
        "expected": {"instance_type": kind, "name": name, "count": wanted, "rehearsal": False},
        "kernel_driver": "570.211.01", "devices": devices,
        "nvml": {"library": "570.211.01", "driver": "570.211.01", "cuda": "12.8", "gpus": [GPU] * count},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "status", "says"),
    [
        pytest.param(seen(), "pass", "1 NVIDIA A10G of 22 GiB, as g5.xlarge has", id="as_expected"),
        pytest.param(seen(wanted=4, devices=4), "fail", "g5.xlarge has 4 A10G, and 1 answered", id="one_of_four"),
        pytest.param(
            seen(name="A10"), "fail", "should have 1 A10 and has NVIDIA A10G", id="a_part_of_the_name_is_another"
        ),
        pytest.param(seen(kind="g9.large", name="", wanted=0), "pass", "1 NVIDIA A10G of 22 GiB", id="unknown_type"),
        pytest.param(
            seen(kind="g9.large", name="", wanted=0, devices=2), "fail", "2 on the PCI bus", id="unknown_one_lost"
        ),
    ],
)
def test_gpus(facts: dict[str, Any], status: str, says: str) -> None:
    found = check_gpu.count(facts)
    assert (found.status, says in found.says) == (status, True), found


@pytest.mark.parametrize(
    ("gpu", "status", "says"),
    [
        pytest.param({}, "pass", "no uncorrected error", id="healthy"),
        pytest.param({"rows": {**ROWS, "failed": True}}, "fail", "could not be remapped", id="remap_failed"),
        pytest.param({"rows": {**ROWS, "pending": True}}, "warn", "waits", id="remap_pending"),
        pytest.param({"retired_pending": True}, "warn", "waits", id="page_pending"),
        pytest.param({"ecc": False}, "warn", "off", id="off"),
        pytest.param({"ecc": None, "uncorrected": None}, "skip", "does not tell", id="has_none"),
    ],
)
def test_ecc(gpu: dict[str, Any], status: str, says: str) -> None:
    found = check_gpu.ecc(0, {**GPU, **gpu})
    assert (found.status, says in found.says) == (status, True), found


@pytest.mark.parametrize(
    ("capability", "made", "runs"),
    [
        ((7, 5), ["sm_75"], True),
        ((8, 9), ["sm_80", "sm_86"], True),
        ((8, 0), ["sm_86"], False),
        ((7, 0), ["sm_75", "sm_80"], False),
        ((3, 7), ["sm_35", "sm_50"], True),
        ((3, 7), ["sm_50", "sm_90"], False),
        ((9, 0), ["sm_80", "compute_80"], True),
        ((9, 0), ["sm_90a"], True),
        ((12, 1), ["sm_120"], True),
        ((10, 3), ["sm_100a"], False),
        ((10, 3), ["sm_100f"], True),
        ((12, 0), ["sm_100", "compute_100"], True),
        ((7, 5), ["gfx90a"], False),
    ],
)
def test_code_that_runs(capability: tuple[int, int], made: list[str], runs: bool) -> None:
    assert arches.fits(capability, made) is runs


@pytest.mark.parametrize(
    ("capability", "version", "has"),
    [
        ((3, 7), "2.0.1", True),
        ((3, 7), "2.1.0+cu118", False),
        ((7, 0), "2.10.0", True),
        ((7, 0), "2.11.0", False),
        ((7, 5), "2.14.0", True),
        ((12, 0), "2.7.1", False),
        ((13, 0), "2.7.1", None),
    ],
)
def test_the_table_of_pypi(capability: tuple[int, int], version: str, has: bool | None) -> None:
    assert arches.listed(capability, version) is has


@pytest.mark.parametrize(
    ("lines", "status", "says"),
    [
        ([], "pass", "none"),
        (["NVRM: loading NVIDIA UNIX Open Kernel Module"], "pass", "none"),
        (
            ["NVRM: Xid (PCI:0000:00:1e): 79, pid='<unknown>', GPU has fallen off the bus."],
            "fail",
            "fallen off the bus",
        ),
        (["NVRM: Xid (PCI:0000:00:1e): 13, pid=1, name=python"] * 2, "warn", "Xid 13, 2 times: a program's illegal"),
        (["NVRM: Xid (0000:03:00): 63, Dynamic Page Retirement"], "warn", "taken out of use"),
        (["NVRM: Xid (PCI:0000:00:1e): 999, x"], "warn", "Xid catalog"),
    ],
)
def test_xid(lines: list[str], status: str, says: str) -> None:
    found = check_host.xid({"kernel_log": {"lines": lines}})
    assert (found.status, says in found.says) == (status, True), found


def test_a_log_that_cannot_be_read_is_no_pass() -> None:
    assert check_host.xid({"kernel_log": {"error": "it is root's"}}).status == "skip"


def test_a_number_means_one_thing() -> None:
    kinds = [set(xids.HARDWARE), set(xids.MEMORY), set(xids.PROGRAM)]
    assert len(set.union(*kinds)) == sum(map(len, kinds))


@pytest.mark.parametrize(("free", "status"), [(11 * GIB, "pass"), (9 * GIB, "warn"), (GIB // 2, "fail")])
def test_disk(free: int, status: str) -> None:
    found = check_host.disk({"path": "/", "total": 100 * GIB, "free": free})
    assert (found.status, bool(found.fix)) == (status, status != "pass")


@pytest.mark.parametrize(("size", "status"), [(8 * GIB, "pass"), (64 << 20, "warn"), (0, "warn")])
def test_shared_memory(size: int, status: str) -> None:
    assert check_host.shm({"shm": size}).status == status


def test_a_t4s_report() -> None:
    found = smi.parse((HERE / "reports/t4.xml").read_text())
    assert (found["driver"], found["cuda"]) == ("535.309.01", "12.2")
    assert found["gpus"] == [
        {
            "name": "Tesla T4", "uuid": "GPU-00000000-0000-4000-8000-000000000001", "memory_mib": 15360, "capability": None,
            "persistence": True, "ecc": True, "uncorrected": 0, "retired": 0, "retired_pending": False, "rows": None,
        }
    ]  # fmt: skip


def test_a_k80s_report() -> None:
    (gpu,) = smi.parse((HERE / "reports/k80.xml").read_text())["gpus"]
    assert (gpu["name"], gpu["persistence"], gpu["uncorrected"], gpu["retired"]) == ("Tesla K80", False, 0, 0)


def test_a_report_of_lost_data() -> None:
    (gpu,) = smi.parse((HERE / "reports/a10g-ecc.xml").read_text())["gpus"]
    assert (gpu["uncorrected"], gpu["retired"], gpu["retired_pending"]) == (3, None, None)
    assert gpu["rows"] == {"correctable": 0, "uncorrectable": 1, "pending": True, "failed": False}


def test_a_broken_report_is_an_error() -> None:
    assert "cannot be read" in smi.parse("No devices were found")["error"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n", "535.104.05"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  595.45.04  Release Build\n", "595.45.04"),
        ("", ""),
    ],
)
def test_the_kernels_half(text: str, version: str) -> None:
    assert machine.kernel_driver(text) == version


def test_switches_sound_and_others_are_no_gpus(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    cards = [
        ("0x10de", "0x030200"),
        ("0x10de", "0x030000"),
        ("0x10de", "0x068000"),
        ("0x10de", "0x040300"),
        ("0x1d0f", "0x030000"),
    ]
    for index, (vendor, kind) in enumerate(cards):
        (tmp_path / str(index)).mkdir()
        (tmp_path / str(index) / "vendor").write_text(f"{vendor}\n")
        (tmp_path / str(index) / "class").write_text(f"{kind}\n")
    assert machine.devices() == 2


def block(folder: pathlib.Path, name: str, model: str, number: str, holder: str = "", part: str = "") -> None:
    """A disk as /sys/block shows it, held by another device, or with a partition."""
    (folder / name / "device").mkdir(parents=True)
    (folder / name / "device/model").write_text(f"{model:<40}\n")
    (folder / name / "size").write_text("244140625\n")
    (folder / name / "dev").write_text(f"{number}\n")
    (folder / name / "holders").mkdir()
    if holder:
        (folder / name / "holders/dm-0").mkdir()
        (folder / name / "holders/dm-0/dev").write_text(f"{holder}\n")
    if part:
        (folder / name / f"{name}p1").mkdir()
        (folder / name / f"{name}p1/dev").write_text(f"{part}\n")


@pytest.mark.parametrize(
    ("disk", "mounted"),
    [({"number": "259:1"}, ""), ({"number": "259:2"}, "/data"), ({"number": "259:1", "holder": "253:0"}, "/opt/dlami/nvme"),
     ({"number": "259:1", "part": "259:3"}, "/scratch"), ({"number": "259:1", "stripe": "nvme1n1"}, "/scratch")],
    ids=["not_mounted", "itself", "lvm_as_on_the_dlami", "partition", "second_disk_of_a_btrfs"],
)  # fmt: skip
def test_an_instance_store(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, disk: dict[str, str], mounted: str
) -> None:
    block(tmp_path / "block", "nvme0n1", "Amazon Elastic Block Store", "259:0")
    for name in [disk.pop("stripe"), "nvme2n1"] if "stripe" in disk else []:
        (tmp_path / "btrfs/0a-1b/devices" / name).mkdir(parents=True)
    block(tmp_path / "block", "nvme1n1", "Amazon EC2 NVMe Instance Storage", **disk)
    places = {"259:0": "/", "259:2": "/data", "253:0": "/opt/dlami/nvme", "259:3": "/scratch"}
    lines = [f"30 1 {number} / {place} rw - ext4 /dev/x rw\n" for number, place in places.items()]
    (tmp_path / "mounts").write_text("".join([*lines, "31 1 0:40 / /scratch rw - btrfs /dev/nvme2n1 rw\n"]))
    monkeypatch.setattr(machine, "STRIPES", tmp_path / "btrfs")
    monkeypatch.setattr(machine, "BLOCKS", tmp_path / "block")
    monkeypatch.setattr(machine, "MOUNTS", tmp_path / "mounts")
    found = machine.stores()
    assert found == [{"device": "nvme1n1", "bytes": 125_000_000_000, "mounted": mounted}]
    (finding,) = check_host.store({"stores": found})
    assert (finding.status, finding.about) == ("pass" if mounted else "warn", "nvme1n1")


def test_the_table_names_the_fix_below_the_fault() -> None:
    one = {"check": "shm", "about": "", "status": "warn", "says": "small", "fix": "sudo mount"}
    report = {"verdict": "ok", "sentence": "1 T4", "counts": {"fail": 0, "warn": 1}, "findings": [one]}
    text = show.table({**report, "facts": {"expected": {"instance_type": "g4dn.xlarge"}}}, colours=False)
    assert text.splitlines() == [
        "GPU check of g4dn.xlarge: ok (1 warn)", "  1 T4", "", "  shm  warn  small", "             fix: sudo mount"
    ]  # fmt: skip
