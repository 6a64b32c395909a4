"""The role with which EventBridge Scheduler stops (and starts) this box and nothing else."""

from __future__ import annotations

import re
from typing import Any

from . import iam_role
from .change import Change
from .errors import Refused
from .iam_role import Role
from .names import BOX_TAG, Scope


def role_name(scope: Scope) -> str:
    """The role's name: roles are account-wide, so it holds the region too."""
    return f"{scope.prefix}-stop"


def role_arn(scope: Scope, seen: dict[str, Any]) -> str:
    """The role's ARN, also before the role exists."""
    return iam_role.role_arn(seen, "stop", role_name(scope))


def trust(scope: Scope, seen: dict[str, Any]) -> dict[str, Any]:
    """Who may take the role on: Scheduler, for this account's schedule group of the box; AWS knows no ARN of a schedule here."""
    group = iam_role.arn(seen, "scheduler", scope.region, f"schedule-group/{scope.prefix}")
    source = {"aws:SourceAccount": seen["account"]["account"], "aws:SourceArn": group}
    allow = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return iam_role.document({**allow, "Condition": {"StringEquals": source}})


def permission(want: Any, seen: dict[str, Any], instance: str) -> dict[str, Any]:
    """What the role may do to this instance, by its ARN and while it carries the box's tag; and send dead letters, if asked for."""
    target = iam_role.arn(seen, "ec2", want.scope.region, f"instance/{instance}")
    actions = [
        f"ec2:{verb.title()}Instances" for verb in sorted({line.verb for line in want.table.entries}, reverse=True)
    ]
    tagged = {"StringEquals": {f"ec2:ResourceTag/{BOX_TAG}": want.scope.box}}
    allow = {"Effect": "Allow", "Action": actions, "Resource": target, "Condition": tagged}
    letters = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": want.dead_letters}
    return iam_role.document(allow, *([letters] if want.dead_letters else []))


def queue(key: str, arn: str, region: str) -> str:
    """The ARN of an SQS queue for what could not be delivered, or nothing; EventBridge takes a standard queue of its own region."""
    if arn and not re.fullmatch(rf"arn:aws[a-z-]*:sqs:{region}:\d{{12}}:[A-Za-z0-9_-]{{1,80}}", arn):
        raise Refused(
            f"{key}: {arn[:90]!r} is not the ARN of a standard SQS queue in {region}; "
            f"write it as in arn:aws:sqs:{region}:123456789012:missed, or leave it empty"
        )
    return arn


def ensure(want: Any, seen: dict[str, Any], instance: str | None) -> list[Change]:
    """Changes that leave the role with exactly this trust, permission and tags; None: the instance is not launched yet."""
    role = Role(
        name=role_name(want.scope),
        part="stop",
        trust=trust(want.scope, seen),
        why_create="the schedule needs it to stop the box",
        why_trust="it is not trusted to the box's schedule group alone",
        why_policy="it does not allow exactly what the schedules do to this box",
    )
    wanted = permission(want, seen, instance or "the instance to be launched")
    return iam_role.ensure(role, want.scope, seen, wanted, bool(instance))


def remove(scope: Scope, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the role where its tag says that it is the box's."""
    return iam_role.remove(role_name(scope), "stop", scope, seen, reason)
