"""RunInstances, made safe: one place after the other, one token for all who want the same box, and no instance too many."""

from __future__ import annotations

import time
from typing import Any

from . import wait
from .aws import Aws
from .change import Call
from .errors import AwsError, DlboxError, StateMoved
from .families import family_of
from .launch_refused import nowhere, over_quota
from .launch_sweep import live_soon, sweep
from .names import GENERATION_TAG, tag_map, tag_spec
from .retry import backoff
from .token import client_token

# For all places together; a place that cannot answer is left after the minute that every call has.
LAUNCH_S = 600.0
GENERATIONS = 20
# Made by this run a moment ago, and not known everywhere yet.
_NOT_YET = frozenset({"InvalidGroup.NotFound", "InvalidKeyPair.NotFound"})
# Another zone or type may do; "" is no answer at all.
_ELSEWHERE = frozenset(
    [
        "InsufficientInstanceCapacity",
        "InsufficientCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientVolumeCapacity",
        "InsufficientFreeAddressesInSubnet",
        "SpotMaxPriceTooLow",
        "UnfulfillableCapacity",
        "Unsupported",
        "",
    ]
)
# No other zone would do, but perhaps another type; and of a quota, another family.
_TYPE = frozenset({"UnsupportedOperation"})
_QUOTA = frozenset({"VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded"})
# The number of a place, and the place: {"InstanceType", "Zone", "SubnetId"}.
Place = tuple[int, dict[str, str]]


def run_instances(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Launch in the first place that AWS serves; the answer, with `Attempts`: each {"type", "zone", "refused"}, the last served."""
    common = {key: value for key, value in params.items() if key != "Places"}
    first = generation_of(params)
    tokens = {_token(want, seen, first, number) for number in range(1, len(params["Places"]) + 1)}
    attempts: list[dict[str, Any]] = []
    over: list[tuple[str, AwsError]] = []
    failed: DlboxError | None = None
    left, answer, end = list(enumerate(params["Places"], 1)), None, time.monotonic() + LAUNCH_S
    while answer is None and failed is None and left and time.monotonic() < end:
        number, place = left.pop(0)
        kind = place["InstanceType"]
        attempts.append({"type": kind, "zone": place["Zone"], "refused": None})
        try:
            there = {"InstanceType": kind, "SubnetId": place["SubnetId"]}
            answer = _launch(aws, want, seen, {**common, **there}, number, tokens)
        except DlboxError as error:
            code = error.code if isinstance(error, AwsError) else type(error).__name__
            attempts[-1]["refused"] = code or "no answer"
            if not isinstance(error, AwsError) or code not in _ELSEWHERE | _TYPE | _QUOTA:
                failed = error
                continue
            over += [(kind, error)] if code in _QUOTA else []
            left = left_after(left, kind, code, want.spot)
            more = f"; trying {left[0][1]['InstanceType']} in {left[0][1]['Zone']}" if left else ""
            aws.say(f"{kind} in {place['Zone']}: {attempts[-1]['refused']}{more}")
    lost = sum(item["refused"] == "no answer" for item in attempts)
    if failed and not lost:
        raise failed
    # Where the first place served at once, another run with these settings has the same instance by the same token.
    if answer is None or len(attempts) > 1:
        answer = sweep(aws, want, tokens, answer, lost)
    if answer is None and failed:
        raise failed
    if answer is None:
        raise over_quota(aws, want, seen, *over[0], attempts) if over else nowhere(want, attempts, len(left))
    return {**answer, "Attempts": attempts}


def left_after(left: list[Place], kind: str, code: str, spot: bool) -> list[Place]:
    """The places still worth a try once AWS has refused a type with this code: of a quota, those of other families."""
    if code in _TYPE:
        return [item for item in left if item[1]["InstanceType"] != kind]
    if code in _QUOTA:
        shared = family_of(kind, spot) or kind
        return [
            item for item in left if (family_of(item[1]["InstanceType"], spot) or item[1]["InstanceType"]) != shared
        ]
    return left


def _launch(aws: Aws, want: Any, seen: dict[str, Any], params: dict[str, Any], attempt: int, tokens: set[str]) -> Any:
    """Launch in one place under its token; a token that AWS remembers for a dead instance gives way to the next generation's."""
    group = seen["groups"][0]
    instance, *others = params["TagSpecifications"]
    first = generation_of(params)
    for number in range(first, first + GENERATIONS):
        named = tag_spec("instance", {**tag_map(instance["Tags"]), GENERATION_TAG: str(number)})
        token = _token(want, seen, number, attempt)
        tokens.add(token)
        answer = _ask(aws, {**params, "TagSpecifications": [named, *others], "ClientToken": token})
        if answer and answer["Instances"][0]["State"]["Name"] not in wait.DEAD:
            return answer
        if answer is None and live_soon(aws, want):
            raise StateMoved(f"another run is launching {want.scope.box}")
        tags = [{"Key": GENERATION_TAG, "Value": str(number + 1)}]
        aws.call("ec2", "create_tags", Resources=[group["GroupId"]], Tags=tags)
    raise DlboxError(
        "AWS returned only dead instances for this box's launch tokens: wait an hour, then run the same command"
    )


def generation_of(params: dict[str, Any]) -> int:
    """The number that the launch begins with, as its instance will be tagged."""
    return int(tag_map(params["TagSpecifications"][0]["Tags"])[GENERATION_TAG])


def _token(want: Any, seen: dict[str, Any], generation: int, attempt: int) -> str:
    return client_token(seen["account"]["account"], want.scope, generation, attempt)


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
