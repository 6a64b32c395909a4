"""A role of the box with one inline policy: what is wanted of it, what differs, and how it goes away. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import iam_policy
from .change import Call, Change, Ref
from .names import BOX_TAG, Scope, lacking, tag_list

POLICY = "stop"
WHY_OTHER = f"the role is to do what its policy {POLICY} says, and nothing else"


@dataclass(frozen=True)
class Role:
    """A role and what is said of it; `part` is where the picture has it: <part>_role, _policy, _inline and _attached."""

    name: str
    part: str
    trust: dict[str, Any]
    why_create: str
    why_trust: str
    why_policy: str


def arn(seen: dict[str, Any], service: str, region: str, rest: str) -> str:
    """An ARN in the caller's account."""
    return f"arn:{seen['account']['partition']}:{service}:{region}:{seen['account']['account']}:{rest}"


def role_arn(seen: dict[str, Any], part: str, name: str) -> str:
    """A role's ARN, also before the role exists."""
    known = seen[f"{part}_role"]
    return str(known["Arn"]) if known else arn(seen, "iam", "", f"role/{name}")


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": [*statements]}


def ensure(role: Role, scope: Scope, seen: dict[str, Any], wanted: dict[str, Any], launched: bool) -> list[Change]:
    """Changes that leave the role with this trust, this policy, the box's tags and no managed policy; before the launch no policy can be written."""
    name, found = role.name, seen[f"{role.part}_role"]
    thing, changes = f"role {name}", []
    if found is None:
        params = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(role.trust), "Tags": tag_list(scope.tags)}
        calls = (Call("iam", "create_role", params),)
        changes.append(Change("create", thing, role.why_create, None, role.trust, calls=calls))
    else:
        if missing := lacking(scope, found["Tags"]):
            calls = (Call("iam", "tag_role", {"RoleName": name, "Tags": tag_list(missing)}),)
            after = {**found["Tags"], **missing}
            changes.append(Change("tag", thing, "its tags differ", found["Tags"], after, calls=calls))
        if not iam_policy.same(found["Trust"], role.trust):
            # Not UpdateRole, which is for the description and session length that the user may have set.
            params = {"RoleName": name, "PolicyDocument": json.dumps(role.trust)}
            calls = (Call("iam", "update_assume_role_policy", params),)
            changes.append(Change("update", thing, role.why_trust, found["Trust"], role.trust, calls=calls))
    changes += _permit(role, seen[f"{role.part}_policy"], wanted, launched)
    return changes + _detach(name, role.part, seen, WHY_OTHER)


def _permit(role: Role, found: Any, wanted: dict[str, Any], launched: bool) -> list[Change]:
    if launched and iam_policy.same(found, wanted):
        return []
    reason = role.why_policy if found else "the role has no policy of this name"
    text = json.dumps(wanted) if launched else Ref("the box's instance")
    params = {"RoleName": role.name, "PolicyName": POLICY, "PolicyDocument": text}
    calls = (Call("iam", "put_role_policy", params),)
    verb = "update" if found else "create"
    return [Change(verb, f"policy {POLICY} of role {role.name}", reason, found, wanted, calls=calls)]


def _detach(name: str, part: str, seen: dict[str, Any], reason: str) -> list[Change]:
    changes = []
    for attached in seen[f"{part}_attached"]:
        calls = (Call("iam", "detach_role_policy", {"RoleName": name, "PolicyArn": attached}),)
        changes.append(Change("detach", f"policy {attached} of role {name}", reason, attached, None, calls=calls))
    return changes


def remove(name: str, part: str, scope: Scope, seen: dict[str, Any], reason: str) -> list[Change]:
    """Changes that remove the role where its tag says that it is the box's."""
    found, policy = seen[f"{part}_role"], seen[f"{part}_policy"]
    if not found or found["Tags"].get(BOX_TAG) != scope.box:
        return []
    inline = {**({} if policy is None else {POLICY: policy}), **seen[f"{part}_inline"]}
    changes = []
    for called, document in inline.items():
        calls = (Call("iam", "delete_role_policy", {"RoleName": name, "PolicyName": called}),)
        changes.append(Change("delete", f"policy {called} of role {name}", reason, document, None, calls=calls))
    changes += _detach(name, part, seen, reason)
    calls = (Call("iam", "delete_role", {"RoleName": name}),)
    return [*changes, Change("delete", f"role {name}", reason, found["Trust"], None, calls=calls)]
