"""What `nvidia-smi -q -x` says, as NVML would say it. Nothing here reads.

The form is that of NVIDIA's nvsmi_device_v*.dtd: before Turing errors are counted as single_bit and double_bit, from there on
as sram_* and dram_*, since driver 545 with the parts of sram_uncorrectable. What a GPU does not have is N/A.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

UNCORRECTED = (
    "double_bit/total",
    "dram_uncorrectable",
    "sram_uncorrectable",
    "sram_uncorrectable_parity",
    "sram_uncorrectable_secded",
)
YES, NO = ("yes", "enabled"), ("no", "disabled")


def number(text: str | None) -> int | None:
    """The number in `15360 MiB` or `0`; None for N/A."""
    found = re.match(r"\s*(\d+)", text or "")
    return int(found[1]) if found else None


def flag(text: str | None) -> bool | None:
    """Yes and Enabled, No and Disabled; None for N/A."""
    word = (text or "").strip().lower()
    return True if word in YES else False if word in NO else None


def total(texts: list[str | None]) -> int | None:
    """The sum of the numbers among them; None where there is none."""
    numbers = [one for one in map(number, texts) if one is not None]
    return sum(numbers) if numbers else None


def rows(gpu: ElementTree.Element) -> dict[str, Any] | None:
    """Remapped rows, which GPUs have since Ampere."""
    found = {name: gpu.findtext(f"remapped_rows/remapped_row_{name}") for name in ("corr", "unc", "pending", "failure")}
    if found["unc"] is None:
        return None
    return {
        "correctable": number(found["corr"]) or 0,
        "uncorrectable": number(found["unc"]) or 0,
        "pending": bool(flag(found["pending"])),
        "failed": bool(flag(found["failure"])),
    }


def gpu(one: ElementTree.Element) -> dict[str, Any]:
    """One GPU; its compute capability is not in this report."""
    pages = one.find("retired_pages")
    causes = ("multiple_single_bit_retirement", "double_bit_retirement")
    return {
        "name": one.findtext("product_name", ""),
        "uuid": one.findtext("uuid", ""),
        "memory_mib": number(one.findtext("fb_memory_usage/total")) or 0,
        "capability": None,
        "persistence": flag(one.findtext("persistence_mode")),
        "ecc": flag(one.findtext("ecc_mode/current_ecc")),
        "uncorrected": total([one.findtext(f"ecc_errors/volatile/{name}") for name in UNCORRECTED]),
        "retired": None if pages is None else total([pages.findtext(f"{cause}/retired_count") for cause in causes]),
        "retired_pending": None if pages is None else flag(pages.findtext("pending_retirement")),
        "rows": rows(one),
    }


def parse(text: str) -> dict[str, Any]:
    """Driver, CUDA and GPUs; an `error` where it is no such report."""
    try:
        log = ElementTree.fromstring(text)  # noqa: S314 - the driver's own tool wrote it
    except ElementTree.ParseError as error:
        return {"error": f"nvidia-smi's report cannot be read: {error}"}
    found = [gpu(one) for one in log.findall("gpu")]
    return {"driver": log.findtext("driver_version", ""), "cuda": log.findtext("cuda_version", ""), "gpus": found}


def refusal(said: str) -> dict[str, Any]:
    """What it says instead of a report; a mismatch names the library's version, as in `NVML library version: 535.309`."""
    found = re.search(r"NVML library version: ([0-9.]+)", said)
    mismatch = "version mismatch" in said
    return {"error": f"nvidia-smi: {said}", "mismatch": mismatch, "library": found[1] if found else ""}
