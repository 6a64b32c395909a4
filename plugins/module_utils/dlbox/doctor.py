"""Can this account and region carry a box? One read-only question after another, each answered in a line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import observe, plan_firewall, plan_instance, plan_quota
from .aws import Aws
from .errors import DlboxError
from .families import family_of
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
    "type_facts": (
        "instance type",
        lambda seen: f"{seen['vcpus']} vCPUs, GPUs: {sum(gpu['count'] for gpu in seen['gpus'])}",
    ),
    "zones": ("offered in", lambda seen: ", ".join(seen) or "no zone"),
    "image": ("image", lambda seen: f"{seen['ami']} {seen['name']}, {seen['snapshot_gib']} GiB"),
    "quota": ("vCPU quota", lambda seen: f"{seen} vCPUs"),
    "quota_requests": ("quota requests", lambda seen: f"{len(seen)} so far"),
    "key_pairs": ("key pair", lambda seen: "imported" if seen else "not yet"),
    "groups": ("security group", lambda seen: seen[0]["GroupId"] if seen else "not yet"),
    "prefix_list": ("EC2 Instance Connect", str),
    "instances": (
        "instance",
        lambda seen: ", ".join(f"{item['InstanceId']} {item['State']}" for item in seen) or "none",
    ),
    "tagged_volumes": ("disks", lambda seen: f"{sum(item['Size'] for item in seen)} GiB"),
    "addresses": ("address", lambda seen: ", ".join(item["PublicIp"] for item in seen) or "none"),
    "schedule": ("daily stop", lambda seen: seen["ScheduleExpression"] if seen else "not yet"),
    "stop_role": ("role of the stop", lambda seen: "there" if seen else "not yet"),
    "price_disk": ("Pricing API", lambda seen: f"gp3 ${seen} per GiB and month" if seen else "no price"),
}

# Asked only where the settings or the type call for them.
_OPTIONAL = {"caller_address", "prefix_list"}


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Ask every question, those that need an earlier answer after it; {"answers": [...], "well": bool}."""
    here = scope(params)
    common = {key: params[key] for key in ("box", "region", "profile")}
    aws = Aws(here.region, here.profile, say)
    instance = plan_instance.want({**common, **params["instance"]})
    wants: dict[str, Any] = dict.fromkeys(
        ("quota", "quota_requests"), plan_quota.want({**common, **params["instance"], "request": False})
    )
    wants |= dict.fromkeys(
        ("caller_address", "prefix_list", "groups"), plan_firewall.want({**common, **params["firewall"]})
    )
    family = family_of(instance.instance_type)
    seen: dict[str, Any] = {}
    asked = plan_firewall.needs(wants["groups"], {}) | set(QUESTIONS) - _OPTIONAL
    first = [part for part in QUESTIONS if part in asked and part != "image" and (family or "quota" not in part)]
    answers = aws.together([partial(_ask, aws, wants.get(part, instance), seen, part) for part in first])
    answers.append(_ask(aws, instance, seen, "image"))
    return {"changed": False, "answers": answers, "well": all(item["well"] for item in answers)}


def _ask(aws: Aws, want: Any, seen: dict[str, Any], part: str) -> dict[str, Any]:
    question, words = QUESTIONS[part]
    try:
        if part == "image" and "type_facts" not in seen:
            raise DlboxError("cannot be told before the instance type can")
        seen[part] = observe.PARTS[part](aws, want, seen)
        empty = part in ("type_facts", "zones", "subnets") and not seen[part]
        said = f"{want.scope.region} has none" if empty else words(seen[part])
        return {"question": question, "well": not empty, "said": said}
    except DlboxError as error:
        return {"question": question, "well": False, "said": str(error)}
