"""The role that the function runs with: it stops (and starts) this box, and writes to its own log."""

from __future__ import annotations

from typing import Any

from . import iam_role, stop_role
from .change import Change
from .iam_role import Role
from .names import Scope


def role_name(scope: Scope) -> str:
    """The role's name: roles are account-wide, so it holds the region too."""
    return f"{scope.prefix}-function"


def function_name(scope: Scope) -> str:
    """The function's name."""
    return f"{scope.prefix}-stop"


def log_group(scope: Scope) -> str:
    """The log group that Lambda writes this function's log to."""
    return f"/aws/lambda/{function_name(scope)}"


def role_arn(scope: Scope, seen: dict[str, Any]) -> str:
    """The role's ARN, also before the role exists."""
    return iam_role.role_arn(seen, "function", role_name(scope))


def permission(want: Any, seen: dict[str, Any], instance: str) -> dict[str, Any]:
    """What the stop role of the schedules may do, and the function's own log; the log group is made by us, with its tags."""
    streams = iam_role.arn(seen, "logs", want.scope.region, f"log-group:{log_group(want.scope)}:*")
    log = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": streams}
    return iam_role.document(*stop_role.permission(want, seen, instance)["Statement"], log)


def ensure(want: Any, seen: dict[str, Any], instance: str | None) -> list[Change]:
    """Changes that leave the role with exactly this trust, permission and tags; None: the instance is not launched yet."""
    allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = Role(
        name=role_name(want.scope),
        part="function",
        trust=iam_role.document(allow),
        why_create="the function needs it to stop the box",
        why_trust="it is not trusted to Lambda alone",
        why_policy="it does not allow exactly what the function does to this box",
    )
    wanted = permission(want, seen, instance or "the instance to be launched")
    return iam_role.ensure(role, want.scope, seen, wanted, bool(instance))


def remove(scope: Scope, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the role where its tag says that it is the box's."""
    return iam_role.remove(role_name(scope), "function", scope, seen, reason)
