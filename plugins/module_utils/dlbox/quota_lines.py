"""What the box needs of each quota: granted, used by others, needed; and what can be said of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .choose import choose, in_use, kept
from .families import ADDRESSES, Family, family_of
from .launch_checks import check_known
from .names import own

OPEN = ("PENDING", "CASE_OPENED")
# Also where it granted less.
APPROVED = "APPROVED"
# AWS gives a region five addresses at least, so fewer need no look at the quota.
FEWEST_ADDRESSES = 5


@dataclass(frozen=True)
class Line:
    """One quota: what it grants, what others use of it and what the box itself needs, all in its unit."""

    family: Family
    code: str
    granted: int
    used: int
    wanted: int
    unit: str

    @property
    def needed(self) -> int:
        """What the quota must grant."""
        return self.used + self.wanted

    @property
    def enough(self) -> bool:
        """Whether it does."""
        return self.granted >= self.needed

    @property
    def spare(self) -> str:
        """That it is enough."""
        shared = f", {self.used} of them by others" if self.used else ""
        return f"{self.needed} of the {self.granted} {self.unit} of quota {self.code} ({self.family.name}) are needed{shared}: enough"

    def __str__(self) -> str:
        shared = f", of which others use {self.used}" if self.used else ""
        return f"granted {self.granted} of {self.needed} {self.unit} of quota {self.code} ({self.family.name}){shared}"


def running(want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The box, where it runs as a type that is asked for: it needs no more vCPUs."""
    box = next((item for item in seen["instances"] if item["State"] in ("pending", "running")), None)
    return box if box and kept(want, seen) == box["InstanceType"] else None


def target(want: Any, seen: dict[str, Any]) -> str:
    """The type that the vCPUs are for: the standing box's where it stays, else the choice."""
    return kept(want, seen) or choose(want, seen).types[0]


def lines(want: Any, seen: dict[str, Any]) -> list[Line]:
    """The quotas that the box needs something of: vCPUs of its type's family, and an address where it has none."""
    found = []
    if not running(want, seen):
        kind = target(want, seen)
        check_known(want, seen, kind)
        family = family_of(kind, want.spot)
        granted = seen["quotas"].get(family.code) if family else None
        if family and granted and granted["value"] is not None:
            size = seen["types"][kind]["vcpus"]
            found.append(Line(family, granted["code"], granted["value"], in_use(want, seen, family), size, "vCPUs"))
    # A box that runs goes on without its address, so that its stop is looked after.
    if not running(want, seen) and "address_quota" in seen and seen["address_quota"]["value"] is not None:
        granted = seen["address_quota"]
        found.append(Line(ADDRESSES, granted["code"], granted["value"], len(seen["addresses"]), 1, "addresses"))
    return found


def short_of_addresses(want: Any, seen: dict[str, Any]) -> bool:
    """Whether the region has so many addresses that one more must be checked against its quota."""
    return not own(want.scope, seen["addresses"]) and len(seen["addresses"]) >= FEWEST_ADDRESSES


def open_request(requests: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The request that AWS has not decided; there can be one."""
    return next((item for item in requests if item["status"] in OPEN), None)


def refused(line: Line, requests: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last request, where it asked for enough and the same again would end the same: AWS refused it, or granted less twice."""
    enough = [item["desired"] >= line.needed for item in requests]
    if not requests or requests[0]["status"] in OPEN or not enough[0]:
        return None
    # No reply reaches a request that AWS approved and so closed: a partial grant is followed up by a second request, and no third.
    twice = len(requests) > 1 and requests[1]["status"] == APPROVED and enough[1]
    return requests[0] if requests[0]["status"] != APPROVED or twice else None


def age(request: dict[str, Any], now: datetime) -> str:
    """How long ago a request was made, in words."""
    return in_words(now - datetime.fromisoformat(request["created"]))


def in_words(since: timedelta) -> str:
    """A length of time in its largest unit."""
    hours = int(since.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    amount, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{amount} {unit}" + ("s" if amount > 1 else "")
