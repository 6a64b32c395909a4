"""What the knobs set and what the rehearsal remembers beside moto's own resources."""

from __future__ import annotations

import copy
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACCOUNT = "000000000000"


@dataclass
class Fault:
    """One fault to inject into calls that match; `times` -1 means always, `skip` lets that many matches pass first."""

    action: str
    service: str = ""
    when: str = "before"
    kind: str = "error"
    code: str = "InternalError"
    message: str = "injected by the rehearsal"
    status: int = 500
    times: int = 1
    skip: int = 0


@dataclass
class Settings:
    """Every knob at its default; a server option may change a default, a reset returns to it."""

    transition_s: float = 1.0
    latency_ms: int = 0
    role_delay_s: float = 0.0
    spot_delay_s: float = 0.0
    quota_policy: str = "none"
    quota_after_s: float = 0.0
    quota_values: dict[str, float] = field(default_factory=dict)
    quota_codes: dict[str, str] = field(default_factory=dict)
    quota_unapplied: list[str] = field(default_factory=list)
    account_plan: str = "PAID"


@dataclass
class State:
    """The one mutable object of the server; every field but `defaults` and `endpoint` is emptied by reset()."""

    defaults: Settings = field(default_factory=Settings)
    endpoint: str = ""
    knobs: Settings = field(default_factory=Settings)
    faults: list[Fault] = field(default_factory=list)
    capacity: dict[tuple[str, str, str, bool], int] = field(default_factory=dict)
    spot_prices: dict[tuple[str, str, str], float] = field(default_factory=dict)
    clock_offset_s: float = 0.0
    firing_at: datetime | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    functions_run: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    settled: dict[str, tuple[int, Any]] = field(default_factory=dict)
    writes: int = 0
    changes: int = 0
    written_at: float = 0.0

    def reset(self) -> None:
        """Forget everything that happened and return every knob to its default."""
        fresh = State(defaults=self.defaults, endpoint=self.endpoint)
        fresh.knobs = copy.deepcopy(self.defaults)
        self.__dict__.update(fresh.__dict__)

    def changed(self, write: bool) -> None:
        """Note that a call or a knob may have changed something; only a call is a write that a stale read is older than."""
        self.writes += write
        self.changes += 1
        self.written_at = time.monotonic()

    def quiet(self) -> bool:
        """Whether nothing is under way: no write for longer than a state change takes."""
        slowest = self.knobs.transition_s + self.knobs.spot_delay_s + 0.1
        return time.monotonic() - self.written_at > slowest

    def now(self) -> datetime:
        """The rehearsal's time: the machine's, moved by the clock knob."""
        return datetime.fromtimestamp(time.time() + self.clock_offset_s, tz=UTC)

    def moment(self) -> datetime:
        """When what happens now happens: what a jump of the clock passed and the driver fires, at the time it was due."""
        return self.firing_at or self.now()


STATE = State()

# moto reads these when it is imported, so this module must come before any moto import.
os.environ.update(
    MOTO_ACCOUNT_ID=ACCOUNT,
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    MOTO_ENABLE_AMI_VALIDATION="true",
    MOTO_ENABLE_KEYPAIR_VALIDATION="true",
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
)
