"""Waits for a state: polled ever less often, inside a deadline, and said while they last."""

from __future__ import annotations

import json
import time
from typing import Any

from .aws import Aws, if_there
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .observe_box import instance_view
from .retry import backoff

DEAD = ("shutting-down", "terminated")
_NOT_YET = frozenset({"InvalidInstanceID.NotFound"})


def instance_state(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Wait until an instance is in a state, and tell the instance; polls from 0.5 s upwards, says what it waits for."""
    state, ids = params["State"], params["InstanceIds"]
    for pause in backoff(total=600.0, longest=5.0):
        try:
            found = aws.call("ec2", "describe_instances", InstanceIds=ids)["Reservations"]
            now = found[0]["Instances"][0]["State"]["Name"] if found else "not visible yet"
        except AwsError as error:
            if error.code not in _NOT_YET:
                raise
            now = "not visible yet"
        if now == state:
            return {"Instance": instance_view(found[0]["Instances"][0])}
        if now in DEAD and state not in DEAD:
            _say_why(found[0]["Instances"][0])
            raise StateMoved(f"{ids[0]} went to {now} while this run waited for {state}")
        aws.say(f"{ids[0]} is {now}, waiting for {state}")
        time.sleep(pause)
    raise DlboxError(
        f"{ids[0]} was not {state} after 10 minutes and may bill: look at it in the EC2 console, then run the same command"
    )


def _say_why(instance: dict[str, Any]) -> None:
    """Refuse to go on where AWS itself ended the instance: another launch would end the same way, and bill again."""
    reason = instance.get("StateReason", {})
    code = reason.get("Code", "Client.UserInitiatedShutdown")
    if code in ("Server.InsufficientInstanceCapacity", "Server.SpotInstanceTermination"):
        raise DlboxError(
            f"AWS took the capacity of {instance['InstanceId']} back while it started ({code}): run the same command again, it launches anew"
        )
    if code != "Client.UserInitiatedShutdown":
        raise DlboxError(
            f"AWS ended {instance['InstanceId']} by itself ({reason['Code']}: {reason.get('Message', '')}): "
            "put that right (disk quota, encryption key, image), then run the same command"
        )


def schedule_group_gone(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Wait until a schedule group is gone: AWS deletes it, with the schedules in it, some time after it was asked to."""
    for pause in backoff(total=600.0, longest=5.0):
        group = if_there(aws.call, "scheduler", "get_schedule_group", **params)
        if group is None:
            return {}
        aws.say(f"schedule group {params['Name']} is {group['State']}, waiting until it is gone")
        time.sleep(pause)
    raise DlboxError(
        f"schedule group {params['Name']} was not gone after 10 minutes: it costs nothing; run the same command again later"
    )


def function_ready(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Wait until Lambda has taken a function's last change: until then it refuses the next, and runs as before."""
    name = params["FunctionName"]
    for pause in backoff(total=300.0, longest=5.0):
        known = if_there(aws.call, "lambda", "get_function", FunctionName=name)
        now = known["Configuration"] if known else {"State": "not visible yet"}
        states = {now["State"], now.get("LastUpdateStatus", "Successful")}
        # Inactive: not used for long; the next event wakes it.
        if states <= {"Active", "Inactive", "Successful"}:
            return {}
        if "Failed" in states:
            why = now.get("LastUpdateStatusReason") or now.get("StateReason") or "it does not say why"
            raise DlboxError(
                f"Lambda could not set function {name} up ({why}): put that right, then run the same command"
            )
        aws.say(
            f"function {name} is {' and '.join(sorted(states - {'Active', 'Successful'}))}, waiting until it is ready"
        )
        time.sleep(pause)
    raise DlboxError(f"function {name} was not ready after 5 minutes: run the same command again later")


def function_permitted(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Wait until a function's policy shows a permission: without it a rule fires into nothing, and no call would fail."""
    name, sid = params["FunctionName"], params["StatementId"]
    for pause in backoff(total=60.0):
        known = if_there(aws.call, "lambda", "get_policy", FunctionName=name)
        if known and any(one.get("Sid") == sid for one in json.loads(known["Policy"])["Statement"]):
            return {}
        aws.say(f"the permission {sid} of function {name} is not visible yet, waiting")
        time.sleep(pause)
    raise DlboxError(
        f"AWS took the permission {sid} of function {name} but does not show it, so the box would not stop: run the same command again"
    )
