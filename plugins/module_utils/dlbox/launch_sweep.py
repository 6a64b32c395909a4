"""After a launch: what came late, or beside another run's, does not stay."""

from __future__ import annotations

import time
from typing import Any

from .aws import Aws
from .names import BOX_TAG, LIVE
from .observe_launch import spot_requests
from .retry import backoff


def sweep(aws: Aws, want: Any, tokens: set[str], answer: Any, lost: int) -> Any:
    """End all but the oldest instance of this launch, of which `lost` answers never came; the answer that stays, None where there is none.

    Tokens hold for one zone each, so two runs that began in different zones both succeed: both know all places' tokens, and both keep the oldest.
    """
    mine = {item["InstanceId"]: item for item in (answer or {"Instances": []})["Instances"]}
    for pause in backoff(total=6.0, longest=2.0):
        requests = {item["id"]: item for item in spot_requests(aws, want, {})} if want.spot else {}
        # A describe may be late with the instance that was just answered.
        found = mine | {
            item["InstanceId"]: item
            for item in live(aws, want)
            if item.get("ClientToken") in tokens or item.get("SpotInstanceRequestId") in requests
        }
        if len(found) >= len(mine) + lost:
            break
        time.sleep(pause)
    keep, *late = sorted(found.values(), key=_age) or [None]
    # First the requests: AWS replaces an instance whose persistent request goes on.
    spare = {item["SpotInstanceRequestId"] for item in late if "SpotInstanceRequestId" in item}
    spare |= {ident for ident, item in requests.items() if not item["instance"]}
    if spare := spare - {keep.get("SpotInstanceRequestId") if keep else None}:
        aws.say(f"Spot request {' and '.join(sorted(spare))} is not needed: cancelling it")
        aws.call("ec2", "cancel_spot_instance_requests", SpotInstanceRequestIds=sorted(spare))
    for item in late:
        aws.say(f"{item['InstanceId']} came late and is one too many: ending it")
        aws.call("ec2", "terminate_instances", InstanceIds=[item["InstanceId"]])
    return {"Instances": [keep]} if keep else None


def _age(item: dict[str, Any]) -> tuple[str, str]:
    """By the first network interface: LaunchTime is that of the last start, and a box with work on its disk must not look young."""
    cards = [
        card["Attachment"]["AttachTime"]
        for card in item.get("NetworkInterfaces", [])
        if card.get("Attachment", {}).get("AttachTime")
    ]
    return str(min([*cards, item["LaunchTime"]])), item["InstanceId"]


def live(aws: Aws, want: Any) -> list[dict[str, Any]]:
    """The box's live instances, as DescribeInstances tells them."""
    states = {"Name": "instance-state-name", "Values": [*LIVE]}
    filters = [{"Name": f"tag:{BOX_TAG}", "Values": [want.scope.box]}, states]
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    return [item for reservation in found for item in reservation["Instances"]]


def live_soon(aws: Aws, want: Any) -> bool:
    """Whether the launch that holds the token shows an instance; a describe may be late by seconds."""
    for pause in backoff(total=6.0, longest=2.0):
        if live(aws, want):
            return True
        time.sleep(pause)
    return False
