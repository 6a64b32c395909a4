"""RunInstances, made safe: one place after the other, one token for all who want the same box, and no instance too many."""

from __future__ import annotations

import time
from typing import Any

from . import wait
from .aws import Aws
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .launch_refused import nowhere, over_quota
from .names import BOX_TAG, GENERATION_TAG, LIVE, tag_map, tag_spec
from .retry import backoff
from .token import client_token

# For all places together; a place that cannot answer is left after the minute that every call has.
LAUNCH_S = 600.0
GENERATIONS = 20
# Made by this run a moment ago, and not known everywhere yet.
_NOT_YET = frozenset({"InvalidGroup.NotFound", "InvalidKeyPair.NotFound"})
# Another zone or type may do; "" is no answer at all.
_ELSEWHERE = frozenset(
    ["InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "SpotMaxPriceTooLow", "Unsupported", ""]
)
_QUOTA = frozenset({"VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"})


def run_instances(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Launch in the first place that AWS serves; the answer, with `Attempts`: each {"type", "zone", "refused"}, the last served."""
    places = params["Places"]
    common = {key: value for key, value in params.items() if key != "Places"}
    attempts: list[dict[str, Any]] = []
    tokens: set[str] = set()
    answer, end = None, time.monotonic() + LAUNCH_S
    for number, place in enumerate(places, 1):
        if time.monotonic() > end:
            break
        there = {"InstanceType": place["InstanceType"], "SubnetId": place["SubnetId"]}
        attempts.append({"type": place["InstanceType"], "zone": place["Zone"], "refused": None})
        try:
            answer = _launch(aws, want, seen, {**common, **there}, number, tokens)
            break
        except AwsError as error:
            if error.code in _QUOTA:
                raise over_quota(aws, want, seen, place["InstanceType"], error) from error
            if error.code not in _ELSEWHERE:
                raise
            attempts[-1]["refused"] = error.code or "no answer"
            more = (
                f"trying {places[number]['InstanceType']} in {places[number]['Zone']}" if number < len(places) else ""
            )
            aws.say(f"{place['InstanceType']} in {place['Zone']}: {attempts[-1]['refused']}" + (more and f"; {more}"))
    if len(attempts) > 1 or answer is None:
        lost = any(item["refused"] == "no answer" for item in attempts)
        answer = _sweep(aws, want, tokens, answer, lost)
    if answer is None:
        raise nowhere(want, attempts, len(places))
    return {**answer, "Attempts": attempts}


def _launch(aws: Aws, want: Any, seen: dict[str, Any], params: dict[str, Any], attempt: int, tokens: set[str]) -> Any:
    """Launch in one place under its token; a token that AWS remembers for a dead instance gives way to the next generation's."""
    group = seen["groups"][0]
    instance, *others = params["TagSpecifications"]
    first = int(tag_map(instance["Tags"])[GENERATION_TAG])
    for number in range(first, first + GENERATIONS):
        named = tag_spec("instance", {**tag_map(instance["Tags"]), GENERATION_TAG: str(number)})
        token = client_token(seen["account"]["account"], want.scope, number, attempt)
        tokens.add(token)
        answer = _ask(aws, {**params, "TagSpecifications": [named, *others], "ClientToken": token})
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


def _sweep(aws: Aws, want: Any, tokens: set[str], answer: Any, lost: bool) -> Any:
    """End all but the oldest instance that these tokens made: one without an answer may have come late, another run's beside ours."""
    mine = {item["InstanceId"]: item for item in (answer or {"Instances": []})["Instances"]}
    for pause in backoff(total=6.0, longest=2.0):
        # A describe may be late with the instance that was just answered.
        found = mine | {item["InstanceId"]: item for item in _live(aws, want) if item.get("ClientToken") in tokens}
        if len(found) > len(mine) or not lost:
            break
        time.sleep(pause)
    keep, *late = sorted(found.values(), key=lambda item: (item["LaunchTime"], item["InstanceId"])) or [None]
    for item in late:
        aws.say(f"{item['InstanceId']} came late and is one too many: ending it")
        aws.call("ec2", "terminate_instances", InstanceIds=[item["InstanceId"]])
    return {"Instances": [keep]} if keep else None


def _live(aws: Aws, want: Any) -> list[dict[str, Any]]:
    states = {"Name": "instance-state-name", "Values": [*LIVE]}
    filters = [{"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]}, states]
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    return [item for reservation in found for item in reservation["Instances"]]


def _live_soon(aws: Aws, want: Any) -> bool:
    """Whether the launch that holds the token shows an instance; a describe may be late by seconds."""
    for pause in backoff(total=6.0, longest=2.0):
        if _live(aws, want):
            return True
        time.sleep(pause)
    return False
