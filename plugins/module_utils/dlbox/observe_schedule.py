"""What EventBridge Scheduler and IAM hold for the box."""

from __future__ import annotations

from typing import Any

from .aws import Aws
from .errors import AwsError
from .names import SCHEDULE, tag_map
from .stop_role import POLICY, role_name

_TIMING = ("ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target")


def schedule(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The schedule that stops the box, in AWS's own form; None where there is none, as where its group is not or goes."""
    if "schedule_group" in seen and (seen["schedule_group"] or {}).get("State") != "ACTIVE":
        return None
    found = _found(aws, "scheduler", "get_schedule", Name=SCHEDULE, GroupName=want.scope.prefix)
    if found is None:
        return None
    limits = {key: found[key].isoformat() if found.get(key) else None for key in ("StartDate", "EndDate")}
    return {key: found[key] for key in _TIMING} | limits


def schedule_group(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The box's schedule group and whether it is ACTIVE or DELETING; None where there is none."""
    found = _found(aws, "scheduler", "get_schedule_group", Name=want.scope.prefix)
    return found and {"State": found["State"]}


def stop_role(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The role that the schedule uses, with its trust policy and tags; None where there is none."""
    found = _found(aws, "iam", "get_role", RoleName=role_name(want.scope))
    role = found and found["Role"]
    return role and {
        "Arn": role["Arn"],
        "Trust": role["AssumeRolePolicyDocument"],
        "Tags": tag_map(role.get("Tags")),
    }


def stop_policy(aws: Aws, want: Any, seen: dict[str, Any]) -> Any:
    """What the role's inline policy allows; None where it has none of that name."""
    if seen.get("stop_role", "not looked for") is None:
        return None
    found = _found(aws, "iam", "get_role_policy", RoleName=role_name(want.scope), PolicyName=POLICY)
    return found and found["PolicyDocument"]


def stop_attached(aws: Aws, want: Any, seen: dict[str, Any]) -> list[str]:
    """ARNs of managed policies that somebody attached to the role by hand: AWS deletes no role that has one."""
    if seen["stop_role"] is None:
        return []
    found = aws.call("iam", "list_attached_role_policies", RoleName=role_name(want.scope))
    return sorted(policy["PolicyArn"] for policy in found["AttachedPolicies"])


def _found(aws: Aws, service: str, operation: str, **params: str) -> Any:
    try:
        return aws.call(service, operation, **params)
    except AwsError as error:
        if error.code not in ("ResourceNotFoundException", "NoSuchEntity"):
            raise
        return None


SCHEDULE_PARTS: dict[str, Any] = {
    part.__name__: part for part in (schedule, schedule_group, stop_role, stop_policy, stop_attached)
}
