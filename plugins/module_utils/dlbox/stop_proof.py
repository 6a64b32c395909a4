"""Proves the stop: the whole chain looked over, then a stop a minute ahead with the same role and target, and the box started again.

Not in the loop of converge: it changes nothing that stays.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from . import act, launch_refused, plan_schedule, stop_once, wait
from .aws import Aws
from .change import Call, Change
from .converge import complete
from .errors import DlboxError, Refused, StateMoved
from .function_role import function_name
from .names import LIVE
from .observe_gpu import regions
from .retry import backoff

SPEC = {key: option for key, option in plan_schedule.SPEC.items() if key not in ("state", "snooze", "observed")}
# EventBridge is exact to a minute, and stopping takes an instance a while.
PATIENCE_S = 300.0


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """{"proved": bool, "broken": [sentence], "evidence": {...}}; check mode looks the chain over and stops nothing."""
    want = plan_schedule.want({**params, "state": "present", "snooze": "", "observed": {}})
    aws = Aws(want.scope.region, want.scope.profile, say)
    seen: dict[str, Any] = {}
    complete(aws, plan_schedule, want, seen)
    box = next((item for item in seen["instances"] if item["State"] in LIVE), None)
    if box is None:
        raise Refused(
            f"{want.scope.box} does not exist, so there is nothing to stop: `ansible-playbook site.yml` makes it"
        )
    changes = plan_schedule.plan(want, seen)
    broken = reasons(changes, _elsewhere(aws, want) if lacking(changes) else [])
    told = evidence(want, seen, box)
    if broken or check:
        return {"changed": False, "proved": False, "broken": broken, "evidence": told}
    if box["State"] != "running":
        raise Refused(
            f"{want.scope.box} is {box['State']}, so a stop would prove nothing: start it with playbooks/start.yml first"
        )
    return {"changed": True, **prove(aws, want, seen, box, told)}


def reasons(changes: list[Change], elsewhere: list[str]) -> list[str]:
    """Why the chain is broken, one sentence for each thing that site.yml would mend."""
    found = [f"{change.thing}: {change.reason}" for change in changes]
    return found + [f"there is one in {region}, but it stops nothing of another region" for region in elsewhere]


def lacking(changes: list[Change]) -> bool:
    """Whether the stop is missing altogether, which may be because it was made in another region."""
    return any(change.verb == "create" and change.thing.startswith(("schedule ", "function ")) for change in changes)


def evidence(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> dict[str, Any]:
    """What was looked at, for the record."""
    lamda = want.backend == "lambda"
    parts = ("function", "rules", "function_permissions", "function_role", "function_policy") if lamda else ()
    return {
        "looked_at": seen["account"]["now"],
        "account": seen["account"]["account"],
        "region": want.scope.region,
        "instance_id": box["InstanceId"],
        "backend": want.backend,
        **{part: seen[part] for part in parts or ("schedules", "schedule_group", "stop_role", "stop_policy")},
    }


def ahead(now: datetime) -> datetime:
    """The full minute at which the proof stops the box: 30 to 90 seconds from now."""
    return (now + timedelta(seconds=90)).replace(second=0, microsecond=0)


def prove(aws: Aws, want: Any, seen: dict[str, Any], box: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Stop the box as every evening, but a minute ahead, and start it again; the evidence tells each moment."""
    moment = ahead(datetime.fromisoformat(seen["account"]["now"]))
    told = {**told, "planned_for": moment.isoformat()}
    try:
        for call in stop_once.set_up(want, seen, box["InstanceId"], moment):
            _do(aws, want, seen, call)
        aws.say(f"the same role and target stop {box['InstanceId']} at {moment:%H:%M} UTC")
        state = _stopping(aws, box["InstanceId"])
    finally:
        for call in stop_once.take_away(want):
            with contextlib.suppress(StateMoved):
                _do(aws, want, seen, call)
    if state not in ("stopping", "stopped"):
        said = (
            f"every part of the chain is as it should be, and yet AWS did not stop {box['InstanceId']} at {moment:%H:%M} UTC: look in "
            "CloudTrail for StopInstances, where a permission boundary or an organization's policy shows; until then stop it by hand"
        )
        return {"proved": False, "broken": [said], "evidence": {**told, "state": state}}
    ids = {"InstanceIds": [box["InstanceId"]]}
    _wait(aws, want, seen, ids, "stopped")
    told["stopped"] = True
    launch_refused.start_instances(aws, want, seen, Call("ec2", "start_instances"), ids)
    _wait(aws, want, seen, ids, "running")
    return {"proved": True, "broken": [], "evidence": {**told, "started_again": True}}


def _stopping(aws: Aws, instance: str) -> str:
    state = "running"
    for pause in backoff(total=PATIENCE_S, longest=5.0):
        found = aws.call("ec2", "describe_instances", InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        state = str(found["State"]["Name"])
        if state != "running":
            break
        aws.say(f"{instance} is {state}, waiting for the stop")
        time.sleep(pause)
    return state


def _wait(aws: Aws, want: Any, seen: dict[str, Any], ids: dict[str, Any], state: str) -> None:
    wait.instance_state(aws, want, seen, Call("wait", "instance_state"), {**ids, "State": state})


def _do(aws: Aws, want: Any, seen: dict[str, Any], call: Call) -> None:
    act.HANDLERS.get((call.service, call.operation), act.plain)(aws, want, seen, call, dict(call.params))


def _elsewhere(aws: Aws, want: Any) -> list[str]:
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
