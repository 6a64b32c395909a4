"""What a call touches: the actions, resource ARNs and condition keys that AWS would judge it by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.ec2.models import ec2_backends

from .iam_judge import Ask
from .state import ACCOUNT
from .wire import Call

# An id's prefix, the word for it in an ARN.
KINDS = {
    "i": "instance", "eipalloc": "elastic-ip", "sg": "security-group", "sgr": "security-group-rule", "vol": "volume",
    "subnet": "subnet", "ami": "image", "eni": "network-interface", "vpc": "vpc", "pl": "prefix-list", "key": "key-pair",
    "sir": "spot-instances-request",
}  # fmt: skip
# What a create makes, beside what it names.
MADE = {
    "RunInstances": ("instance/*", "volume/*", "network-interface/*"),
    "AllocateAddress": ("elastic-ip/*",),
    "CreateSecurityGroup": ("security-group/*",),
}
PREFIX = {"service-quotas": "servicequotas"}


def asks(call: Call) -> list[Ask]:
    """Everything a call needs to be allowed."""
    base = {"aws:RequestedRegion": call.region}
    action = f"{PREFIX.get(call.service, call.service)}:{call.action}"
    if call.service == "ec2":
        return list(_ec2(call, action, base))
    needed = [Ask(action, arn, base) for arn in _arns(call)] or [Ask(action, "*", base)]
    if call.service in ("sns", "cloudwatch") and call.action in ("CreateTopic", "PutMetricAlarm") and _tagged(call):
        needed.append(Ask(f"{call.service}:TagResource", needed[0].resource, base))
    role = (call.params.get("Target") or {}).get("RoleArn") if call.service == "scheduler" else call.params.get("Role")
    if isinstance(role, str) and role.startswith("arn:") and call.write:
        needed.append(Ask("iam:PassRole", role, {**base, "iam:PassedToService": f"{call.service}.amazonaws.com"}))
    return needed


def _ec2(call: Call, action: str, base: dict[str, Any]) -> Iterator[Ask]:
    """EC2: each id with its tags; a create with the tags it asks for, which need CreateTags too."""
    if call.action.startswith("Describe"):
        yield Ask(action, "*", base)
        return
    here = f"arn:aws:ec2:{call.region}:{ACCOUNT}:"
    backend = ec2_backends[ACCOUNT][call.region]
    named: dict[str, dict[str, str]] = {}
    for key, value in call.params.items():
        kind = KINDS.get(str(value).split("-")[0]) if re.fullmatch(r"[a-z]+-[0-9a-f]{8,17}", str(value)) else None
        if kind and ".Value" not in key:
            owner = "" if kind == "image" else ACCOUNT
            named[f"arn:aws:ec2:{call.region}:{owner}:{kind}/{value}"] = dict(backend.tags.get(value, {}))
        elif key == "KeyName":
            pair = backend.key_pairs.get(value)
            named[f"{here}key-pair/{value}"] = dict(backend.tags.get(pair.id, {})) if pair else {}
    for arn, tags in named.items():
        marks = {f"{p}:ResourceTag/{k}": v for k, v in tags.items() for p in ("aws", "ec2")}
        yield Ask(action, arn, {**base, **marks, **(_request_tags(call, "") if call.action.endswith("Tags") else {})})
    made = MADE.get(call.action, ())
    if call.params.get("InstanceMarketOptions.MarketType") == "spot":
        made += ("spot-instances-request/*",)
    for what in made or ([] if named else ["*"]):
        tags = _request_tags(call, what.split("/")[0])
        yield Ask(action, here + what if what != "*" else "*", {**base, **tags})
    for what in {"ImportKeyPair": (f"key-pair/{call.params.get('KeyName')}",)}.get(call.action, made):
        tags = _request_tags(call, what.split("/")[0])
        if tags:
            yield Ask("ec2:CreateTags", here + what, {**base, **tags, "ec2:CreateAction": call.action})


def _request_tags(call: Call, kind: str) -> dict[str, str]:
    """The tags a call asks for, as aws:RequestTag keys: those of Tag.N, or of the TagSpecification for a kind."""
    found = {}
    for key, value in call.params.items():
        spec = re.fullmatch(r"(TagSpecification\.\d+\.)?Tag\.(\d+)\.Key", key)
        if spec and (not spec[1] or call.params.get(f"{spec[1]}ResourceType") == kind):
            found[f"aws:RequestTag/{value}"] = str(call.params.get(key.removesuffix("Key") + "Value", ""))
    return found


def _tagged(call: Call) -> bool:
    """Whether a create brings tags, in the form of either protocol."""
    return any(key.split(".")[0] == "Tags" for key in call.params)


def _arns(call: Call) -> list[str]:
    """The ARNs that a call to another service names."""
    where, given = f"{call.region}:{ACCOUNT}", call.params
    if call.service == "iam" and "RoleName" in given:
        return [f"arn:aws:iam::{ACCOUNT}:role/{given['RoleName']}"]
    if call.service == "scheduler":
        if given.get("ResourceArn"):
            return [unquote(given["ResourceArn"])]
        if call.action.endswith("ScheduleGroup"):
            return [f"arn:aws:scheduler:{where}:schedule-group/{given.get('Name')}"]
        if call.action.endswith("Schedule"):
            group = given.get("GroupName") or given.get("groupName") or "default"
            return [f"arn:aws:scheduler:{where}:schedule/{group}/{given.get('Name')}"]
    if call.service in ("lambda", "events", "logs") and (
        tagged := given.get("Resource") or given.get("ResourceARN") or given.get("resourceArn")
    ):
        return [unquote(tagged)]
    if call.service == "lambda" and given.get("FunctionName"):
        return [f"arn:aws:lambda:{where}:function:{given['FunctionName'].split(':')[-1]}"]
    if call.service == "events" and (given.get("Name") or given.get("Rule")):
        return [f"arn:aws:events:{where}:rule/{given.get('Name') or given.get('Rule')}"]
    if call.service == "sns" and (topic := given.get("TopicArn") or given.get("ResourceArn")):
        return [topic]
    if call.service == "sns" and call.action == "CreateTopic":
        return [f"arn:aws:sns:{where}:{given['Name']}"]
    if call.service == "cloudwatch" and given.get("ResourceARN"):
        return [given["ResourceARN"]]
    if call.service == "cloudwatch" and (
        names := given.get("AlarmNames") or [n for n in [given.get("AlarmName")] if n]
    ):
        return [f"arn:aws:cloudwatch:{where}:alarm:{name}" for name in names]
    if call.service == "logs" and given.get("logGroupName"):
        return [f"arn:aws:logs:{where}:log-group:{given['logGroupName']}"]
    if call.service == "ssm":
        names = [given["Name"]] if "Name" in given else given.get("Names") or [given.get("Path", "*")]
        owner = {True: "", False: ACCOUNT}
        return [f"arn:aws:ssm:{call.region}:{owner[n.startswith('/aws/')]}:parameter/{n.lstrip('/')}" for n in names]
    return []


def policy(document: Any) -> dict[str, Any]:
    """A policy document as IAM keeps it: JSON, at times percent-encoded."""
    text = document if isinstance(document, str) else json.dumps(document)
    found = json.loads(unquote(text) if text.startswith("%7B") else text)
    return found if isinstance(found, dict) else {}
