"""Proves the stop: the whole chain looked over, then a stop a minute ahead with the same role and target, and the box started again.

Not in the loop of converge: it changes nothing that stays.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from . import act, launch_refused, observe, plan_schedule, stop_chain, stop_once, timetable, wait
from .aws import Aws
from .change import Call
from .converge import complete
from .errors import DlboxError, Refused, StateMoved
from .names import LIVE
from .retry import backoff

SPEC = {key: option for key, option in plan_schedule.SPEC.items() if key not in ("state", "snooze", "observed")}
# Beyond the planned minute: EventBridge is exact to one, and AWS may be slow.
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
    broken = stop_chain.reasons(changes, stop_chain.elsewhere(aws, want) if stop_chain.missing(changes) else [])
    told = stop_chain.evidence(want, seen, box)
    if broken or check:
        return {"changed": False, "proved": False, "broken": broken, "evidence": told}
    if box["State"] != "running":
        raise Refused(
            f"{want.scope.box} is {box['State']}, so a stop would prove nothing: start it with playbooks/start.yml first"
        )
    return {"changed": True, **prove(aws, want, seen, box, told)}


def check_free(want: Any, now: datetime, until: datetime) -> None:
    """Refuse where the timetable itself acts meanwhile: one could not tell the two, and the start would undo the real stop."""
    moment, verb = next(timetable.firings(want.table, now))
    if moment < until:
        shown = timetable.told(moment, want.table.zone)["local"]
        raise Refused(f"the regular {verb} of {shown} comes too soon to prove anything: run this again after it")


def prove(aws: Aws, want: Any, seen: dict[str, Any], box: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Stop the box as every evening, but a minute ahead, and start it again; the evidence tells each moment."""
    # Looking over took its time.
    seen = {**seen, "account": observe.PARTS["account"](aws, want, seen)}
    now = datetime.fromisoformat(seen["account"]["now"])
    moment = stop_once.moment(want, now)
    patience = (moment - now).total_seconds() + PATIENCE_S
    check_free(want, now, now + timedelta(seconds=patience))
    told = {**told, "planned_for": moment.isoformat()}
    _clear(aws, want, seen)
    try:
        for call in stop_once.set_up(want, seen, box["InstanceId"], moment):
            _do(aws, want, seen, call)
        aws.say(f"the same role and target stop {box['InstanceId']} at {moment:%H:%M} UTC")
        state = _stopping(aws, box["InstanceId"], patience)
    finally:
        _clear(aws, want, seen)
    if state not in ("stopping", "stopped"):
        said = (
            f"every part of the chain is as it should be, and yet AWS did not stop {box['InstanceId']} at {moment:%H:%M} UTC: look in "
            "CloudTrail for StopInstances, where a permission boundary or an organization's policy shows; until then stop it by hand"
        )
        return {"proved": False, "broken": [said], "evidence": {**told, "state": state}}
    ids = {"InstanceIds": [box["InstanceId"]]}
    _wait(aws, want, seen, ids, "stopped")
    try:
        launch_refused.start_instances(aws, want, seen, Call("ec2", "start_instances"), ids)
        _wait(aws, want, seen, ids, "running")
    except DlboxError as error:
        said = f"{want.scope.box} stopped as planned, but does not start again ({error}): playbooks/start.yml tries once more"
        return {"proved": True, "broken": [said], "evidence": {**told, "stopped": True, "started_again": False}}
    return {"proved": True, "broken": [], "evidence": {**told, "stopped": True, "started_again": True}}


def _clear(aws: Aws, want: Any, seen: dict[str, Any]) -> None:
    for call in stop_once.take_away(want):
        with contextlib.suppress(StateMoved):
            _do(aws, want, seen, call)


def _stopping(aws: Aws, instance: str, patience: float) -> str:
    state = "running"
    for pause in backoff(total=patience, longest=5.0):
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
