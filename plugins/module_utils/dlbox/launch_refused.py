"""AWS says no to a launch or a start: what was asked, what it said, and the ways out, in one sentence."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain, groupby
from typing import Any

from . import observe_gpu, observe_quota
from .aws import Aws
from .change import Call
from .choose import in_use
from .errors import AwsError, DlboxError, StateMoved
from .families import family_of
from .retry import backoff
from .spot import TAKEN_BACK
from .wanted import Wanted

NOTICED_S = 120.0
_NO_PLACE = ("InsufficientInstanceCapacity", "InsufficientCapacity", "UnfulfillableCapacity", "SpotMaxPriceTooLow")


def nowhere(want: Any, attempts: list[dict[str, Any]], unreached: int) -> DlboxError:
    """No place served: the order, each refusal, and what to change."""
    left = f"; {unreached} more places were not reached in time" if unreached else ""
    lost = any(item["refused"] == "no answer" for item in attempts)
    end = (
        "an instance that comes late is adopted by the same command" if lost else "no instance was made, and none bills"
    )
    other = "set box_spot: false, " if want.spot else ""
    if any(item["refused"] == "SpotMaxPriceTooLow" for item in attempts):
        other = f"raise box_spot_max_usd (now {want.spot_max_usd or 'the On-Demand price'}) or leave it empty, {other}"
    return DlboxError(
        f"AWS has no place for {want.scope.box} now: {_order(attempts)}{left}: run the same command later, {other}write more types into "
        f"box_instance_type, as in [g6.xlarge, g5.xlarge], or destroy what there is of it and set another box_region; {end}"
    )


def _order(attempts: list[dict[str, Any]]) -> str:
    """The places that were tried, in order, with AWS's codes."""
    alike = groupby(attempts, key=lambda item: (item["type"], item["refused"]))
    return ", ".join(f"{kind} in {', '.join(item['zone'] for item in items)} ({why})" for (kind, why), items in alike)


def over_quota(
    aws: Aws, want: Any, seen: dict[str, Any], kind: str, error: AwsError, attempts: list[dict[str, Any]] | None = None
) -> DlboxError:
    """The quota's code, what it grants and what is needed, asked afresh, and the request that fixes it."""
    tried = f" (tried: {_order(attempts)})" if attempts and len(attempts) > 1 else ""
    family = family_of(kind, want.spot)
    if family is None:
        return error
    fresh: dict[str, Any] = {"types": observe_gpu.named_types(aws, aws.region, {kind})}
    want = replace(want, wanted=Wanted((kind,)))
    fresh |= {"others": observe_quota.others(aws, want, fresh), "quotas": observe_quota.quotas(aws, want, fresh)}
    used, granted = in_use(want, fresh, family), fresh["quotas"][family.code]
    need = used + fresh["types"].get(kind, {}).get("vcpus", 0)
    if granted["value"] is None or need <= granted["value"]:
        return DlboxError(
            f"AWS refuses {kind} ({error.code}){tried}, although quota {granted['code']} ({family.title}) grants {granted['value']} vCPUs and {need} are needed: "
            "a new value, or the stop of another instance, takes minutes to count: run the same command again then"
        )
    return DlboxError(
        f"AWS refuses {kind} ({error.code}){tried}: quota {granted['code']} ({family.title}) grants {granted['value']} vCPUs, and {need} are needed, "
        f"{used} of them by other instances: stop one of those, or ask for more with `aws service-quotas request-service-quota-increase "
        f"--region {want.scope.region} --service-code ec2 --quota-code {granted['code']} --desired-value {need}`, then run the same command"
    )


def start_instances(aws: Aws, want: Any, seen: dict[str, Any], call: Call, params: dict[str, Any]) -> Any:
    """Start; where AWS has no capacity for a box whose disk lies in one zone, say the ways out."""
    box: dict[str, Any] = next((item for item in seen["instances"] if item["InstanceId"] in params["InstanceIds"]), {})
    # A Spot request notices the stop of its instance some time after it.
    for pause in chain(backoff(total=NOTICED_S), [None]):
        try:
            return aws.call("ec2", "start_instances", **params)
        except AwsError as error:
            if error.code != "IncorrectSpotRequestState" or pause is None or _interrupted(aws, box):
                raise _no_start(aws, want, seen, box, error) from error
            aws.say(f"Spot request of {box.get('InstanceId')} has not noticed the stop yet")
            time.sleep(pause)
    raise AssertionError("the last pause is None")


def _no_start(aws: Aws, want: Any, seen: dict[str, Any], box: dict[str, Any], error: AwsError) -> DlboxError:
    ident, kind, zone = box.get("InstanceId"), str(box.get("InstanceType")), box.get("Zone")
    if error.code == "IncorrectInstanceState":
        return StateMoved(str(error))
    if error.code in ("VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"):
        return over_quota(aws, want, seen, kind, error)
    if box.get("InstanceLifecycle") == "spot" and error.code in _NO_PLACE:
        return DlboxError(
            f"AWS has no Spot capacity for {kind} in {zone} now ({error.code}), where the disk of {ident} is: run the same command later, "
            "or save what is on its disk, destroy it and set box_spot: false; stopped, it bills disk and address alone"
        )
    if error.code in _NO_PLACE:
        return DlboxError(
            f"AWS has no {kind} free in {zone}, where the disk of {ident} is: run the same command later, set another box_instance_type "
            '(the stopped box changes to it), or move the disk as README\'s "To another zone" says; stopped, it bills disk and address alone'
        )
    if error.code == "IncorrectSpotRequestState":
        return DlboxError(
            f"AWS took the capacity of Spot box {ident} back and starts it again by itself when it has some: run the same command then, "
            "or save what is on its disk, destroy it and set box_spot: false"
        )
    return error


def _interrupted(aws: Aws, box: dict[str, Any]) -> bool:
    """Whether AWS stopped a Spot instance, and not its user."""
    ids = [box["SpotInstanceRequestId"]]
    found = aws.call("ec2", "describe_spot_instance_requests", SpotInstanceRequestIds=ids)["SpotInstanceRequests"]
    return bool(found) and found[0]["Status"]["Code"] in TAKEN_BACK
