"""The driver, the GPUs and their memory: facts in, findings out. Nothing here reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .finding import FAIL, PASS, SKIP, WARN, Finding

Facts = Mapping[str, Any]
AGAIN = "stop and start the box (playbooks/stop.yml, start.yml), which gives it other hardware, then check again"


def answer(facts: Facts) -> Facts:
    """Who answered for the GPUs: NVML, else nvidia-smi where that did, else NVML's refusal."""
    smi = facts.get("smi") or {}
    return smi if "gpus" in smi else facts["nvml"]


def gpus(facts: Facts) -> Sequence[Facts]:
    """The GPUs that answered."""
    return answer(facts).get("gpus") or []


def mismatch(facts: Facts) -> bool:
    """Whether the kernel's half of the driver and the libraries are of two versions."""
    kernel, library, smi = facts["kernel_driver"], facts["nvml"].get("library", ""), facts.get("smi") or {}
    told = facts["nvml"].get("mismatch") or smi.get("mismatch")
    return bool(told) or bool(kernel and library and kernel != library)


def driver(facts: Facts) -> Finding:
    """The driver: loaded, of one version, and answering."""
    kernel, nvml, smi = facts["kernel_driver"], facts["nvml"], facts.get("smi") or {}
    library = nvml.get("library") or smi.get("library")
    if mismatch(facts):
        says = f"the kernel runs driver {kernel or 'unknown'} and the libraries are {library or 'of another version'}"
        fix = "sudo reboot; if it stays so, reinstall the driver's packages in one version"
        return Finding("driver", FAIL, says, fix)
    if not facts["devices"] and not gpus(facts):
        return Finding("driver", SKIP, "no NVIDIA GPU on the PCI bus")
    if not kernel and not gpus(facts):
        if library:
            fix = "sudo modprobe nvidia says why; after a new kernel: sudo dkms autoinstall, then sudo reboot"
            return Finding("driver", FAIL, f"driver {library} is installed and not loaded", fix)
        says, fix = "an NVIDIA GPU, and no driver for it", "take an image with the driver: box_ami: pytorch or base"
        return Finding("driver", FAIL, says, fix)
    if not gpus(facts):
        why = "; ".join(one["error"] for one in (nvml, smi) if one.get("error")) or "it names no GPU"
        return Finding("driver", FAIL, f"driver {kernel} does not answer: {why}", AGAIN)
    said = answer(facts)
    via = "" if said is nvml else f"; by nvidia-smi, because of NVML: {nvml.get('error') or 'it names no GPU'}"
    return Finding("driver", PASS, f"{said['driver']}, CUDA up to {said['cuda'] or 'unknown'}{via}")


def none(facts: Facts) -> Finding:
    """What it means that no GPU answered."""
    expected, kind = facts["expected"], facts["expected"]["instance_type"] or "this machine"
    wanted = f"{expected['count']} {expected['name']}"
    if driver(facts).status == FAIL:
        return Finding("gpus", SKIP, "none answered: see driver")
    if expected["count"] and expected["rehearsal"]:
        return Finding("gpus", SKIP, f"no NVIDIA GPU: a rehearsal machine has none, where {kind} has {wanted}")
    if expected["count"]:
        return Finding("gpus", FAIL, f"{kind} has {wanted}, and 0 answered", AGAIN)
    return Finding("gpus", SKIP, f"no NVIDIA GPU, and {kind} has none")


def count(facts: Facts) -> Finding:
    """As many GPUs as the type has, and of that kind; a type that is not known has those on the PCI bus."""
    expected, found = facts["expected"], gpus(facts)
    if not found:
        return none(facts)
    kind, names = expected["instance_type"] or "this machine", ", ".join(sorted({gpu["name"] for gpu in found}))
    wanted = f"{expected['count']} {expected['name']}" if expected["count"] else f"{facts['devices']} on the PCI bus"
    if len(found) < (expected["count"] or facts["devices"]):
        return Finding("gpus", FAIL, f"{kind} has {wanted}, and {len(found)} answered", AGAIN)
    if not all(set(expected["name"].split()) <= set(re.split(r"[\s-]+", gpu["name"])) for gpu in found):
        fix = "compare box_instance_type with the console; if that is right, dlbox's table of types is wrong: tell us"
        return Finding("gpus", FAIL, f"{kind} should have {wanted} and has {names}", fix)
    memory = " and ".join(sorted({f"{gpu['memory_mib'] / 1024:.0f} GiB" for gpu in found}))
    known = f", as {kind} has" if len(found) == expected["count"] else ""
    return Finding("gpus", PASS, f"{len(found)} {names} of {memory}{known}")


def ecc(index: int, gpu: Facts) -> Finding:
    """The memory's error counters: uncorrected since the driver was loaded, pages to retire, rows to remap."""
    about, rows = f"gpu {index}", gpu["rows"] or {}
    if gpu["uncorrected"]:
        return Finding(
            "ecc", FAIL, f"{gpu['uncorrected']} uncorrected memory errors since the driver was loaded", AGAIN, about
        )
    if rows.get("failed"):
        return Finding("ecc", FAIL, "faulty memory could not be remapped", AGAIN, about)
    if rows.get("pending") or gpu["retired_pending"]:
        return Finding("ecc", WARN, "faulty memory waits to be taken out of use", "sudo reboot", about)
    if gpu["ecc"] is None:
        return Finding("ecc", SKIP, "this GPU does not tell", "", about)
    if not gpu["ecc"]:
        return Finding("ecc", WARN, "off: memory errors go unnoticed", "sudo nvidia-smi -e 1, then reboot", about)
    gone = rows.get("uncorrectable", 0) + (gpu["retired"] or 0)
    return Finding(
        "ecc", PASS, "no uncorrected error" + (f"; {gone} pages or rows out of use" if gone else ""), "", about
    )


def persistence(found: Sequence[Facts]) -> Finding:
    """Whether the driver stays loaded while nothing uses a GPU."""
    told = [gpu["persistence"] for gpu in found if gpu["persistence"] is not None]
    if not told:
        return Finding("persistence", SKIP, "the GPUs do not tell")
    if all(told):
        return Finding("persistence", PASS, "on")
    fix = "sudo nvidia-smi -pm 1; for good: sudo systemctl enable --now nvidia-persistenced"
    return Finding("persistence", WARN, "off: each program waits while the driver starts the GPU anew", fix)


def check(facts: Facts) -> list[Finding]:
    """The findings about the GPUs themselves."""
    found = gpus(facts)
    each = [ecc(index, gpu) for index, gpu in enumerate(found)]
    return [driver(facts), count(facts), *each, *([persistence(found)] if found else [])]
