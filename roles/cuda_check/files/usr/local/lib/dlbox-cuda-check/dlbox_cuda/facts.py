"""Reads all facts: the machine's, NVML's or nvidia-smi's, and each environment's torch."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from . import machine, smi
from .ask import Silent, ask

CONDA = pathlib.Path("/var/lib/dlbox/conda.json")
# The Deep Learning AMI's own environment.
IMAGE = pathlib.Path("/opt/pytorch")
HERE = pathlib.Path(__file__).parent
VENDOR = HERE.parent / "vendor"
# Seconds: a GPU that has to be started anew takes some ten, the first import of torch from a cold disk a minute.
DRIVER_LIMIT, TORCH_LIMIT = 60, 180


def nvml() -> dict[str, Any]:
    """What NVML says, or why it does not."""
    try:
        found = json.loads(
            ask([sys.executable, "-B", str(HERE / "nvml.py")], DRIVER_LIMIT, more={"PYTHONPATH": str(VENDOR)})
        )
    except (Silent, ValueError) as error:
        return {"error": f"NVML: {error}"}
    return dict(found)


def nvidia_smi() -> dict[str, Any]:
    """The same, by the driver's own command."""
    try:
        return smi.parse(ask(["nvidia-smi", "-q", "-x"], DRIVER_LIMIT))
    except Silent as silent:
        return smi.refusal(str(silent))


def environments() -> dict[str, pathlib.Path]:
    """Prefix by name: those that the conda role keeps, and the image's."""
    kept: Mapping[str, str] = json.loads(CONDA.read_text())["environments"] if CONDA.exists() else {}
    found = {name: pathlib.Path(prefix) for name, prefix in kept.items() if prefix}
    return {**found, **({str(IMAGE): IMAGE} if (IMAGE / "bin/python").exists() else {})}


def stamp(prefix: pathlib.Path) -> list[Any] | None:
    """What tells one installed torch from another without importing it; None where there is none."""
    files = [*prefix.glob("lib/python3*/site-packages/torch/version.py")]
    return [str(files[0]), files[0].stat().st_mtime_ns, files[0].stat().st_size] if files else None


def sound(said: Mapping[str, Any]) -> bool:
    """Whether nothing failed; what failed is asked again, as it may have been mended outside torch."""
    failed = said.get("error") or said.get("cudnn_failed") or said.get("why")
    return not failed and not any(device["failed"] for device in said.get("devices", []))


def torch(prefix: pathlib.Path) -> dict[str, Any]:
    """What an environment's torch says, asked as the user to whom the environment belongs."""
    python = prefix / "bin/python"
    try:
        said = ask([str(python), "-I", "-B", str(HERE / "probe.py")], TORCH_LIMIT, owner=prefix.stat().st_uid)
        return dict(json.loads(said.splitlines()[-1]))
    except (Silent, OSError, ValueError, IndexError) as error:
        return {"error": f"its python did not answer: {error}"}


def ask_all(found: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """Each environment's answer; the last report's one where neither torch, GPUs, driver nor the boot are others."""
    prefixes, answers, marks = environments(), {}, {}
    for name, prefix in prefixes.items():
        installed = stamp(prefix)
        of = [installed, found["boot"], found["kernel_driver"], found["nvml"].get("gpus")]
        marks[name] = hashlib.sha256(json.dumps(of).encode()).hexdigest()
        said = last.get(name, {})
        if installed is None:
            answers[name] = {"missing": "no torch in it"}
        elif said.get("mark") == marks[name] and sound(said):
            answers[name] = said
    open_ones = [name for name in prefixes if name not in answers]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        told = pool.map(lambda name: torch(prefixes[name]), open_ones)
        answers.update({name: {**said, "mark": marks[name]} for name, said in zip(open_ones, told)})
    return answers


def read(expected: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """All facts. `last` holds the environments' answers of the last report, or nothing."""
    found = {"expected": dict(expected), **machine.look(), "nvml": nvml()}
    if not found["nvml"].get("gpus") and (found["devices"] or found["kernel_driver"]):
        found["smi"] = nvidia_smi()
    # Without a GPU that answers there is nothing to ask torch about.
    answered = found["nvml"].get("gpus") or found.get("smi", {}).get("gpus")
    return {**found, "environments": ask_all(found, last) if answered else {}}
