"""The calls that need more than one request to be safe; everything else is `plain`."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from . import local, wait
from .aws import Aws
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .names import BOX_TAG, CREATED_TAG, GENERATION_TAG, tag_map, tag_spec
from .plan_eip import address_age
from .token import client_token

_MOVED = frozenset(
    [
        "InvalidGroup.Duplicate",
        "InvalidKeyPair.Duplicate",
        "InvalidPermission.Duplicate",
        "InvalidPermission.NotFound",
        "EntityAlreadyExists",
        "ConflictException",
        "ResourceAlreadyExistsException",
        "Resource.AlreadyAssociated",
        "InvalidAssociationID.NotFound",
        "InvalidAllocationID.NotFound",
        "InvalidGroup.NotFound",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "IncorrectInstanceState",
    ]
)


def settle(attempt: int) -> None:
    """Give AWS a moment before reading again: right after a create a describe may be stale."""
    time.sleep(min(0.5 * 2**attempt, 4.0))


def plain(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """The call itself; a state other than the plan's becomes StateMoved."""
    try:
        return aws.call(call.service, call.operation, **params)
    except AwsError as error:
        if error.code in _MOVED:
            raise StateMoved(str(error)) from error
        raise


def run_instances(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Launch under a deterministic token; a token that AWS remembers for a dead instance gives way to the next."""
    group = seen["groups"][0]
    instance, volume = params["TagSpecifications"]
    first = int(tag_map(instance["Tags"])[GENERATION_TAG])
    for number in range(first, first + 20):
        token = client_token(seen["account"]["account"], want.scope, number)
        try:
            named = tag_spec("instance", {**tag_map(instance["Tags"]), GENERATION_TAG: str(number)})
            asked = {**params, "TagSpecifications": [named, volume], "ClientToken": token}
            answer = aws.call("ec2", "run_instances", **asked)
        except AwsError as error:
            if error.code != "IdempotentParameterMismatch":
                raise
            answer = None
        if answer and answer["Instances"][0]["State"]["Name"] not in wait.DEAD:
            return answer
        tags = [{"Key": GENERATION_TAG, "Value": str(number + 1)}]
        aws.call("ec2", "create_tags", Resources=[group["GroupId"]], Tags=tags)
        if answer is None and _live(aws, want):
            raise StateMoved(f"another run is launching {want.scope.box}")
    raise DlboxError(
        "AWS returned only dead instances for this box's launch tokens: wait an hour, then run the same command"
    )


def allocate_address(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Allocate, then list by tag and keep the oldest: two runs at once end with one address."""
    spec = params["TagSpecifications"][0]
    created = [*spec["Tags"], {"Key": CREATED_TAG, "Value": datetime.now(UTC).isoformat(timespec="microseconds")}]
    mine = plain(aws, want, seen, call, {**params, "TagSpecifications": [{**spec, "Tags": created}]})
    tagged = aws.call("ec2", "describe_addresses", Filters=[{"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]}])[
        "Addresses"
    ]
    others = [found for found in tagged if found["AllocationId"] != mine["AllocationId"]]
    if not others:
        return mine
    keep = min(
        ({**item, "Tags": tag_map(item["Tags"])} for item in [*others, {**mine, "Tags": created}]), key=address_age
    )
    if keep["AllocationId"] != mine["AllocationId"]:
        aws.call("ec2", "release_address", AllocationId=mine["AllocationId"])
    return keep


def propagated(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """A write of a schedule, which may come before its role has spread; one token for all tries, so that a lost reply is no conflict."""
    try:
        return aws.until_propagated(call.service, call.operation, ClientToken=uuid.uuid4().hex, **params)
    except AwsError as error:
        if error.code in _MOVED:
            raise StateMoved(str(error)) from error
        raise


def on_controller(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """A step on this machine."""
    return local.STEPS[call.operation](**params)


def _live(aws: Aws, want: Any) -> bool:
    filters = [
        {"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    return bool(aws.call("ec2", "describe_instances", Filters=filters)["Reservations"])


HANDLERS = {
    ("ec2", "run_instances"): run_instances,
    ("ec2", "allocate_address"): allocate_address,
    ("scheduler", "create_schedule"): propagated,
    ("scheduler", "update_schedule"): propagated,
    ("wait", "instance_state"): wait.instance_state,
    ("wait", "schedule_group_gone"): wait.schedule_group_gone,
    **{("local", step): on_controller for step in local.STEPS},
}
