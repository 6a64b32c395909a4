"""box_instance_type as users write it: a type, types in the order of preference, or what a type must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import values
from .errors import Refused

# EC2 tells less than makers quote: an A10G of 24 GiB has 22,888 MiB.
_TOLERANCE = 0.9
_EXAMPLE = "{gpus: 1, gpu_memory_gib: 24, max_hourly_usd: 1.5}"
_JSON_LIST, _JSON_NEEDS = '["g6.xlarge", "g5.xlarge"]', '{"gpus": 1, "gpu_memory_gib": 24}'
_KEYS = ("gpus", "gpu_memory_gib", "max_hourly_usd")


@dataclass(frozen=True)
class Needs:
    """Whole NVIDIA GPUs, the memory of each in GiB as makers quote it, and the highest price in USD per hour (0: any)."""

    gpus: int
    gpu_memory_gib: float = 0
    max_hourly_usd: float = 0

    def __str__(self) -> str:
        each = f" of {self.gpu_memory_gib:g} GiB" if self.gpu_memory_gib else ""
        price = f" for at most ${self.max_hourly_usd:g} an hour" if self.max_hourly_usd else ""
        return f"{self.gpus} NVIDIA GPU{'s' if self.gpus > 1 else ''}{each}{price}"

    def short(self, facts: Mapping[str, Any]) -> str:
        """Why a type does not do, "" where it does."""
        gpus = [gpu for gpu in facts["gpus"] if gpu["maker"] == "NVIDIA"]
        if not gpus:
            return "its GPU is not NVIDIA's" if facts["gpus"] else "it has no GPU"
        if part := next((gpu for gpu in gpus if not gpu["count"]), None):
            return f"it has {part['share']:g} of a GPU"
        if sum(gpu["count"] for gpu in gpus) < self.gpus:
            return f"it has {sum(gpu['count'] for gpu in gpus)} GPU"
        if min(gpu["memory_mib"] for gpu in gpus) < self.gpu_memory_gib * 1024 * _TOLERANCE:
            return f"its GPU has {min(gpu['memory_mib'] for gpu in gpus) / 1024:.0f} GiB"
        return ""


@dataclass(frozen=True)
class Wanted:
    """Either types, or needs."""

    types: tuple[str, ...] = ()
    needs: Needs | None = None

    @property
    def single(self) -> bool:
        """Whether one type was named, so that there is nothing to choose."""
        return len(self.types) == 1


def wanted(key: str, value: Any) -> Wanted:
    """The value of a setting, in one of its three forms; refuses everything else."""
    if isinstance(value, Mapping):
        return Wanted(needs=_needs(key, value))
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        json = _JSON_LIST if value.lstrip().startswith("[") else _JSON_NEEDS
        raise Refused(f"{key}: {value[:50]!r} is a text; after -e write it as JSON, as in -e '{{\"{key}\": {json}}}'")
    if not isinstance(value, list):
        return Wanted((values.instance_type(key, value),))
    if not value:
        raise Refused(f"{key}: the list is empty; write at least one type, as in [g6.xlarge, g5.xlarge]")
    types = [values.instance_type(key, item) for item in value]
    if double := next((item for item in types if types.count(item) > 1), None):
        raise Refused(f"{key}: {double} stands there twice; write each type once, the one you like best first")
    return Wanted(tuple(types))


def _needs(key: str, value: Mapping[Any, Any]) -> Needs:
    if unknown := next((item for item in value if item not in _KEYS), None):
        raise Refused(f"{key}: {str(unknown)[:40]!r} is no need; known are {', '.join(_KEYS)}, as in {_EXAMPLE}")
    found = {item: _number(key, item, value[item]) for item in value}
    if found.get("gpus", 1) != int(found.get("gpus", 1)):
        raise Refused(
            f"{key}: gpus: {value['gpus']} is not a whole number; a part of a GPU is had by naming its type, as in g6f.large"
        )
    if not found.get("gpus", 1):
        also = ", and no GPU has no memory" if found.get("gpu_memory_gib") else ""
        raise Refused(f"{key}: gpus: 0 is no need{also}; name a type without GPU, as in t3.large, or write {_EXAMPLE}")
    if "gpus" not in found and "gpu_memory_gib" not in found:
        raise Refused(f"{key}: it says neither gpus nor gpu_memory_gib; write what the box must have, as in {_EXAMPLE}")
    if found.get("max_hourly_usd") == 0:
        raise Refused(f"{key}: max_hourly_usd: 0 allows nothing; write USD per hour, as in 1.5, or leave it out")
    return Needs(int(found.get("gpus", 1)), found.get("gpu_memory_gib", 0), found.get("max_hourly_usd", 0))


def _number(key: str, name: str, value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < 1_000_000:
        raise Refused(f"{key}: {name}: {str(value)[:40]!r} is not a number from 0 up; write it as in {_EXAMPLE}")
    return number
