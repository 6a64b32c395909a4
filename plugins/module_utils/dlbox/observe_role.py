"""What IAM holds of a role of the box."""

from __future__ import annotations

from typing import Any

from .aws import Aws, if_there
from .iam_role import POLICY
from .names import tag_map


def role(aws: Aws, name: str) -> dict[str, Any] | None:
    """A role with its trust policy and tags; None where there is none."""
    known = if_there(aws.call, "iam", "get_role", RoleName=name)
    one = known and known["Role"]
    return one and {"Arn": one["Arn"], "Trust": one["AssumeRolePolicyDocument"], "Tags": tag_map(one.get("Tags"))}


def policy(aws: Aws, name: str, called: str = POLICY) -> Any:
    """What a role's inline policy allows; None where it has none of that name."""
    known = if_there(aws.call, "iam", "get_role_policy", RoleName=name, PolicyName=called)
    return known and known["PolicyDocument"]


def inline(aws: Aws, name: str) -> dict[str, Any]:
    """What inline policies beside ours allow, by their names: somebody gave them to a role by hand."""
    known = aws.call("iam", "list_role_policies", RoleName=name)
    return {one: policy(aws, name, one) for one in sorted(known["PolicyNames"]) if one != POLICY}


def attached(aws: Aws, name: str) -> list[str]:
    """ARNs of managed policies that somebody attached to a role by hand."""
    known = aws.call("iam", "list_attached_role_policies", RoleName=name)
    return sorted(one["PolicyArn"] for one in known["AttachedPolicies"])
