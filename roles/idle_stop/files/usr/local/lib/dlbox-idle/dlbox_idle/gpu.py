"""NVIDIA's library, through ctypes: how much each GPU is in use, several times in a row."""

from __future__ import annotations

import ctypes
import pathlib
import time
from typing import Any

DEVICES = pathlib.Path("/sys/bus/pci/devices")
NVIDIA_VENDOR = "0x10de"
SAMPLES, PAUSE = 5, 1.0


class Utilization(ctypes.Structure):
    """nvmlUtilization_t: percent of the driver's last sample period."""

    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


def devices() -> int:
    """How many of NVIDIA's devices are on the PCI bus, whether or not a driver knows them."""
    return sum(path.read_text().strip() == NVIDIA_VENDOR for path in DEVICES.glob("*/vendor"))


def library() -> Any:
    """NVML, where the driver is installed; an OSError where it is not."""
    return ctypes.CDLL("libnvidia-ml.so.1")


def check(status: int, what: str) -> None:
    """Raise an OSError for every status but NVML_SUCCESS."""
    if status:
        raise OSError(f"NVML's {what} failed with status {status}: `nvidia-smi` says more")


def samples(nvml: Any, count: int, pause: float) -> list[list[int]]:
    """For each GPU its use in percent, `count` times, `pause` seconds apart."""
    check(nvml.nvmlInit_v2(), "nvmlInit_v2")
    try:
        number = ctypes.c_uint()
        check(nvml.nvmlDeviceGetCount_v2(ctypes.byref(number)), "nvmlDeviceGetCount_v2")
        found: list[list[int]] = [[] for _ in range(number.value)]
        for turn in range(count):
            time.sleep(pause if turn else 0)
            for index, seen in enumerate(found):
                handle, use = ctypes.c_void_p(), Utilization()
                check(nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)), "nvmlDeviceGetHandleByIndex_v2")
                check(nvml.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(use)), "nvmlDeviceGetUtilizationRates")
                seen.append(int(use.gpu))
        return found
    finally:
        nvml.nvmlShutdown()
