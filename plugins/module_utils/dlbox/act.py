"""The calls that need more than one request to be safe; everything else is `plain`."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from . import launch_refused, launching, local, wait
from .aws import Aws
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .names import BOX_TAG, CREATED_TAG, tag_map
from .plan_eip import address_age
from .retry import backoff

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
        "ResourceConflictException",
        "ConcurrentModificationException",
        "OperationAbortedException",
        "NoSuchEntity",
        "NotFound",
        "ResourceNotFound",
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


def delete_security_group(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Delete the group once what used it is gone: AWS frees a terminated instance's interface some time later."""
    for pause in backoff(total=300.0):
        try:
            return plain(aws, want, seen, call, params)
        except AwsError as error:
            if error.code != "DependencyViolation":
                raise
            aws.say(f"security group {params['GroupId']} is still in use, waiting until it is free")
            time.sleep(pause)
    return plain(aws, want, seen, call, params)


def propagated(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """A write that may come before its role has spread; a schedule's has one token for all tries, so that a lost reply is no conflict."""
    token = {"ClientToken": uuid.uuid4().hex} if call.service == "scheduler" else {}
    try:
        return aws.until_propagated(call.service, call.operation, **token, **params)
    except AwsError as error:
        if error.code in _MOVED:
            raise StateMoved(str(error)) from error
        raise


def targets(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """A write of a rule's targets, which EventBridge may refuse one by one in an answer that is no error."""
    answer = plain(aws, want, seen, call, params)
    for refused in answer.get("FailedEntries", []):
        code, said = refused.get("ErrorCode", ""), refused.get("ErrorMessage", "")
        raise (StateMoved if code in _MOVED else DlboxError)(
            f"EventBridge did not take a target of rule {params['Rule']} ({code}: {said}): put that right, then run the same command"
        )
    return answer


def on_controller(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """A step on this machine."""
    return local.STEPS[call.operation](**params)


def cancel_requests(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Cancel Spot requests; one that AWS has forgotten launches nothing more."""
    try:
        return aws.call(call.service, call.operation, **params)
    except AwsError as error:
        if error.code != "InvalidSpotInstanceRequestID.NotFound":
            raise
        return {}


HANDLERS = {
    ("ec2", "cancel_spot_instance_requests"): cancel_requests,
    ("ec2", "run_instances"): launching.run_instances,
    ("ec2", "start_instances"): launch_refused.start_instances,
    ("ec2", "delete_security_group"): delete_security_group,
    ("ec2", "allocate_address"): allocate_address,
    ("events", "put_targets"): targets,
    ("events", "remove_targets"): targets,
    ("lambda", "create_function"): propagated,
    ("lambda", "update_function_configuration"): propagated,
    ("scheduler", "create_schedule"): propagated,
    ("scheduler", "update_schedule"): propagated,
    ("wait", "function_permitted"): wait.function_permitted,
    ("wait", "function_ready"): wait.function_ready,
    ("wait", "instance_state"): wait.instance_state,
    ("wait", "schedule_group_gone"): wait.schedule_group_gone,
    **{("local", step): on_controller for step in local.STEPS},
}
