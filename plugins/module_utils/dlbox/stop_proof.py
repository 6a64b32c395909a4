"""Proves the stop: the whole chain looked over, then a stop a minute ahead with the same role and target, and the box started again.

Not in the loop of converge: it changes nothing that stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from . import launch_refused, plan_schedule, stop_form, wait
from .aws import Aws
from .change import Call, Change
from .converge import complete
from .errors import AwsError, DlboxError, Refused
from .names import LIVE
from .observe_gpu import regions
from .retry import backoff

SPEC = {key: option for key, option in plan_schedule.SPEC.items() if key not in ("state", "snooze", "observed")}
# The name of the one-time schedule; a run that is killed leaves it, and it deletes itself after it fired.
NAME = "prove"
# EventBridge Scheduler is exact to a minute, and stopping takes an instance a while.
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
    broken = reasons(changes, _elsewhere(aws, want) if lacks_schedule(changes) else [])
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
    return found + [f"there is one in {region}, but a schedule stops nothing of another region" for region in elsewhere]


def lacks_schedule(changes: list[Change]) -> bool:
    """Whether the stop is missing altogether, which may be because it was made in another region."""
    return any(change.verb == "create" and change.thing.startswith("schedule ") for change in changes)


def evidence(want: Any, seen: dict[str, Any], box: dict[str, Any]) -> dict[str, Any]:
    """What was looked at, for the record."""
    return {
        "looked_at": seen["account"]["now"],
        "account": seen["account"]["account"],
        "region": want.scope.region,
        "instance_id": box["InstanceId"],
        "schedules": {name: stop_form.view(one, seen["account"]["now"]) for name, one in seen["schedules"].items()},
        "role": seen["stop_role"],
        "role_may": seen["stop_policy"],
    }


def ahead(now: datetime) -> datetime:
    """The full minute at which the proof stops the box: 30 to 90 seconds from now."""
    return (now + timedelta(seconds=90)).replace(second=0, microsecond=0)


def prove(aws: Aws, want: Any, seen: dict[str, Any], box: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Stop the box as every evening, but a minute ahead, and start it again; the evidence tells each moment."""
    moment = ahead(datetime.fromisoformat(seen["account"]["now"]))
    form = stop_form.once(want, seen, box["InstanceId"], moment)
    where = {"Name": NAME, "GroupName": want.scope.prefix}
    told = {**told, "planned_for": moment.isoformat()}
    try:
        aws.until_propagated("scheduler", "create_schedule", **where, **form)
        aws.say(f"a one-time schedule with the same role and target stops {box['InstanceId']} at {moment:%H:%M} UTC")
        state = _stopping(aws, box["InstanceId"])
    finally:
        _drop(aws, where)
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


def _drop(aws: Aws, where: dict[str, str]) -> None:
    try:
        aws.call("scheduler", "delete_schedule", **where)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise


def _elsewhere(aws: Aws, want: Any) -> list[str]:
    """Other regions of the account that hold the box's schedule."""

    def holds(region: str) -> bool:
        try:
            return bool(aws.call("scheduler", "get_schedule", region=region, Name="stop", GroupName=want.scope.prefix))
        except DlboxError:
            return False

    others = [region for region, enabled in regions(aws).items() if enabled and region != want.scope.region]
    return [
        one for one, found in zip(others, aws.together([partial(holds, one) for one in others]), strict=True) if found
    ]
