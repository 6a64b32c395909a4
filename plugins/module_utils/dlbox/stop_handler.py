"""The function that stops and starts the box: runs on AWS Lambda, woken by rules in UTC, and acts where local time is due.

Its own file is what is shipped, so it imports only the standard library, and boto3 (which Lambda has) where it acts.
Each decision is one line of JSON in the log.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

# A retry that comes later could stop the next working day.
LATEST = timedelta(minutes=15)
# By then the proof has not given its stop up yet; Lambda repeats a failed run for longer.
LATEST_PROOF = timedelta(minutes=4)
# An instance that is no more. One in the wrong state may be pending, so that is a failure, which Lambda repeats.
GONE = ("InvalidInstanceID.NotFound",)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what is due at the event's time; {"prove": moment} is a stop at once. Raises where an instance could not be reached."""
    config = json.loads(os.environ["DLBOX"])
    zone_file = Path(__file__).with_name("zones") / config["zone"]
    with zone_file.open("rb") as data:
        zone = ZoneInfo.from_file(data, key=config["zone"])
    verbs, why = decide(config, event, zone, datetime.fromtimestamp(time.time(), UTC))
    told = {"event": event.get("time"), "why": why}
    if not verbs:
        print(json.dumps({**told, "did": "nothing"}))
    failed = [problem for verb in verbs for problem in act(verb, config["instances"], told, _ec2())]
    if failed:
        raise RuntimeError("; ".join(failed))
    return {"did": verbs, "why": why}


def decide(config: dict[str, Any], event: dict[str, Any], zone: tzinfo, now: datetime) -> tuple[list[str], str]:
    """(verbs, why) for an event as EventBridge sends it, at a moment of Lambda's clock."""
    proof = "prove" in event
    try:
        fired = datetime.fromisoformat(event["prove" if proof else "time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return [], "the event has no time, so it is not from a rule"
    # EventBridge fires at any second of the minute.
    moment = fired.replace(second=0, microsecond=0)
    local = f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} {config['zone']}"
    if now - fired > (LATEST_PROOF if proof else LATEST):
        return [], f"it comes {(now - fired) // timedelta(minutes=1)} minutes after {local}, too late"
    if proof:
        return ["stop"], "to prove that it stops"
    verbs = due(config, moment, zone)
    if not verbs and "stop" in _meant(config, moment, zone):
        return [], f"the stop of {local} is skipped until {config['until']}"
    return verbs, f"it is {local}" if verbs else f"nothing is due at {local}"


def due(config: dict[str, Any], moment: datetime, zone: tzinfo) -> list[str]:
    """The verbs that are due at a moment, a full minute in UTC: stops before the end of a snooze are not, the one at its end is.

    config: {"zone": "Area/City", "lines": [["stop", "20:00", [1, 7]], …] with ISO weekdays, "until": None or a moment in UTC}.
    """
    until = datetime.fromisoformat(config["until"]) if config["until"] else None
    verbs = [verb for verb in _meant(config, moment, zone) if verb != "stop" or until is None or moment >= until]
    return verbs if moment != until or "stop" in verbs else [*verbs, "stop"]


def _meant(config: dict[str, Any], moment: datetime, zone: tzinfo) -> list[str]:
    """The verbs of the lines that meet a moment: in a repeated hour the first time, inside a gap as much later as the gap is long."""
    today = moment.astimezone(zone).date()
    verbs = []
    for verb, at, days in config["lines"]:
        # The day before, where a gap pushes a time past midnight.
        for day in (today, today - timedelta(days=1)):
            wall = datetime.combine(day, clock_time.fromisoformat(at), zone)
            if day.isoweekday() in days and wall.astimezone(UTC) == moment:
                verbs.append(verb)
    return list(dict.fromkeys(verbs))


def act(verb: str, instances: list[str], told: dict[str, Any], ec2: Any) -> list[str]:
    """Stop or start each instance by a call of its own; tells the failures, for one must not keep another from stopping."""
    calls: dict[str, Callable[..., Any]] = {"stop": ec2.stop_instances, "start": ec2.start_instances}
    failed = []
    for instance in instances:
        try:
            calls[verb](InstanceIds=[instance])
            outcome = "asked"
        except Exception as error:  # whatever it is, the next instance still has its turn
            code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
            outcome = f"{code}: {error}"
            failed += [] if code in GONE else [f"{verb} {instance}: {outcome}"]
        print(json.dumps({**told, "did": verb, "instance": instance, "outcome": outcome}))
    return failed


def _ec2() -> Any:
    import boto3

    return boto3.client("ec2")
