"""The quotas that the box needs: enough, asked for, or still with AWS; never asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import choose, quota_words, values
from .change import Call, Change
from .families import family_of
from .names import Scope, scope
from .quota_lines import Line, age, lines, open_request, refused, running, short_of_addresses, target
from .quota_wait import follow  # noqa: F401 - part of the noun, see converge
from .spec import COMMON_SPEC
from .wanted import Wanted, wanted

SPEC = {
    **COMMON_SPEC,
    "instance_type": {"type": "raw", "required": True},
    "spot": {"type": "bool", "default": False},
    "request": {"type": "str", "default": "true"},
    "state": {"type": "str", "default": "requested", "choices": ["requested", "granted"]},
    "wait": {"type": "str", "default": ""},
}
OWNS = ("quotas", "address_quota", "quota_requests")
FRESH = ("quotas", "address_quota", "quota_requests")
UNVERIFIED = ("whether AWS grants the quota, and when",)


@dataclass(frozen=True)
class Want:
    """What the vCPUs are for; whether to ask AWS for more ("true", "false", or "again" after a refusal), and how many seconds to wait."""

    scope: Scope
    wanted: Wanted
    spot: bool
    request: str
    granted: bool
    wait_s: int


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for."""
    kinds = wanted("box_instance_type", params["instance_type"])
    request = values.asking("box_quota_request", params["request"])
    wait = values.duration("box_quota_wait", params.get("wait") or "0")
    granted = params.get("state") == "granted"
    return Want(scope(params), kinds, bool(params["spot"]), request, granted, wait)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads: little for a box that runs, the requests only where something lacks."""
    parts = {"account", "instances", "addresses"} | ({"types"} if want.wanted.needs else set())
    if not parts <= seen.keys():
        return parts
    parts |= {"address_quota"} if short_of_addresses(want, seen) else set()
    if not running(want, seen):
        parts |= choose.parts(want, seen)
        known = want.wanted.needs or any(family_of(kind, want.spot) for kind in want.wanted.types)
        parts |= {"quotas", "others"} if known else set()
    if not parts <= seen.keys() or all(line.enough for line in lines(want, seen)):
        return parts
    return parts | {"quota_requests", "account_plan", "market"}


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """A request for each quota that is not enough, where none is open and AWS has not refused the same."""
    lacking = [line for line in lines(want, seen) if not line.enough]
    if not lacking or want.request == "false" or seen["account_plan"] == "FREE":
        return []
    return [_request(line, seen["quota_requests"].get(line.code, [])) for line in lacking if _may_ask(want, line, seen)]


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """Whether the box may launch, one sentence that says why or what to do next, and the text for AWS's case."""
    if box := running(want, seen):
        chosen = str(box["InstanceType"])
        free = f"{box['InstanceId']} is {box['State']} as {chosen}: it needs no more vCPUs"
    else:
        chosen = target(want, seen)
        free = f"no vCPU quota is known for {chosen}: whether it is enough shows at the launch"
    found = lines(want, seen)
    vcpus = next((line for line in found if line.unit == "vCPUs"), None)
    lacking = [line for line in found if not line.enough]
    told: dict[str, Any] = {
        "instance_type": chosen,
        "passed_over": {} if seen["instances"] else dict(choose.choose(want, seen).passed),
        "granted": vcpus.granted if vcpus else None,
        "needed": vcpus.needed if vcpus else None,
        "quota_code": vcpus.code if vcpus else None,
        "enough": not lacking,
        "waiting": False,
        "requests": [],
        "reply": "",
        "next": "",
        "smaller": None,
    }
    if not lacking:
        return {**told, "message": vcpus.spare if vcpus else free}
    if seen["account_plan"] == "FREE":
        upgraded = "once the account is on the paid plan: ansible-playbook site.yml"
        return {**told, "message": quota_words.free_plan(chosen), "next": upgraded}
    now = {line.code: _request_of(line, saved, seen) for line in lacking}
    waiting = [
        request and request["desired"] >= line.needed for line, request in zip(lacking, now.values(), strict=True)
    ]
    smaller = quota_words.smaller(want, seen, vcpus) if vcpus in lacking else None
    return {
        **told,
        "waiting": all(waiting),
        "requests": [request for request in now.values() if request],
        "reply": "\n".join(quota_words.reply(want, line, chosen) for line in lacking),
        "next": quota_words.next_step(want, lacking, now, seen["quota_requests"]),
        "smaller": smaller,
        "message": quota_words.message(want, lacking, now, seen["quota_requests"], smaller),
    }


def _may_ask(want: Want, line: Line, seen: dict[str, Any]) -> bool:
    requests = seen["quota_requests"].get(line.code, [])
    return not open_request(requests) and (want.request == "again" or not refused(line, requests))


def _request(line: Line, requests: list[dict[str, Any]]) -> Change:
    # Above today's value, since the line is not enough: AWS refuses anything else.
    params = {"ServiceCode": "ec2", "QuotaCode": line.code, "DesiredValue": float(line.needed)}
    save = {f"{line.code}.id": "RequestedQuota.Id", f"{line.code}.status": "RequestedQuota.Status"}
    reason = f"granted {line.granted} of {line.needed} {line.unit}{quota_words.last(requests)}"
    calls = (Call("service-quotas", "request_service_quota_increase", params, save),)
    return Change("request", f"quota {line.code} ({line.family.name})", reason, line.granted, line.needed, calls=calls)


def _request_of(line: Line, saved: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any] | None:
    """The request of this run, or the one that is open, with its age in words."""
    now = seen["account"]["now"]
    request = open_request(seen["quota_requests"].get(line.code, []))
    if f"{line.code}.id" in saved:
        made = {"id": saved[f"{line.code}.id"], "code": line.code, "status": saved[f"{line.code}.status"]}
        request = {**made, "desired": line.needed, "created": now, "case": None}
    return request and {**request, "age": age(request, datetime.fromisoformat(now))}
