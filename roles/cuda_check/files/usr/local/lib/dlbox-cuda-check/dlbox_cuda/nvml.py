"""Asks NVML through nvidia-ml-py, as a process of its own: a broken driver may hang or end it. Prints JSON."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
from collections.abc import Callable
from typing import Any


def library() -> str:
    """The version in the name of the library that was loaded: NVML names the driver's only where the two agree."""
    found = re.search(r"/libnvidia-ml\.so\.([0-9]+\.[0-9.]+)", pathlib.Path("/proc/self/maps").read_text())
    return found[1] if found else ""


def maybe(error: type[Exception], question: Callable[[], Any]) -> Any:
    """An answer, or None from a GPU or a library that does not have it."""
    with contextlib.suppress(error):
        return question()
    return None


def gpu(nvml: Any, index: int) -> dict[str, Any]:
    """What one GPU says of itself."""
    one, error = nvml.nvmlDeviceGetHandleByIndex(index), nvml.NVMLError
    uncorrected, causes = nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, range(2)
    rows = maybe(error, lambda: nvml.nvmlDeviceGetRemappedRows(one))
    mode = maybe(error, lambda: nvml.nvmlDeviceGetEccMode(one))
    return {
        "name": nvml.nvmlDeviceGetName(one),
        "uuid": nvml.nvmlDeviceGetUUID(one),
        "memory_mib": nvml.nvmlDeviceGetMemoryInfo(one).total >> 20,
        "capability": maybe(error, lambda: list(nvml.nvmlDeviceGetCudaComputeCapability(one))),
        "persistence": maybe(error, lambda: bool(nvml.nvmlDeviceGetPersistenceMode(one))),
        "ecc": bool(mode[0]) if mode else None,
        "uncorrected": maybe(error, lambda: nvml.nvmlDeviceGetTotalEccErrors(one, uncorrected, nvml.NVML_VOLATILE_ECC)),
        "retired": maybe(error, lambda: sum(len(nvml.nvmlDeviceGetRetiredPages(one, cause)) for cause in causes)),
        "retired_pending": maybe(error, lambda: bool(nvml.nvmlDeviceGetRetiredPagesPendingStatus(one))),
        "rows": dict(zip(("correctable", "uncorrectable", "pending", "failed"), rows)) if rows else None,
    }


def look() -> dict[str, Any]:
    """Driver, CUDA and GPUs; else `error`, and `mismatch` where the driver's two halves differ."""
    try:
        import pynvml as nvml
    except ImportError:
        return {"error": "nvidia-ml-py is not installed"}
    try:
        nvml.nvmlInit()
        cuda = nvml.nvmlSystemGetCudaDriverVersion_v2()
        return {
            "library": library(),
            "driver": nvml.nvmlSystemGetDriverVersion(),
            "cuda": f"{cuda // 1000}.{cuda % 1000 // 10}",
            "gpus": [gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount())],
        }
    except nvml.NVMLError as error:
        other = error.value == nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH
        return {"library": library(), "error": words(nvml, error), "mismatch": other}


def words(nvml: Any, error: Any) -> str:
    """NVML's own words for an error; its text comes from the library, which may not be there."""
    names = {value: name for name, value in vars(nvml).items() if name.startswith("NVML_ERROR_")}
    return str(names.get(error.value, f"NVML status {error.value}"))


if __name__ == "__main__":
    print(json.dumps(look()))
