"""What Lambda, EventBridge, CloudWatch Logs and IAM hold of the box's function."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from .aws import Aws, if_there
from .function_role import function_name, log_group, role_name
from .names import tag_map
from .observe_role import attached, inline, policy, role
from .stop_wakes import ours

_FIELDS = ("Role", "Runtime", "Handler", "Timeout", "MemorySize", "Architectures", "CodeSha256", "LastModified")


def function_role(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The function's role, made before everything else of it and deleted last; None where there is none."""
    return role(aws, role_name(want.scope))


def function_policy(aws: Aws, want: Any, seen: dict[str, Any]) -> Any:
    """What the role's inline policy allows; None where it has none of that name."""
    return None if seen["function_role"] is None else policy(aws, role_name(want.scope))


def function_inline(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """What inline policies allow that somebody gave the role by hand, by their names."""
    return {} if seen["function_role"] is None else inline(aws, role_name(want.scope))


def function_attached(aws: Aws, want: Any, seen: dict[str, Any]) -> list[str]:
    """ARNs of managed policies that somebody attached to the role by hand."""
    return [] if seen["function_role"] is None else attached(aws, role_name(want.scope))


def function(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The function: what of its configuration is compared, `Variables`, `Tags`, and whether it is `Throttled` by hand."""
    known = if_there(aws.call, "lambda", "get_function", FunctionName=function_name(want.scope))
    if known is None:
        return None
    config = known["Configuration"]
    return {
        **{key: config.get(key) for key in _FIELDS},
        "Layers": [layer["Arn"] for layer in config.get("Layers") or []],
        "Subnets": (config.get("VpcConfig") or {}).get("SubnetIds") or [],
        "DeadLetters": (config.get("DeadLetterConfig") or {}).get("TargetArn") or "",
        "Variables": (config.get("Environment") or {}).get("Variables") or {},
        "Failed": "Failed" in (config.get("State"), config.get("LastUpdateStatus")),
        "Throttled": known.get("Concurrency", {}).get("ReservedConcurrentExecutions") == 0,
        "Tags": known.get("Tags") or {},
    }


def function_permissions(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """Who may invoke the function: the statements of its policy by their ids."""
    known = if_there(aws.call, "lambda", "get_policy", FunctionName=function_name(want.scope))
    statements = json.loads(known["Policy"])["Statement"] if known else []
    return {one["Sid"]: one for one in statements}


def function_retries(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """How long and how often Lambda repeats a run that failed; None where that is not set."""
    known = if_there(aws.call, "lambda", "get_function_event_invoke_config", FunctionName=function_name(want.scope))
    return known and {key: known.get(key) for key in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts")}


def function_log(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The function's log group with its retention in days and its tags; None where there is none."""
    name = log_group(want.scope)
    # Sorted by name, so that this one comes before all that only begin alike.
    listed = aws.call("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
    group = next((one for one in listed if one["logGroupName"] == name), None)
    if group is None:
        return None
    # This call takes the ARN without what DescribeLogGroups puts behind it.
    arn = group["arn"].removesuffix(":*")
    tags = if_there(aws.call, "logs", "list_tags_for_resource", resourceArn=arn) or {}
    return {"Arn": arn, "Retention": group.get("retentionInDays"), "Tags": tags.get("tags") or {}}


def rules(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The box's rules by name: `Arn`, `Expression`, `Pattern`, `State`, `Targets` as EventBridge gives them, and `Tags`."""
    prefix = want.scope.prefix
    listed = {one["Name"]: one for one in aws.pages("events", "list_rules", "Rules", NamePrefix=f"{prefix}-at-")}
    names = ours(prefix, listed)
    tasks = [partial(if_there, aws.call, "events", "list_targets_by_rule", Rule=name) for name in names]
    tasks += [
        partial(if_there, aws.call, "events", "list_tags_for_resource", ResourceARN=listed[name]["Arn"])
        for name in names
    ]
    answers = aws.together(tasks) if names else []
    return {
        name: {
            "Arn": listed[name]["Arn"],
            "Expression": listed[name].get("ScheduleExpression"),
            "Pattern": listed[name].get("EventPattern"),
            "State": listed[name]["State"],
            "Targets": targets["Targets"],
            "Tags": tag_map(tags["Tags"]),
        }
        for name, targets, tags in zip(names, answers[: len(names)], answers[len(names) :], strict=True)
        if targets and tags
    }


FUNCTION_PARTS: dict[str, Any] = {
    part.__name__: part
    for part in (
        *(function_role, function_policy, function_inline, function_attached, function),
        *(function_permissions, function_retries, function_log, rules),
    )
}
