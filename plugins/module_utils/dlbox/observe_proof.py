"""What the proof of the stop alone asks AWS: why the instance stopped, other regions that hold its stop, the function's runs."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from . import function_runs
from .aws import Aws, if_there
from .errors import DlboxError
from .function_role import function_name, log_group
from .observe_gpu import regions


def instance(aws: Aws, ident: str) -> dict[str, Any]:
    """An instance as DescribeInstances gives it, with what the picture leaves out: why and when it stopped."""
    return dict(aws.call("ec2", "describe_instances", InstanceIds=[ident])["Reservations"][0]["Instances"][0])


def elsewhere(aws: Aws, want: Any) -> list[str]:
    """Other regions of the account that hold the box's stop."""
    names = {"Name": "stop", "GroupName": want.scope.prefix}
    ask: tuple[str, str, dict[str, str]] = ("scheduler", "get_schedule", names)
    if want.backend == "lambda":
        ask = ("lambda", "get_function", {"FunctionName": function_name(want.scope)})

    def holds(region: str) -> bool:
        try:
            return bool(aws.call(ask[0], ask[1], region=region, **ask[2]))
        except DlboxError:
            return False

    others = [region for region, enabled in regions(aws).items() if enabled and region != want.scope.region]
    return [
        one for one, found in zip(others, aws.together([partial(holds, one) for one in others]), strict=True) if found
    ]


def runs(aws: Aws, want: Any, since: datetime) -> list[dict[str, str]]:
    """The function's runs since a moment, the oldest first, as function_runs gives them; none where it has no log."""
    asked = {"logGroupName": log_group(want.scope), "startTime": int(since.timestamp() * 1000)}
    events: list[dict[str, Any]] = []
    # A page may be empty and not the last.
    while page := if_there(aws.call, "logs", "filter_log_events", **asked):
        events += page["events"]
        if not page.get("nextToken"):
            break
        asked["nextToken"] = page["nextToken"]
    return function_runs.runs(events)
