"""The log group of the box's function: made before Lambda would make one, and removed with it. Pure."""

from __future__ import annotations

from typing import Any

from .change import Call, Change
from .function_role import log_group
from .names import lacking

RETENTION_DAYS = 30


def ensure(want: Any, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave the group with its tags, and its lines for as long as they are of use."""
    name, found, tags = log_group(want.scope), seen["function_log"], want.scope.tags
    thing, changes = f"log group {name}", []
    keep = Call("logs", "put_retention_policy", {"logGroupName": name, "retentionInDays": RETENTION_DAYS})
    if found is None:
        make = Call("logs", "create_log_group", {"logGroupName": name, "tags": tags})
        after = {"tags": tags, "retention_days": RETENTION_DAYS}
        reason = "Lambda would make one without tags that keeps its lines for ever"
        return [Change("create", thing, reason, None, after, calls=(make, keep))]
    if found["Retention"] != RETENTION_DAYS:
        reason = f"it does not keep its lines for {RETENTION_DAYS} days"
        changes.append(Change("update", thing, reason, found["Retention"], RETENTION_DAYS, calls=(keep,)))
    if missing := lacking(want.scope, found["Tags"]):
        add = Call("logs", "tag_resource", {"resourceArn": found["Arn"], "tags": missing})
        after = {**found["Tags"], **missing}
        changes.append(Change("tag", thing, "its tags differ", found["Tags"], after, calls=(add,)))
    return changes


def remove(want: Any, seen: dict[str, Any], reason: str) -> list[Change]:
    """The change that removes it, where there is one."""
    name = log_group(want.scope)
    if not seen["function_log"]:
        return []
    calls = (Call("logs", "delete_log_group", {"logGroupName": name}),)
    return [Change("delete", f"log group {name}", reason, seen["function_log"], None, calls=calls)]
