"""RunInstances, made safe: one token for all who want the same box, and patience with what was made a moment ago."""

from __future__ import annotations

import time
from typing import Any

from . import wait
from .aws import Aws
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .names import BOX_TAG, GENERATION_TAG, LIVE, tag_map, tag_spec
from .retry import backoff
from .token import client_token

# Made by this run a moment ago, and not known everywhere yet.
_NOT_YET = frozenset({"InvalidGroup.NotFound", "InvalidKeyPair.NotFound"})


def run_instances(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Launch under a deterministic token; a token that AWS remembers for a dead instance gives way to the next."""
    group = seen["groups"][0]
    instance, volume = params["TagSpecifications"]
    first = int(tag_map(instance["Tags"])[GENERATION_TAG])
    for number in range(first, first + 20):
        named = tag_spec("instance", {**tag_map(instance["Tags"]), GENERATION_TAG: str(number)})
        token = client_token(seen["account"]["account"], want.scope, number)
        answer = _ask(aws, {**params, "TagSpecifications": [named, volume], "ClientToken": token})
        if answer and answer["Instances"][0]["State"]["Name"] not in wait.DEAD:
            return answer
        if answer is None and _live_soon(aws, want):
            raise StateMoved(f"another run is launching {want.scope.box}")
        tags = [{"Key": GENERATION_TAG, "Value": str(number + 1)}]
        aws.call("ec2", "create_tags", Resources=[group["GroupId"]], Tags=tags)
    raise DlboxError(
        "AWS returned only dead instances for this box's launch tokens: wait an hour, then run the same command"
    )


def _ask(aws: Aws, params: dict[str, Any]) -> Any:
    """The answer, or None where the token is another launch's; group and key pair may take a moment to be known."""
    for pause in backoff(total=30.0):
        try:
            return aws.call("ec2", "run_instances", **params)
        except AwsError as error:
            if error.code == "IdempotentParameterMismatch":
                return None
            if error.code not in _NOT_YET:
                raise
        time.sleep(pause)
    return aws.call("ec2", "run_instances", **params)


def _live_soon(aws: Aws, want: Any) -> bool:
    """Whether the launch that holds the token shows an instance; a describe may be late by seconds."""
    states = {"Name": "instance-state-name", "Values": [*LIVE]}
    filters = [{"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]}, states]
    for pause in backoff(total=6.0, longest=2.0):
        if aws.call("ec2", "describe_instances", Filters=filters)["Reservations"]:
            return True
        time.sleep(pause)
    return False
