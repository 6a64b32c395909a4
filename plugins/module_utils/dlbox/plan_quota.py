"""The vCPU quota that the box's type needs: enough, asked for, or still with AWS; never asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import values
from .change import Call, Change
from .families import Family, family_of
from .launch import check_known
from .names import Scope, scope
from .spec import COMMON_SPEC

SPEC = {
    **COMMON_SPEC,
    "instance_type": {"type": "str", "required": True},
    "request": {"type": "bool", "default": True},
}
OWNS = ("quota", "quota_requests")
FRESH = ("quota", "quota_requests")
UNVERIFIED = ("whether AWS grants the quota, and when",)
OPEN = ("PENDING", "CASE_OPENED")


@dataclass(frozen=True)
class Want:
    """The type that the box needs vCPUs for, and whether to ask AWS for more."""

    scope: Scope
    instance_type: str
    request: bool
    now: datetime


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for."""
    kind = values.instance_type("box_instance_type", params["instance_type"])
    return Want(scope(params), kind, bool(params["request"]), datetime.now(UTC))


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads: nothing more for a box that runs, the requests only where vCPUs lack."""
    if "instances" not in seen or _running(want, seen):
        return {"instances"}
    parts = {"instances", "type_facts"} | ({"quota", "others"} if family_of(want.instance_type) else set())
    if not parts <= seen.keys() or seen["type_facts"] is None or _enough(want, seen):
        return parts
    return parts | {"quota_requests"}


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """At most one change: the request of what the box needs, where the quota lacks it and none is open."""
    if _running(want, seen):
        return []
    check_known(want, seen)
    family = family_of(want.instance_type)
    if not family or _enough(want, seen) or _open(seen) or not want.request:
        return []
    have, need = seen["quota"], _needed(want, seen)
    # Above today's value by what _enough said: AWS refuses anything else.
    params = {"ServiceCode": "ec2", "QuotaCode": family.code, "DesiredValue": float(need)}
    save = {"id": "RequestedQuota.Id", "status": "RequestedQuota.Status"}
    calls = (Call("service-quotas", "request_service_quota_increase", params, save),)
    reason = f"granted {have} of {need} vCPUs{_last(seen)}"
    return [Change("request", f"quota {family.code} ({family.name})", reason, have, need, calls=calls)]


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """Whether the box may launch, and one sentence that says why or what to do next."""
    family = family_of(want.instance_type)
    told: dict[str, Any] = {
        "granted": None,
        "needed": None,
        "quota_code": family.code if family else None,
        "request": None,
    }
    if box := _running(want, seen):
        message = f"{box['InstanceId']} is {box['State']} as {want.instance_type}: it needs no more vCPUs"
        return {**told, "enough": True, "message": message}
    if not family:
        message = f"no vCPU quota is known for {want.instance_type}: whether it is enough shows at the launch"
        return {**told, "enough": True, "message": message}
    told |= {"granted": seen["quota"], "needed": _needed(want, seen)}
    if _enough(want, seen):
        return {**told, "enough": True, "message": f"granted {_figures(want, seen, family)}: enough"}
    request = _request(want, seen, saved)
    message = f"granted {_figures(want, seen, family)}: not enough; {_advice(want, told['needed'], request)}"
    return {**told, "enough": False, "request": request, "message": message}


def _running(want: Want, seen: dict[str, Any]) -> dict[str, Any] | None:
    live = (item for item in seen["instances"] if item["State"] in ("pending", "running"))
    return next((item for item in live if item["InstanceType"] == want.instance_type), None)


def _needed(want: Want, seen: dict[str, Any]) -> int:
    return int(seen["type_facts"]["vcpus"] + sum(item["vcpus"] for item in seen["others"]))


def _enough(want: Want, seen: dict[str, Any]) -> bool:
    return "quota" not in seen or bool(seen["quota"] >= _needed(want, seen))


def _open(seen: dict[str, Any]) -> dict[str, Any] | None:
    return next((item for item in seen["quota_requests"] if item["status"] in OPEN), None)


def _last(seen: dict[str, Any]) -> str:
    """How the last request ended: AWS calls it approved even where it granted less."""
    past = next(iter(seen["quota_requests"]), None)
    return f"; the request of {past['created'][:10]} for {past['desired']} ended as {past['status']}" if past else ""


def _figures(want: Want, seen: dict[str, Any], family: Family) -> str:
    in_use = sum(item["vcpus"] for item in seen["others"])
    shared = f", of which other instances use {in_use}" if in_use else ""
    return f"{seen['quota']} of {_needed(want, seen)} vCPUs of quota {family.code} ({family.name}){shared}"


def _request(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any] | None:
    """The request that was just made or is open; None where there is none."""
    if saved:
        made = {"id": saved["id"], "status": saved["status"], "desired": _needed(want, seen), "case": None}
        return {**made, "created": want.now.isoformat(), "age": _age(timedelta())}
    found = _open(seen)
    return found and {**found, "age": _age(want.now - datetime.fromisoformat(found["created"]))}


def _advice(want: Want, need: int, request: dict[str, Any] | None) -> str:
    if request:
        who = f"request {request['id']} for {request['desired']} has been {request['status']} for {request['age']}"
        if request["desired"] < need:
            return f"{who} and asks for too little: reply to AWS's mail about it that you need {need}, then run the same command"
        return f"{who}: run the same command again once AWS has decided, and answer AWS's mail about it if one comes"
    if want.request:
        return f"without --check this run asks AWS for {need}"
    return f"set box_quota_request: true, or ask for {need} under Service Quotas in the AWS console, then run the same command"


def _age(since: timedelta) -> str:
    hours = int(since.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    amount, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{amount} {unit}" + ("s" if amount > 1 else "")
