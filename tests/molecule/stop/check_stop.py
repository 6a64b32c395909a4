"""Nights of a box: a real machine, stopped by what was set up in AWS, with the clock moved. In this order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
AWS, REGION = "http://127.0.0.1:4583", "us-west-2"
STATE = Path(os.environ["DLBOX_REHEARSAL"])
BACKENDS = ["scheduler", "lambda"]
# EventBridge Scheduler knows zones itself: a night at home and one across a change show that it is told the right one.
BOTH = ("no daylight saving", "daylight saving begins")
# Zone, what comes to pass that day, the moment a minute before the stop at 20:00, which the day's own offset decides.
NIGHTS = [
    ("Asia/Shanghai", "no daylight saving", "2027-01-05T11:59:00+00:00"),
    ("America/New_York", "daylight saving begins", "2027-03-14T23:59:00+00:00"),
    ("Australia/Lord_Howe", "half an hour back", "2027-04-04T09:29:00+00:00"),
    ("Australia/Lord_Howe", "half an hour ahead", "2027-10-03T08:59:00+00:00"),
    ("America/New_York", "daylight saving ends", "2027-11-08T00:59:00+00:00"),
]


def clock(moment: datetime) -> None:
    """Move the rehearsal's clock, and wait until whatever became due has fired."""
    body = json.dumps({"now": moment.isoformat()}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{AWS}/dlbox/clock", body, method="POST")).close()
    until(lambda: datetime.fromisoformat((STATE / "clock.passed").read_text()) >= moment, "the firing")


def until(true: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.2)


def play(name: str, check: bool = True, **settings: Any) -> str:
    """Run a playbook as a user does; what it printed, in one line and without colours."""
    command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / name), "-i", str(HERE / "inventory")]
    env = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run([*command, "-e", json.dumps(settings)], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is check, done.stdout + done.stderr
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).split())


def box() -> dict[str, Any]:
    """The box's instance."""
    tagged = [{"Name": "tag:dlbox:box", "Values": ["nightly"]}]
    found = boto3.client("ec2", region_name=REGION).describe_instances(Filters=tagged)["Reservations"]
    (one,) = [item for reservation in found for item in reservation["Instances"]]
    return dict(one)


def is_on(up: bool = True) -> bool:
    """Whether both AWS and the machine itself are on, or both off."""
    name = f"dlbox-machine-{box()['InstanceId']}"
    ask = ["podman", "inspect", "--format", "{{.State.Running}}", name]
    machine = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    return (box()["State"]["Name"], machine) == (("running", "true") if up else ("stopped", "false"))


def start() -> None:
    """Have the machine on."""
    boto3.client("ec2", region_name=REGION).start_instances(InstanceIds=[box()["InstanceId"]])
    until(is_on, "the start")


def backends() -> list[str]:
    """Which of the two there is on AWS."""
    groups = boto3.client("scheduler", region_name=REGION).list_schedule_groups(NamePrefix="dlbox-")["ScheduleGroups"]
    functions = boto3.client("lambda", region_name=REGION).list_functions()["Functions"]
    return [name for name, found in zip(BACKENDS, (groups, functions), strict=True) if found]


def fired(since: datetime) -> list[tuple[str, str]]:
    """(moment, result) of everything that fired after a moment."""
    lines = [json.loads(line) for line in (STATE / "firings.jsonl").read_text().splitlines()]
    return [(line["at"], line["result"]) for line in lines if datetime.fromisoformat(line["at"]) > since]


@pytest.mark.parametrize(
    ("zone", "day", "before", "backend"),
    [(*night, backend) for night in NIGHTS for backend in BACKENDS if backend == "lambda" or night[1] in BOTH],
)
def test_it_stops_at_eight_on_the_clock_of_its_zone(zone: str, day: str, before: str, backend: str) -> None:
    moment = datetime.fromisoformat(before)
    # Well before either offset's eight o'clock.
    clock(moment - timedelta(hours=2))
    until(lambda: is_on(False) or is_on(), "the stops that the jump passed")
    start()
    play("playbooks/provision.yml", box_timezone=zone, box_stop_backend=backend)
    clock(moment)
    assert is_on()
    clock(moment + timedelta(minutes=1, seconds=10))
    until(lambda: is_on(False), "the stop")
    assert backends() == [backend]
    clock(moment + timedelta(hours=2))
    results = [result for at, result in fired(moment)]
    assert "denied" not in results
    assert "failed" not in results


def test_it_sleeps_through_a_snoozed_night_and_stops_at_its_end() -> None:
    clock(datetime.fromisoformat("2027-12-01T18:00:00+08:00"))
    start()
    play("playbooks/provision.yml")
    said = play("playbooks/snooze.yml", snooze="23:30")
    assert "stops Wed 2027-12-01 23:30 Asia/Shanghai = 2027-12-01T15:30:00Z skipped until then, as you asked" in said
    clock(datetime.fromisoformat("2027-12-01T23:29:00+08:00"))
    assert is_on()
    clock(datetime.fromisoformat("2027-12-01T23:30:30+08:00"))
    until(lambda: is_on(False), "the stop at the snooze's end")
    start()
    clock(datetime.fromisoformat("2027-12-02T20:00:30+08:00"))
    until(lambda: is_on(False), "the next day's stop")
    assert "changed=0" in play("playbooks/provision.yml", box_state="stopped")


def test_a_stopped_box_that_will_start_by_itself_says_so() -> None:
    play("playbooks/provision.yml", box_state="stopped", box_start_time="08:00")
    said = play("playbooks/receipt.yml")
    assert "starts Fri 2027-12-03 08:00 Asia/Shanghai = 2027-12-03T00:00:00Z by itself, and bills from then on" in said
    assert said.count("2027-12-03 08:00") == 1
    play("playbooks/provision.yml", box_state="stopped")
    assert "by itself, and bills" not in play("playbooks/receipt.yml")


def test_after_today_s_stop_the_receipt_says_until_when_it_runs() -> None:
    clock(datetime.fromisoformat("2027-12-03T21:00:00+08:00"))
    start()
    said = play("playbooks/receipt.yml")
    assert "stops Sat 2027-12-04 20:00 Asia/Shanghai" in said
    assert (
        "no stop is left today, so it runs until then; to stop it now: ansible-playbook playbooks/stop.yml --limit nightly"
        in said
    )


@pytest.mark.parametrize("backend", BACKENDS[::-1])
def test_the_stop_is_proved_by_force_and_a_box_that_does_not_say_is_left_alone(backend: str) -> None:
    play("playbooks/provision.yml", box_stop_backend=backend)
    said = play("playbooks/prove_stop.yml", check=False, box_stop_backend=backend)
    assert "nightly did not say whether it is in use: save your work and add -e force=yes" in said
    ended = threading.Event()

    def hurry() -> None:
        # The minute until it fires, a little faster.
        while not ended.wait(5):
            body = json.dumps({"advance_s": 30}).encode()
            urllib.request.urlopen(urllib.request.Request(f"{AWS}/dlbox/clock", body, method="POST")).close()

    thread = threading.Thread(target=hurry)
    thread.start()
    try:
        said = play("playbooks/prove_stop.yml", force=True, box_stop_backend=backend)
    finally:
        ended.set()
        thread.join()
    assert "nightly was stopped by the same role and target as every evening, and runs again" in said
    until(is_on, "the start after the proof")
    kept = json.loads((ROOT / ".dlbox/000000000000/us-west-2/nightly/prove_stop.json").read_text())
    assert (kept["proved"], kept["instance_id"]) == (True, box()["InstanceId"])
    assert kept["planned_for"] <= kept["stopped_at"] < kept["started_at"]


def test_a_box_that_powers_itself_off_meanwhile_proves_nothing() -> None:
    play("playbooks/provision.yml")
    scheduler, group = boto3.client("scheduler", region_name=REGION), "dlbox-us-west-2-nightly"

    def power_off() -> None:
        until(lambda: "prove" in [one["Name"] for one in scheduler.list_schedules(GroupName=group)["Schedules"]], "it")
        name = f"dlbox-machine-{box()['InstanceId']}"
        subprocess.run(["podman", "exec", name, "systemctl", "poweroff"], capture_output=True, check=False)

    thread = threading.Thread(target=power_off)
    thread.start()
    said = play("playbooks/prove_stop.yml", check=False, force=True)
    thread.join()
    assert "so nothing is proved: it powered itself off" in said
    until(lambda: is_on(False), "the power-off")
    start()


def test_a_stop_that_did_not_come_is_told_and_its_cause_named() -> None:
    iam = boto3.client("iam")
    role = "dlbox-us-west-2-nightly-stop"
    iam.delete_role_policy(RoleName=role, PolicyName="stop")
    clock(datetime.fromisoformat("2027-12-04T21:00:00+08:00"))
    assert is_on()
    assert "MISSED it should have stopped Sat 2027-12-04 20:00 Asia/Shanghai and did not" in play(
        "playbooks/receipt.yml"
    )
    said = play("playbooks/prove_stop.yml", check=False, force=True)
    assert f"policy stop of role {role}: the role has no policy of this name" in said
    play("playbooks/provision.yml")
