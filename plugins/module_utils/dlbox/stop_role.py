"""The role with which EventBridge Scheduler stops (and starts) this box and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

from . import iam_policy
from .change import Call, Change, Ref
from .errors import Refused
from .names import BOX_TAG, Scope, lacking, tag_list

POLICY = "stop"


def role_name(scope: Scope) -> str:
    """The role's name: roles are account-wide, so it holds the region too."""
    return f"{scope.prefix}-stop"


def role_arn(scope: Scope, seen: dict[str, Any]) -> str:
    """The role's ARN, also before the role exists."""
    known = seen["stop_role"]
    return str(known["Arn"]) if known else f"{_arn(seen, 'iam')}:role/{role_name(scope)}"


def trust(scope: Scope, seen: dict[str, Any]) -> dict[str, Any]:
    """Who may take the role on: Scheduler, for this account's schedule group of the box; AWS knows no ARN of a schedule here."""
    group = f"{_arn(seen, 'scheduler', scope.region)}:schedule-group/{scope.prefix}"
    source = {"aws:SourceAccount": seen["account"]["account"], "aws:SourceArn": group}
    allow = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return _document({**allow, "Condition": {"StringEquals": source}})


def permission(want: Any, seen: dict[str, Any], instance: str) -> dict[str, Any]:
    """What the role may do to this instance, by its ARN and while it carries the box's tag; and send dead letters, if asked for."""
    arn = f"{_arn(seen, 'ec2', want.scope.region)}:instance/{instance}"
    actions = [
        f"ec2:{verb.title()}Instances" for verb in sorted({line.verb for line in want.table.entries}, reverse=True)
    ]
    tagged = {"StringEquals": {f"ec2:ResourceTag/{BOX_TAG}": want.scope.box}}
    allow = [{"Effect": "Allow", "Action": actions, "Resource": arn, "Condition": tagged}]
    letters = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": want.dead_letters}
    return _document(*allow, *([letters] if want.dead_letters else []))


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
    scope = want.scope
    name, found, trusted = role_name(scope), seen["stop_role"], trust(scope, seen)
    thing, changes = f"role {name}", []
    if found is None:
        params = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trusted), "Tags": tag_list(scope.tags)}
        calls = (Call("iam", "create_role", params),)
        changes.append(Change("create", thing, "the schedule needs it to stop the box", None, trusted, calls=calls))
    else:
        if missing := lacking(scope, found["Tags"]):
            calls = (Call("iam", "tag_role", {"RoleName": name, "Tags": tag_list(missing)}),)
            after = {**found["Tags"], **missing}
            changes.append(Change("tag", thing, "its tags differ", found["Tags"], after, calls=calls))
        if not iam_policy.same(found["Trust"], trusted):
            # Not UpdateRole, which is for the description and session length that the user may have set.
            params = {"RoleName": name, "PolicyDocument": json.dumps(trusted)}
            calls = (Call("iam", "update_assume_role_policy", params),)
            reason = "it is not trusted to the box's schedule group alone"
            changes.append(Change("update", thing, reason, found["Trust"], trusted, calls=calls))
    return changes + _permit(want, seen, instance)


def remove(scope: Scope, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the role where its tag says that it is the box's."""
    found, name = seen["stop_role"], role_name(scope)
    if not found or found["Tags"].get(BOX_TAG) != scope.box:
        return []
    changes = []
    if seen["stop_policy"] is not None:
        calls = (Call("iam", "delete_role_policy", {"RoleName": name, "PolicyName": POLICY}),)
        changes.append(
            Change("delete", f"policy {POLICY} of role {name}", reason, seen["stop_policy"], None, calls=calls)
        )
    for arn in seen["stop_attached"]:
        calls = (Call("iam", "detach_role_policy", {"RoleName": name, "PolicyArn": arn}),)
        changes.append(Change("detach", f"policy {arn} of role {name}", reason, arn, None, calls=calls))
    calls = (Call("iam", "delete_role", {"RoleName": name}),)
    return [*changes, Change("delete", f"role {name}", reason, found["Trust"], None, calls=calls)]


def _permit(want: Any, seen: dict[str, Any], instance: str | None) -> list[Change]:
    found, name = seen["stop_policy"], role_name(want.scope)
    wanted = permission(want, seen, instance or "the instance to be launched")
    if instance and iam_policy.same(found, wanted):
        return []
    reason = (
        "it does not allow exactly what the schedules do to this box"
        if found
        else "the role has no policy of this name"
    )
    document = json.dumps(wanted) if instance else Ref("the box's instance")
    calls = (Call("iam", "put_role_policy", {"RoleName": name, "PolicyName": POLICY, "PolicyDocument": document}),)
    verb = "update" if found else "create"
    return [Change(verb, f"policy {POLICY} of role {name}", reason, found, wanted, calls=calls)]


def _arn(seen: dict[str, Any], service: str, region: str = "") -> str:
    return f"arn:{seen['account']['partition']}:{service}:{region}:{seen['account']['account']}"


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}
