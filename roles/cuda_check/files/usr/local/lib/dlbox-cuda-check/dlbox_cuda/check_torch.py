"""Whether an environment's torch can use the GPUs: what it said in, findings out. Nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import arches
from .check_gpu import answer, gpus, mismatch
from .finding import FAIL, PASS, SKIP, WARN, Finding

Facts = Mapping[str, Any]
# float32 without TF32 differs by some 1e-6 from the CPU's double; TF32 by 1e-3.
TOLERANCE = 1e-4


# CUDA's cudaErrorNoKernelImageForDevice, as torch words it.
NO_CODE = "no kernel image is available"


def ask_for(name: str, what: str) -> str:
    """The way to another torch in an environment; the image's own is left as it is."""
    where = "in a new environment of" if name.startswith("/") else f"under pip of {name} in"
    return f"write {what} {where} box_environments, then site.yml --tags conda,cuda_check"


def full(error: str) -> bool:
    """Whether something failed only because other programs hold the GPU's memory."""
    return "out of memory" in error


def runtime(name: str, said: Facts, facts: Facts) -> Finding:
    """The CUDA that torch is built for, against what the driver runs."""
    built, up_to, driver = said["cuda"] or "", answer(facts)["cuda"], answer(facts)["driver"]
    torch = f"torch {said['torch']}"
    if not built:
        return Finding("cuda", WARN, f"{torch} is built without CUDA", ask_for(name, "torch (PyPI's has CUDA)"), name)
    if said["available"]:
        return Finding("cuda", PASS, f"{torch} for CUDA {built}, driver up to {up_to}", "", name)
    major = int(built.partition(".")[0])
    if up_to and major > int(up_to.partition(".")[0]):
        says = f"{torch} is built for CUDA {built}, and driver {driver} runs up to {up_to}"
        needs = f"an image with driver {arches.DRIVERS[major]} or newer" if major in arches.DRIVERS else "a newer image"
        return Finding("cuda", FAIL, says, f"take {needs}, or {ask_for(name, f'a torch for CUDA {up_to}')}", name)
    says = f"{torch} for CUDA {built} finds no GPU: {said.get('why') or 'it does not say why'}"
    return Finding("cuda", FAIL, says, f"make the environment anew, or {ask_for(name, 'torch')}", name)


def architecture(name: str, said: Facts, facts: Facts) -> Finding:
    """The GPUs' compute capability against what torch has code for."""
    found = said["devices"] or gpus(facts)
    kinds = sorted({(gpu["capability"][0], gpu["capability"][1], gpu["name"]) for gpu in found if gpu["capability"]})
    if not kinds or not said["cuda"]:
        return Finding("arch", SKIP, "torch has no CUDA" if kinds else "no GPU tells its compute capability", "", name)
    for major, minor, gpu in kinds:
        capability = (major, minor)
        told = arches.fits(capability, said["arches"]) if said["arches"] else arches.listed(capability, said["torch"])
        source = f"has {' '.join(said['arches'])}" if said["arches"] else f"by the table of {arches.TABLE_OF}"
        if told is None:
            return Finding("arch", SKIP, f"torch {said['torch']} does not tell what it has code for", "", name)
        if not told:
            says = f"torch {said['torch']} has no code for {arches.sm(capability)} ({gpu}): {source}"
            fix = ask_for(name, f"{arches.remedy(capability)} (PyPI, table of {arches.TABLE_OF})")
            return Finding("arch", FAIL, says, fix, name)
    names = ", ".join(sorted({arches.sm(kind) for kind in kinds}))
    return Finding("arch", PASS, f"torch {said['torch']} has code for {names}", "", name)


def matmul(name: str, said: Facts) -> Finding:
    """A small product on each GPU, against the CPU's."""
    for index, device in enumerate(said["devices"]):
        if full(device["failed"]):
            fix = "nvidia-smi names the programs that hold it; check again when they are done"
            return Finding("matmul", WARN, f"not computed: the memory of GPU {index} is full", fix, name)
        if NO_CODE in device["failed"]:
            return Finding("matmul", SKIP, f"torch has no code for GPU {index}: see arch", "", name)
        if device["failed"]:
            says = f"a small product on GPU {index} failed: {device['failed']}"
            return Finding(
                "matmul", FAIL, says, "make the environment anew; where the rows above fail, begin there", name
            )
        if not device["error"] <= TOLERANCE:
            says = f"GPU {index} computes wrong: {device['error']:.1e} off the CPU's result, {TOLERANCE:.0e} is allowed"
            return Finding("matmul", FAIL, says, "stop and start the box, which gives it other hardware", name)
    if not said["devices"]:
        return Finding("matmul", SKIP, "torch sees no GPU", "", name)
    worst = max(device["error"] for device in said["devices"])
    return Finding("matmul", PASS, f"{len(said['devices'])} GPU, {worst:.0e} off the CPU's result", "", name)


def cudnn(name: str, said: Facts) -> Finding:
    """cuDNN: there, and computing."""
    if not said["devices"]:
        return Finding("cudnn", SKIP, "torch sees no GPU", "", name)
    if not said["cudnn"]:
        return Finding(
            "cudnn", WARN, "torch has none: convolutions are slow", ask_for(name, "torch (PyPI's has cuDNN)"), name
        )
    if said["devices"][0]["failed"] or full(said["cudnn_failed"]):
        return Finding("cudnn", SKIP, f"{said['cudnn']}, not tried: see matmul", "", name)
    if said["cudnn_failed"]:
        says = f"{said['cudnn']}: a small convolution failed: {said['cudnn_failed']}"
        return Finding("cudnn", FAIL, says, "make the environment anew, or another torch in it (see arch)", name)
    return Finding("cudnn", PASS, f"{said['cudnn']}, a small convolution is right", "", name)


def check(facts: Facts) -> list[Finding]:
    """The findings about each environment."""
    found: list[Finding] = []
    asked: Sequence[tuple[str, Facts]] = sorted(facts["environments"].items())
    if not gpus(facts) or mismatch(facts):
        return [Finding("torch", SKIP, "no GPU that answers, so no environment was asked")]
    for name, said in asked:
        if said.get("missing"):
            found.append(Finding("torch", SKIP, said["missing"], "", name))
        elif said.get("error"):
            found.append(Finding("torch", FAIL, said["error"], "run its python by hand: import torch", name))
        else:
            found += [
                runtime(name, said, facts),
                architecture(name, said, facts),
                matmul(name, said),
                cudnn(name, said),
            ]
    return found or [Finding("torch", SKIP, "no environment")]
