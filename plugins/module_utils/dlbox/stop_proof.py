"""Proves the stop: the whole chain looked over, then a stop a minute ahead with the same role and target, and the box started again.

Not in the loop of converge: it changes nothing that stays.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from . import (
    act,
    function_runs,
    in_use,
    launch_refused,
    observe,
    observe_proof,
    plan_schedule,
    stop_cause,
    stop_chain,
    stop_once,
    wait,
)
from .aws import Aws
from .change import Call
from .converge import complete
from .errors import DlboxError, Refused, StateMoved
from .retry import backoff

SPEC = {key: option for key, option in plan_schedule.SPEC.items() if key not in ("state", "snooze", "observed")} | {
    "idle": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
}
# The function's runs that are kept as evidence: how far back, and how many at most.
RUNS_SINCE, RUNS = timedelta(days=8), 5


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """{"proved": bool, "broken": [sentence], "evidence": {...}}; check mode looks the chain over and stops nothing."""
    want = plan_schedule.want({**params, "state": "present", "snooze": "", "observed": {}})
    aws = Aws(want.scope.region, want.scope.profile, say)
    seen: dict[str, Any] = {}
    complete(aws, plan_schedule, want, seen)
    box = next(iter(seen["instances"]), None)
    if box is None:
        raise Refused(
            f"{want.scope.box} does not exist, so there is nothing to stop: `ansible-playbook site.yml` makes it"
        )
    seen["shutdown_behavior"] = observe.PARTS["shutdown_behavior"](aws, want, seen)
    changes = plan_schedule.plan(want, seen)
    others = observe_proof.elsewhere(aws, want) if stop_chain.missing(changes) else []
    broken = stop_chain.reasons(changes, seen["shutdown_behavior"], others)
    told = stop_chain.evidence(want, seen, box)
    if want.backend == "lambda":
        told["last_runs"] = observe_proof.runs(aws, want, _now(seen) - RUNS_SINCE)[-RUNS:]
    if broken or check:
        return {"changed": False, "proved": False, "broken": broken, "evidence": told}
    if box["State"] != "running":
        raise Refused(
            f"{want.scope.box} is {box['State']}, so a stop would prove nothing: start it with playbooks/start.yml first"
        )
    if not params["force"] and (left_alone := in_use.refusal(want.scope.box, params["idle"])):
        raise Refused(left_alone)
    return {"changed": True, **prove(aws, want, seen, box, told)}


def prove(aws: Aws, want: Any, seen: dict[str, Any], box: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Stop the box as every evening, but a minute ahead, and start it again; the evidence tells each moment."""
    # Looking over took its time.
    seen = {**seen, "account": observe.PARTS["account"](aws, want, seen)}
    name, ident, moment = want.scope.box, box["InstanceId"], stop_once.moment(want, _now(seen))
    stop_once.check_free(want, seen, moment)
    told = {**told, "planned_for": moment.isoformat(), "started_again": False}
    _clear(aws, want, seen)
    try:
        for call in stop_once.set_up(want, seen, ident, moment):
            _do(aws, want, seen, call)
        aws.say(f"the same role and target stop {ident} at {moment:%H:%M} UTC")
        state = _left_running(aws, ident, moment - _now(seen) + stop_once.PATIENCE)
    finally:
        _clear(aws, want, seen)
    if state == "running":
        log = function_runs.words(observe_proof.runs(aws, want, moment)) if want.backend == "lambda" else ""
        said = stop_cause.never_came(ident, moment, log)
        return {"proved": False, "broken": [said], "evidence": {**told, "state": state}}
    noticed = _clock(aws, want, seen)
    if state not in wait.DEAD:
        _wait(aws, want, seen, ident, "stopped")
    instance = observe_proof.instance(aws, ident)
    told = {**told, **stop_cause.cause(instance, noticed), "state": instance["State"]["Name"]}
    if why := stop_cause.unplanned(told, told["state"], moment):
        said = f"{name} did not stop as planned for {moment:%H:%M} UTC, so nothing is proved: {why}; start it with playbooks/start.yml and run this again"
        return {"proved": False, "broken": [said], "evidence": told}
    return {"proved": True, **_start_again(aws, want, seen, ident, told)}


def _start_again(aws: Aws, want: Any, seen: dict[str, Any], ident: str, told: dict[str, Any]) -> dict[str, Any]:
    name = want.scope.box
    if due := stop_once.overtaken(want, seen, _clock(aws, want, seen)):
        said = f"{name} stopped as planned and stays so, because meanwhile its stop of {due} fell due: playbooks/start.yml starts it"
        return {"broken": [said], "evidence": told}
    try:
        call = Call("ec2", "start_instances", {"InstanceIds": [ident]})
        launch_refused.start_instances(aws, want, seen, call, dict(call.params))
        running = _wait(aws, want, seen, ident, "running")
    except DlboxError as error:
        said = f"{name} stopped as planned, but does not start again ({error}): playbooks/start.yml tries once more"
        return {"broken": [said], "evidence": told}
    again = {"started_again": True, "started_at": running["LaunchTime"], "state": running["State"]}
    return {"broken": [], "evidence": {**told, **again}}


def _now(seen: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(seen["account"]["now"])


def _clock(aws: Aws, want: Any, seen: dict[str, Any]) -> datetime:
    return _now({"account": observe.PARTS["account"](aws, want, seen)})


def _clear(aws: Aws, want: Any, seen: dict[str, Any]) -> None:
    for call in stop_once.take_away(want):
        with contextlib.suppress(StateMoved):
            _do(aws, want, seen, call)


def _left_running(aws: Aws, instance: str, patience: timedelta) -> str:
    """The first state other than running, or that one when patience ends."""
    state = "running"
    for pause in backoff(total=patience.total_seconds(), longest=5.0):
        state = str(observe_proof.instance(aws, instance)["State"]["Name"])
        if state != "running":
            break
        aws.say(f"{instance} is {state}, waiting for the stop")
        time.sleep(pause)
    return state


def _wait(aws: Aws, want: Any, seen: dict[str, Any], instance: str, state: str) -> dict[str, Any]:
    call = Call("wait", "instance_state", {"InstanceIds": [instance], "State": state})
    return dict(wait.instance_state(aws, want, seen, call, dict(call.params))["Instance"])


def _do(aws: Aws, want: Any, seen: dict[str, Any], call: Call) -> None:
    act.HANDLERS.get((call.service, call.operation), act.plain)(aws, want, seen, call, dict(call.params))
