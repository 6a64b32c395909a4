"""What the proof of the stop decides: what counts, when it may begin, whom it leaves alone, what is broken."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from dlbox import function_runs, in_use, plan_schedule, stop_cause, stop_chain, stop_once
from dlbox.change import Change
from dlbox.errors import Refused
from unit.facts import is_sentence
from unit.test_plan_schedule import SCHEDULE, STANDING

MOMENT = datetime.fromisoformat("2026-11-22T11:00:00+00:00")
NOTICED = MOMENT + timedelta(seconds=9)
ASKED = "Client.UserInitiatedShutdown"
BEFORE, AFTER = "User initiated (2026-11-22 10:59:59 GMT)", "User initiated (2026-11-22 11:00:00 GMT)"


@pytest.mark.parametrize(
    ("code", "when", "state", "why"),
    [
        (ASKED, AFTER, "stopped", ""),
        (ASKED, AFTER, "stopping", ""),
        (ASKED, BEFORE, "stopped", "somebody or something else stopped it at 10:59:59 UTC"),
        (ASKED, "", "stopped", ""),
        ("Client.InstanceInitiatedShutdown", "User initiated", "stopped", "it powered itself off at 11:00:09 UTC (Client.InstanceInitiatedShutdown)"),
        ("Server.SpotInstanceShutdown", "Service initiated (2026-11-22 11:00:03 GMT)", "stopped", "AWS took its Spot capacity back at 11:00:03 UTC (Server.SpotInstanceShutdown)"),
        ("Server.ScheduledStop", "", "stopped", "AWS retires its hardware at 11:00:09 UTC (Server.ScheduledStop)"),
        ("Server.New", "", "stopped", "something else stopped it at 11:00:09 UTC (Server.New)"),
        (None, "", "stopped", "something else stopped it at 11:00:09 UTC (EC2 does not say why)"),
        (ASKED, AFTER, "terminated", "it is terminated since 11:00:00 UTC (Client.UserInitiatedShutdown)"),
    ],
)  # fmt: skip
def test_only_a_stop_that_was_asked_for_at_that_minute_or_later_is_the_planned_one(
    code: str | None, when: str, state: str, why: str
) -> None:
    instance = {"StateTransitionReason": when} | ({"StateReason": {"Code": code}} if code else {})
    assert stop_cause.unplanned(stop_cause.cause(instance, NOTICED), state, MOMENT) == why


def test_without_a_time_of_ec2_s_a_stop_that_was_noticed_before_its_minute_is_another() -> None:
    told = stop_cause.cause({"StateReason": {"Code": ASKED}}, MOMENT - timedelta(seconds=1))
    assert stop_cause.unplanned(told, "stopping", MOMENT) == "somebody or something else stopped it at 10:59:59 UTC"


def said(kind: str, reason: str = "", left: float | None = None, kept: float = 0.0) -> str:
    """What `dlbox idle --json` prints, as far as it is read."""
    return json.dumps({"verdict": {"kind": kind, "reason": reason, "left": left, "warn": False}, "kept": kept})


UNSAID = "lab did not say whether it is in use: save your work and add -e force=yes"
SOON = "lab is about to power itself off, because nobody uses it, and that would prove nothing: run `dlbox keep 30m` on it, and add -e force=yes"


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (said("idle", "nothing is in use", 3000.0), ""),
        (said("idle", "nothing is in use", 300.0), ""),
        (said("idle", "nothing is in use", 299.0), SOON),
        (said("stop", "nothing is in use", 0.0), SOON),
        (said("busy", "in use: gpu (72 %), load (3.10 on 4 cores)"), "lab is in use (gpu (72 %), load (3.10 on 4 cores)): save your work and add -e force=yes"),
        (said("held", "cannot be read, which counts as use for now: gpu (no answer)", 9000.0), "lab may be in use, as some of its signals cannot be read (gpu (no answer)): save your work and add -e force=yes"),
        (said("idle", "nothing is in use", 3000.0, kept=60.0), "lab is to be kept up, as `dlbox keep` asked: save your work and add -e force=yes"),
        (said("stop", "nothing is in use", 0.0, kept=60.0), "lab is to be kept up, as `dlbox keep` asked: save your work and add -e force=yes"),
        (json.dumps({"verdict": None, "kept": 0.0}), UNSAID),
        ("", UNSAID),
        ("no JSON", UNSAID),
        ("[]", UNSAID),
    ],
    ids=["idle", "idle, just long enough", "off in five minutes", "powering off", "busy", "signals unread", "kept", "kept in time", "looked long ago", "silent", "no JSON", "a list"],
)  # fmt: skip
def test_a_box_in_use_and_one_that_powers_itself_off_are_left_alone(answer: str, refusal: str) -> None:
    assert in_use.refusal("lab", answer) == refusal
    assert not refusal or is_sentence(refusal)


def at(now: str, snoozed: str = "", **asked: Any) -> tuple[Any, dict[str, Any]]:
    """What is wanted, and a picture at a time in Shanghai; the stop is at 20:00. `snoozed` is the UTC end of a snooze."""
    marked = {"StartDate": f"2026-11-22T{snoozed}:00+00:00", "Description": "snoozed by dlbox"} if snoozed else {}
    account = STANDING["account"] | {"now": f"2026-11-22T{now}:00+08:00"}
    want = plan_schedule.want({"box": "lab", "region": "us-west-2", **asked})
    return want, STANDING | {"account": account, "schedules": {"stop": SCHEDULE | marked}}


@pytest.mark.parametrize(
    ("now", "snoozed", "asked", "soon"),
    [
        ("19:40", "", {}, ""),
        ("19:44", "", {}, "stop of Sun 2026-11-22 20:00"),
        ("19:57", "", {}, "stop of Sun 2026-11-22 20:00"),
        ("20:01", "", {}, ""),
        # A snooze ends one minute after the start date that marks it.
        ("19:57", "15:29", {}, ""),
        ("23:27", "15:29", {}, "stop of Sun 2026-11-22 23:30"),
        ("07:50", "", {"start_time": "08:00", "start_days": "daily"}, "start of Sun 2026-11-22 08:00"),
    ],
    ids=["in time", "a slow stop would come too late", "too late", "just after it", "the stop is skipped", "the snooze's end", "a start"],
)  # fmt: skip
def test_it_begins_only_where_the_timetable_as_snoozed_leaves_it_the_time(
    now: str, snoozed: str, asked: dict[str, Any], soon: str
) -> None:
    want, seen = at(now, snoozed, **asked)
    moment = stop_once.moment(want, datetime.fromisoformat(seen["account"]["now"]))
    if not soon:
        return stop_once.check_free(want, seen, moment)
    with pytest.raises(Refused, match=f"the regular {soon} Asia/Shanghai comes too soon"):
        stop_once.check_free(want, seen, moment)


@pytest.mark.parametrize(
    ("now", "snoozed", "due"),
    [
        ("19:59", "", ""),
        ("20:00", "", "Sun 2026-11-22 20:00 Asia/Shanghai"),
        ("20:00", "15:29", ""),
        ("23:30", "15:29", "Sun 2026-11-22 23:30 Asia/Shanghai"),
    ],
)
def test_a_stop_that_fell_due_meanwhile_is_not_undone(now: str, snoozed: str, due: str) -> None:
    want, seen = at("19:30", snoozed)
    assert stop_once.overtaken(want, seen, datetime.fromisoformat(f"2026-11-22T{now}:00+08:00")) == due


def change(verb: str, thing: str) -> Change:
    return Change(verb, thing, "why")


P = "dlbox-us-west-2-lab"


@pytest.mark.parametrize(
    ("one", "broken"),
    [
        (change("update", f"schedule {P}/stop"), True),
        (change("delete", f"schedule {P}/stop-once"), False),
        (change("delete", f"schedule {P}/start-2"), True),
        (change("delete", f"rule {P}-at-221515"), False),
        (change("delete", f"permission {P}-at-221515 of function {P}-stop"), False),
        (change("delete", f"permission {P}-at-prove of function {P}-stop"), False),
        (change("create", f"permission {P}-at-1200 of function {P}-stop"), True),
        (change("update", f"targets of rule {P}-at-1200"), True),
        (change("tag", f"function {P}-stop"), False),
        (change("create", f"log group /aws/lambda/{P}-stop"), False),
        (change("tag", f"log group /aws/lambda/{P}-stop"), False),
        (change("delete", f"function {P}-stop"), True),
        (change("delete", f"role {P}-function"), False),
        (change("await", f"schedule group {P}"), False),
        (change("create", f"role {P}-stop"), True),
    ],
    ids=lambda value: f"{value.verb} {value.thing}" if isinstance(value, Change) else str(value),
)
def test_broken_is_what_could_keep_a_stop_from_coming_or_undo_it(one: Change, broken: bool) -> None:
    assert stop_chain.reasons([one], "stop", []) == ([f"{one.thing}: why"] if broken else [])


def test_a_power_off_that_deletes_the_disk_is_broken() -> None:
    (reason,) = stop_chain.reasons([], "terminate", [])
    assert reason.startswith("shutdown behaviour of the instance: it is terminate")


def event(message: str, minute: int = 0) -> dict[str, Any]:
    return {"timestamp": int((MOMENT + timedelta(minutes=minute)).timestamp() * 1000), "message": message}


def test_the_functions_log_tells_its_runs() -> None:
    line = {"event": "2026-11-22T11:00:00Z", "why": "it is Sun", "did": "stop", "instance": "i-1", "outcome": "asked"}
    log = [
        event("START RequestId: 1 Version: $LATEST\n"),
        event(json.dumps({"event": None, "why": "nothing is due", "did": "nothing"}) + "\n"),
        event(json.dumps(line) + "\n", 1),
        event('{"other": "JSON"}'),
        event("2026-11-22T11:02:00Z 1 Task timed out after 60.00 seconds\n", 2),
    ]
    found = function_runs.runs(log)
    assert [(one["at"], one["did"], one["outcome"]) for one in found] == [
        ("2026-11-22T11:00:00+00:00", "nothing", ""),
        ("2026-11-22T11:01:00+00:00", "stop", "asked"),
        ("2026-11-22T11:02:00+00:00", "failed", ""),
    ]
    assert function_runs.words(found).endswith("failed, 2026-11-22T11:02:00Z 1 Task timed out after 60.00 seconds")
    assert function_runs.words(found[:2]) == "the function's log says: stop, asked"
    assert "nothing woke it" in function_runs.words([])


def test_the_function_is_told_the_moment_of_the_proof() -> None:
    want, seen = at("12:00", backend="lambda")
    calls = stop_once.set_up(want, seen, "i-1", MOMENT)
    (aim,) = next(call.params["Targets"] for call in calls if call.operation == "put_targets")
    assert json.loads(aim["Input"]) == {"prove": "2026-11-22T11:00:00+00:00"}
