"""Instance states that take time, and the calls that a state refuses."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from moto.ec2.models import instances
from moto.ec2.models.instances import Instance, InstanceState, StateReason

from ..state import STATE
from .errors import refuse

CODES = {"pending": 0, "running": 16, "stopping": 64, "stopped": 80, "shutting-down": 32, "terminated": 48}
ON_THE_WAY = {"running": "pending", "stopped": "stopping", "terminated": "shutting-down"}


def visible(target: str, since: float, now: float, transition_s: float) -> str:
    """The state to show for an instance that was sent to a target state at a time."""
    return ON_THE_WAY[target] if now - since < transition_s else target


class Clocked:
    """The descriptor that replaces Instance._state: moto writes a target, readers see the way to it."""

    def __get__(self, instance: Any, _: Any = None) -> Any:
        target, since = instance.__dict__.get("_target", ("running", 0.0))
        name = visible(target, since, time.monotonic(), STATE.knobs.transition_s)
        return InstanceState(name, CODES[name])

    def __set__(self, instance: Any, state: Any) -> None:
        send(instance, state.name)


def send(instance: Any, target: str) -> None:
    """Set an instance on its way to a state."""
    instance.__dict__["_target"] = (target, time.monotonic())
    at, spans = STATE.moment().timestamp(), ran(instance)
    if target == "running" and not (spans and spans[-1][1] is None):
        spans.append([at, None])
    elif target != "running" and spans and spans[-1][1] is None:
        spans[-1][1] = at


def ran(instance: Any) -> list[list[float | None]]:
    """When an instance ran: [from, to] each, in seconds since 1970 by the rehearsal's clock; to is None while it runs."""
    spans: list[list[float | None]] = instance.__dict__.setdefault("_ran", [])
    return spans


def age(instance: Any) -> float:
    """Seconds since an instance was sent to the state it is in, or on its way to."""
    since: float = instance.__dict__.get("_target", ("running", 0.0))[1]
    return time.monotonic() - since


def now() -> datetime:
    """The rehearsal's time in UTC, without a zone, as moto writes it."""
    return STATE.now().replace(tzinfo=None)


def when() -> str:
    """The present as EC2 writes it into StateTransitionReason; what a schedule does happens when it was due."""
    return f"{STATE.moment():%Y-%m-%d %H:%M:%S} GMT"


def refused(instance: Any, deed: str) -> Exception:
    """AWS's refusal of a deed in the wrong state."""
    return refuse(
        "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {deed}."
    )


def apply() -> None:
    """Patch moto."""
    start, stop, terminate = Instance.start, Instance.stop, Instance.terminate

    def start_instance(self: Any) -> Any:
        before = self._state
        if before.name in ("stopping", "shutting-down", "terminated"):
            raise refused(self, "started")
        if before.name == "stopped":
            start(self)
            self.launch_time = now()
            send(self, "running")
        return before

    def stop_instance(self: Any) -> Any:
        before = self._state
        if before.name in ("pending", "shutting-down", "terminated"):
            raise refused(self, "stopped")
        if before.name == "running":
            stop(self)
            self._reason = f"User initiated ({when()})"
            send(self, "stopped")
        return before

    def terminate_instance(self: Any) -> Any:
        before = self._state
        if before.name not in ("shutting-down", "terminated"):
            for address in [a for a in self.ec2_backend.addresses if a.instance is self]:
                self.ec2_backend.disassociate_address(address=address.public_ip)
            terminate(self)
            self._reason = f"User initiated ({when()})"
            send(self, "terminated")
        return before

    def reboot_instance(self: Any) -> None:
        if self._state.name != "running":
            raise refused(self, "rebooted")
        self.state_reason = StateReason()

    # AWS tells the time of the last start; the rehearsal's clock may have been moved.
    instances.utcnow = now
    nics, private = Instance.network_interfaces, Instance.private_ip_address
    gone = ("terminated",)
    Instance.network_interfaces = property(lambda self: [] if self.state in gone else nics.fget(self))
    Instance.private_ip_address = property(lambda self: None if self.state in gone else private.fget(self))
    Instance._state = Clocked()
    Instance.start = start_instance
    Instance.stop = stop_instance
    Instance.terminate = terminate_instance
    Instance.reboot = reboot_instance
