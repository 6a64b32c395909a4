"""Can this account and region carry a box? One read-only question after another, each answered in a line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import choose, observe, plan_firewall, plan_instance, plan_quota
from .aws import Aws
from .converge import complete
from .errors import DlboxError
from .names import scope
from .spec import READING_SPEC

SPEC = {
    **READING_SPEC,
    "instance": {"type": "dict", "required": True},
    "firewall": {"type": "dict", "required": True},
}

# Part of the picture -> what it answers, and how a good answer reads.
QUESTIONS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "account": (
        "credentials",
        lambda seen: f"account {seen['account']}" + (", a rehearsal" if seen["rehearsal"] else ""),
    ),
    "caller_address": ("your address", str),
    "subnets": ("default VPC", lambda seen: f"subnets in {', '.join(item['Zone'] for item in seen) or 'no zone'}"),
    "types": ("instance type", lambda seen: _few([f"{kind} ({facts['vcpus']} vCPUs)" for kind, facts in seen.items()])),
    "zones": ("offered in", lambda seen: ", ".join(sorted({zone for zones in seen.values() for zone in zones}))),
    "prices": ("prices of GPU types", lambda seen: f"{len(seen)} known"),
    "others": ("instances beside it", lambda seen: f"{sum(item['vcpus'] for item in seen)} vCPUs"),
    "image": ("image", lambda seen: f"{seen['ami']} {seen['name']}, {seen['snapshot_gib']} GiB"),
    "quotas": (
        "vCPU quota",
        lambda seen: (
            _few([f"{item['value']} ({item['code']})" for item in seen.values()]) or "none is known for this type"
        ),
    ),
    "address_quota": ("Elastic IPs", lambda seen: f"{seen['value']} in all"),
    "account_plan": ("plan of the account", lambda seen: seen or "not told"),
    "key_pairs": ("key pair", lambda seen: "imported" if seen else "not yet"),
    "groups": ("security group", lambda seen: seen[0]["GroupId"] if seen else "not yet"),
    "prefix_list": ("EC2 Instance Connect", str),
    "instances": (
        "instance",
        lambda seen: ", ".join(f"{item['InstanceId']} {item['State']}" for item in seen) or "none",
    ),
    "tagged_volumes": ("disks", lambda seen: f"{sum(item['Size'] for item in seen)} GiB"),
    "spot_requests": ("Spot requests", lambda seen: f"{len(seen)} alive"),
    "addresses": ("address", lambda seen: ", ".join(item["PublicIp"] for item in seen) or "none"),
    "schedules": (
        "daily stop",
        lambda seen: ", ".join(one["ScheduleExpression"] for one in seen.values()) or "not yet",
    ),
    "stop_role": ("role of the stop", lambda seen: "there" if seen else "not yet"),
    "price_disk": ("Pricing API", lambda seen: f"gp3 ${seen} per GiB and month" if seen else "no price"),
}

QUOTAS = "room in the quotas"
# Asked only where the settings or the type call for them.
_OPTIONAL = {"caller_address", "prefix_list", "prices"}


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Ask every question, those that need an earlier answer after it; {"answers": [...], "well": bool}."""
    here = scope(params)
    common = {key: params[key] for key in ("box", "region", "profile")}
    aws = Aws(here.region, here.profile, say)
    instance = plan_instance.want({**common, **params["instance"]})
    firewall = plan_firewall.want({**common, **params["firewall"]})
    wants = dict.fromkeys(("caller_address", "prefix_list", "groups"), firewall)
    seen: dict[str, Any] = {}
    asked = plan_firewall.needs(firewall, {}) | choose.parts(instance, {}) | set(QUESTIONS) - _OPTIONAL
    answers = [_ask(aws, instance, seen, "types")]
    first = [part for part in QUESTIONS if part in asked - {"types", "image"}]
    answers += aws.together([partial(_ask, aws, wants.get(part, instance), seen, part) for part in first])
    answers.append(_ask(aws, instance, seen, "image"))
    asked_for = {key: params["instance"][key] for key in ("instance_type", "spot")}
    room, reply = _enough(aws, {**common, "request": "true", **asked_for}, seen)
    answers.append(room)
    waits = any(item["waits"] for item in answers)
    return {
        "changed": False,
        "answers": answers,
        "well": all(item["well"] for item in answers),
        "waits": waits,
        "reply": reply,
    }


def _enough(aws: Aws, params: dict[str, Any], seen: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Whether the quotas let the box run, as site.yml will see it, and the text for AWS's case; nothing is asked for."""
    try:
        want = plan_quota.want(params)
        complete(aws, plan_quota, want, seen)
        found = plan_quota.result(want, seen, {})
    except DlboxError as error:
        return _answer(QUOTAS, False, str(error)), ""
    # What AWS has yet to decide stands in nobody's way: site.yml waits for it.
    return _answer(QUOTAS, found["enough"] or found["waiting"], found["message"], waits=found["waiting"]), found[
        "reply"
    ]


def _answer(question: str, well: bool, said: str, waits: bool = False) -> dict[str, Any]:
    return {"question": question, "well": well, "waits": waits, "said": said}


def _few(items: list[str]) -> str:
    return ", ".join(items[:4]) + (f" and {len(items) - 4} more" if len(items) > 4 else "")


def _ask(aws: Aws, want: Any, seen: dict[str, Any], part: str) -> dict[str, Any]:
    question, words = QUESTIONS[part]
    try:
        if part == "image" and not choose.parts(want, {}) | {"instances"} <= seen.keys():
            raise DlboxError("cannot be told before the instance type can")
        if part in ("quotas", "others") and want.wanted.needs and "types" not in seen:
            raise DlboxError("cannot be told before the instance type can")
        seen[part] = observe.PARTS[part](aws, want, seen)
        empty = part in ("types", "zones", "subnets") and not seen[part]
        said = f"{want.scope.region} has none" if empty else words(seen[part])
        return _answer(question, not empty, said)
    except DlboxError as error:
        return _answer(question, False, str(error))
