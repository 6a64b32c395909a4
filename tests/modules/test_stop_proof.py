"""The proof of the stop against the rehearsal: a real one, and what it says of each break of the chain."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dlbox import stop_proof, stop_wakes, wait
from dlbox.retry import backoff
from rehearsal.cloud import Cloud
from rehearsal.firing import Firing
from rehearsal.targets import Targets
from rehearsal.testing import REGION, Server
from rehearsal_contract.test_functions import ECHO, packed

from .conftest import Module
from .in_process import in_process
from .test_function import FUNCTION, RULE
from .test_function import ROLE as FUNCTION_ROLE
from .test_schedule import GROUP, ROLE, change, delete_role, launch, trust_without_condition


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process, far from the regular stop whenever the tests run."""
    aws_server.post("clock", {"now": "2027-01-05T12:00:00+08:00"})
    return in_process(aws_server, monkeypatch)


def until_state(server: Server, instance: str, wanted: str) -> None:
    """Until an instance is in a state; botocore's waiter looks every 15 seconds unless told otherwise."""
    often = {"Delay": 0.1, "MaxAttempts": 300}
    server.client("ec2").get_waiter(f"instance_{wanted}").wait(InstanceIds=[instance], WaiterConfig=often)


@pytest.fixture
def box(here: Module, aws_server: Server) -> str:
    """A box that stops as by default; its instance."""
    instance = launch(aws_server)
    here("dlbox_schedule")
    until_state(aws_server, instance, "running")
    aws_server.forget_calls()
    return instance


@pytest.fixture
def firing(aws_server: Server, tmp_path: Path) -> Iterator[Path]:
    """EventBridge Scheduler: the clock jumps to whatever is due within five minutes, which fires, with its role; its record."""
    ended, record = threading.Event(), tmp_path / "firings.jsonl"
    cloud = Cloud(aws_server.url)
    scheduler = Firing(cloud, Targets(cloud, record))

    def fire() -> None:
        while not ended.wait(0.1):
            now = datetime.fromisoformat(aws_server.get("clock")["now"])
            soon = [due.at for due in scheduler.waiting(REGION, now, now + timedelta(minutes=5))]
            if soon:
                aws_server.post("clock", {"now": min(soon).isoformat()})
                scheduler.pass_time([REGION], now, min(soon))

    thread = threading.Thread(target=fire)
    thread.start()
    yield record
    ended.set()
    thread.join()


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and not for five minutes."""
    for module in (stop_proof, wait):
        monkeypatch.setattr(module, "backoff", lambda **_: backoff(total=60, longest=0.2))


def until_fired(record: Path) -> Iterator[float]:
    """Pauses until something has fired, and one more look."""
    for pause in backoff(total=60, longest=0.2):
        yield pause
        if record.exists():
            break


def state(server: Server, instance: str) -> str:
    found = server.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


def test_by_schedule_it_stops_by_the_same_role_and_runs_again(
    here: Module, aws_server: Server, box: str, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    told = here("dlbox_stop_proof", force=True)
    assert (told["proved"], told["broken"], told["changed"]) == (True, [], True)
    evidence = told["evidence"]
    assert evidence["stopped_by"] == "Client.UserInitiatedShutdown"
    assert evidence["planned_for"] == evidence["stopped_at"]
    assert (evidence["state"], evidence["started_again"]) == ("running", True)
    assert datetime.fromisoformat(evidence["started_at"]).tzinfo
    (fired,) = [json.loads(line) for line in firing.read_text().splitlines()]
    assert (fired["result"], fired["arn"].rpartition("/")[2]) == ("fired", "prove")
    (stop,) = [call for call in aws_server.get("calls?all=1") if call["action"] == "StopInstances"]
    assert stop["role"] == ROLE
    assert state(aws_server, box) == "running"
    listed = aws_server.client("scheduler").list_schedules(GroupName=GROUP)["Schedules"]
    assert [one["Name"] for one in listed] == ["stop"]
    assert not here("dlbox_schedule")["changed"]


def test_looking_over_stops_nothing(here: Module, aws_server: Server, box: str) -> None:
    told = here("dlbox_stop_proof", check=True)
    assert (told["proved"], told["broken"]) == (False, [])
    assert told["evidence"]["schedules"]["stop"]["ScheduleExpression"] == "cron(0 20 * * ? *)"
    assert not aws_server.calls(writes=True)


def elsewhere(server: Server) -> None:
    """The schedule was made in another region."""
    server.client("scheduler").delete_schedule_group(Name=GROUP)
    other = server.client("scheduler", "us-east-1")
    other.create_schedule_group(Name=GROUP)
    role = server.client("iam").get_role(RoleName=ROLE)["Role"]
    document = role["AssumeRolePolicyDocument"]
    document["Statement"][0].pop("Condition")
    server.client("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "RoleArn": role["Arn"], "Input": "{}"}
    when = {"ScheduleExpression": "cron(0 20 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    other.create_schedule(Name="stop", GroupName=GROUP, Target=target, **when)


def function_elsewhere(server: Server) -> None:
    """The function was made in another region."""
    role = server.client("iam").get_role(RoleName=FUNCTION_ROLE)["Role"]["Arn"]
    server.client("lambda").delete_function(FunctionName=FUNCTION)
    how = {"Runtime": "python3.13", "Handler": "f.f", "Code": {"ZipFile": packed(ECHO)}, "Role": role}
    server.client("lambda", "us-east-1").create_function(FunctionName=FUNCTION, **how)


def without_permission(server: Server) -> None:
    server.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="stop")


EC2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST_OF_EC2 = json.dumps({"Version": "2012-10-17", "Statement": [EC2]})
LAMBDA: dict[str, tuple[Callable[[Server], Any], str]] = {
    "rule disabled": (lambda s: s.client("events").disable_rule(Name=RULE), f"rule {RULE}: it is disabled"),
    "target deleted": (
        lambda s: s.client("events").remove_targets(Rule=RULE, Ids=["box"]),
        f"targets of rule {RULE}: it has no target",
    ),
    "permission to be woken removed": (
        lambda s: s.client("lambda").remove_permission(FunctionName=FUNCTION, StatementId=RULE),
        "the rule may not wake the function",
    ),
    "role without permission": (
        lambda s: s.client("iam").delete_role_policy(RoleName=FUNCTION_ROLE, PolicyName="stop"),
        "the role has no policy of this name",
    ),
    "trust removed": (
        lambda s: s.client("iam").update_assume_role_policy(
            RoleName=FUNCTION_ROLE, PolicyDocument=TRUST_OF_EC2
        ),
        f"role {FUNCTION_ROLE}: ",
    ),
    "function deleted": (lambda s: s.client("lambda").delete_function(FunctionName=FUNCTION), "nothing would stop the box"),
    "wrong region": (function_elsewhere, "there is one in us-east-1, but it stops nothing of another region"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAMBDA)
def test_each_break_of_the_function_is_named(here: Module, aws_server: Server, case: str) -> None:
    instance = launch(aws_server)
    here("dlbox_schedule", backend="lambda")
    meddle, said = LAMBDA[case]
    meddle(aws_server)
    aws_server.forget_calls()
    told = here("dlbox_stop_proof", backend="lambda")
    assert not told["proved"]
    assert said in "; ".join(told["broken"])
    assert not aws_server.calls(writes=True)
    assert state(aws_server, instance) in ("pending", "running")


def test_by_function_it_stops_by_the_same_function_and_runs_again(
    here: Module, aws_server: Server, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    instance = launch(aws_server)
    here("dlbox_schedule", backend="lambda")
    until_state(aws_server, instance, "running")
    told = here("dlbox_stop_proof", backend="lambda", force=True)
    assert (told["proved"], told["broken"], told["evidence"]["last_runs"]) == (True, [], [])
    (stop,) = [call for call in aws_server.get("calls?all=1") if call["action"] == "StopInstances"]
    assert stop["role"] == FUNCTION_ROLE
    assert state(aws_server, instance) == "running"
    assert not here("dlbox_schedule", backend="lambda")["changed"]
    assert [rule["Name"] for rule in aws_server.client("events").list_rules()["Rules"]] == [RULE]
    (run,) = here("dlbox_stop_proof", backend="lambda", check=True)["evidence"]["last_runs"]
    assert (run["did"], run["why"], run["outcome"]) == ("stop", "to prove that it stops", "asked")


def test_what_the_function_says_of_a_stop_that_did_not_come_is_told(
    here: Module, aws_server: Server, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_proof, "backoff", lambda **_: until_fired(firing))
    instance = launch(aws_server)
    here("dlbox_schedule", backend="lambda")
    until_state(aws_server, instance, "running")
    deny_all(aws_server, FUNCTION_ROLE, "ec2:*")
    told = here("dlbox_stop_proof", backend="lambda", force=True)
    assert not told["proved"]
    assert "(the function's log says: stop, UnauthorizedOperation" in told["broken"][0]


def deny_all(server: Server, role: str, actions: str) -> None:
    """A policy of others on a role."""
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": actions, "Resource": "*"}]}
    arn = server.client("iam").create_policy(PolicyName="deny", PolicyDocument=json.dumps(deny))["Policy"]["Arn"]
    server.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)


def test_what_keeps_no_stop_from_coming_is_not_broken(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    aws_server.post("clock", {"now": "2027-01-05T18:00:00+08:00"})
    here("dlbox_schedule", backend="lambda", snooze="23:30")
    aws_server.post("clock", {"now": "2027-01-06T10:00:00+08:00"})
    aws_server.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{FUNCTION}")
    left = [change["thing"] for change in here("dlbox_schedule", backend="lambda", check=True)["changes"]]
    assert any(stop_wakes.ends_snooze(thing.removeprefix("rule ")) for thing in left)
    assert here("dlbox_stop_proof", backend="lambda", check=True)["broken"] == []


@pytest.mark.parametrize(
    ("stands", "asked", "by"), [("scheduler", "lambda", "schedule"), ("lambda", "scheduler", "function")]
)
def test_a_backend_that_was_changed_and_not_applied_is_one_sentence(
    here: Module, aws_server: Server, stands: str, asked: str, by: str
) -> None:
    launch(aws_server)
    here("dlbox_schedule", backend=stands)
    said = (
        f"box_stop_backend is {asked}, and what stands on AWS is a {by}: run playbooks/provision.yml, then this again"
    )
    assert here("dlbox_stop_proof", backend=asked, check=True)["broken"] == [said]


BREAKS: dict[str, tuple[Callable[[Server], Any], str]] = {
    "disabled": (lambda s: change(s, State="DISABLED"), "schedule dlbox-us-west-2-lab/stop: it is disabled"),
    "schedule deleted": (
        lambda s: s.client("scheduler").delete_schedule(Name="stop", GroupName=GROUP),
        "nothing would stop the box",
    ),
    "another target": (
        lambda s: change(s, Target=s.client("scheduler").get_schedule(Name="stop", GroupName=GROUP)["Target"] | {"Input": "{}"}),
        "it would stop another instance",
    ),
    "role without permission": (without_permission, "the role has no policy of this name"),
    "trust changed": (trust_without_condition, "it is not trusted to the box's schedule group alone"),
    "role deleted": (delete_role, f"role {ROLE}: the schedule needs it to stop the box"),
    "wrong region": (elsewhere, "there is one in us-east-1, but it stops nothing of another region"),
    "a power-off that terminates": (
        lambda s: s.client("ec2").modify_instance_attribute(
            InstanceId=s.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"],
            InstanceInitiatedShutdownBehavior={"Value": "terminate"},
        ),
        "it is terminate, so the idle stop would delete the box with its disk",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_each_break_is_named_and_nothing_is_stopped(here: Module, aws_server: Server, box: str, case: str) -> None:
    meddle, said = BREAKS[case]
    meddle(aws_server)
    aws_server.forget_calls()
    told = here("dlbox_stop_proof")
    assert not told["proved"]
    assert said in "; ".join(told["broken"])
    assert not aws_server.calls(writes=True)
    assert state(aws_server, box) == "running"


def test_a_denial_that_no_document_of_ours_shows_is_found_by_trying(
    here: Module, aws_server: Server, box: str, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_proof, "backoff", lambda **_: until_fired(firing))
    deny_all(aws_server, ROLE, "ec2:*")
    told = here("dlbox_stop_proof", force=True)
    assert not told["proved"]
    assert f"AWS did not stop {box}" in told["broken"][0]
    assert json.loads(firing.read_text().splitlines()[0])["result"] == "denied"
    assert "prove" not in [one["Name"] for one in aws_server.client("scheduler").list_schedules()["Schedules"]]


def test_a_box_that_is_stopped_or_absent_is_said(here: Module, aws_server: Server) -> None:
    assert "does not exist, so there is nothing to stop" in here("dlbox_stop_proof")["msg"]
    instance = launch(aws_server)
    here("dlbox_schedule")
    ec2 = aws_server.client("ec2")
    until_state(aws_server, instance, "running")
    ec2.stop_instances(InstanceIds=[instance])
    until_state(aws_server, instance, "stopped")
    assert "is stopped, so a stop would prove nothing: start it" in here("dlbox_stop_proof")["msg"]


def test_close_to_the_real_stop_nothing_is_proved(here: Module, aws_server: Server, box: str) -> None:
    aws_server.post("clock", {"now": "2027-01-05T19:57:00+08:00"})
    said = here("dlbox_stop_proof", force=True)["msg"]
    assert said.startswith("the regular stop of Tue 2027-01-05 20:00 Asia/Shanghai comes too soon to prove anything")
    assert not aws_server.calls(writes=True)


def test_close_to_a_snooze_s_end_nothing_is_proved(here: Module, aws_server: Server, box: str) -> None:
    aws_server.post("clock", {"now": "2027-01-05T19:00:00+08:00"})
    here("dlbox_schedule", snooze="23:30")
    aws_server.post("clock", {"now": "2027-01-05T23:27:00+08:00"})
    aws_server.forget_calls()
    said = here("dlbox_stop_proof", force=True)["msg"]
    assert said.startswith("the regular stop of Tue 2027-01-05 23:30 Asia/Shanghai comes too soon to prove anything")
    assert not aws_server.calls(writes=True)


def test_a_box_that_does_not_say_whether_it_is_in_use_is_left_alone(here: Module, aws_server: Server, box: str) -> None:
    assert "lab did not say whether it is in use" in here("dlbox_stop_proof")["msg"]
    assert (
        "lab is in use (gpu)" in here("dlbox_stop_proof", idle='{"verdict": {"kind": "busy", "reason": "gpu"}}')["msg"]
    )
    assert not aws_server.calls(writes=True)


def by_itself(server: Server, box: str) -> None:
    server.post("shutdown", {"region": REGION, "instance_id": box})


def by_hand(server: Server, box: str) -> None:
    server.client("ec2").stop_instances(InstanceIds=[box])


def ended(server: Server, box: str) -> None:
    server.client("ec2").terminate_instances(InstanceIds=[box])


@pytest.mark.parametrize(
    ("deed", "why", "left"),
    [
        (by_itself, "it powered itself off at ", "stopped"),
        (by_hand, "somebody or something else stopped it at ", "stopped"),
        (ended, "it is ", "terminated"),
    ],
)
def test_a_stop_that_is_not_the_planned_one_proves_nothing_and_is_not_undone(
    here: Module,
    aws_server: Server,
    box: str,
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[Server, str], None],
    why: str,
    left: str,
) -> None:
    quick(monkeypatch)
    scheduler = aws_server.client("scheduler")

    def meanwhile() -> None:
        for pause in backoff(total=60, longest=0.2):
            if "prove" in [one["Name"] for one in scheduler.list_schedules(GroupName=GROUP)["Schedules"]]:
                return deed(aws_server, box)
            time.sleep(pause)

    thread = threading.Thread(target=meanwhile)
    thread.start()
    told = here("dlbox_stop_proof", force=True)
    thread.join()
    assert not told["proved"]
    assert "lab did not stop as planned for " in told["broken"][0]
    assert f"so nothing is proved: {why}" in told["broken"][0]
    until_state(aws_server, box, left)
    assert "StartInstances" not in [call["action"] for call in aws_server.calls(writes=True)]
    assert [one["Name"] for one in scheduler.list_schedules(GroupName=GROUP)["Schedules"]] == ["stop"]


def test_a_stop_so_slow_that_the_regular_one_falls_due_is_not_undone(
    here: Module, aws_server: Server, box: str, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    aws_server.post("clock", {"now": "2027-01-05T19:30:00+08:00"})
    await_state = wait.instance_state

    def slowly(*asked: Any) -> Any:
        aws_server.post("clock", {"now": "2027-01-05T20:00:01+08:00"})
        return await_state(*asked)

    monkeypatch.setattr(wait, "instance_state", slowly)
    told = here("dlbox_stop_proof", force=True)
    assert (told["proved"], told["evidence"]["started_again"]) == (True, False), told["broken"]
    assert "because meanwhile its stop of Tue 2027-01-05 20:00 Asia/Shanghai fell due" in told["broken"][0]
    assert state(aws_server, box) == "stopped"


def test_no_capacity_for_the_start_is_said_and_the_stop_is_proved_all_the_same(
    here: Module, aws_server: Server, box: str, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    aws_server.fault("StartInstances", code="InsufficientInstanceCapacity", message="none", status=500, times=-1)
    told = here("dlbox_stop_proof", force=True)
    assert (told["proved"], told["evidence"]["started_again"]) == (True, False), told["broken"]
    assert "does not start again" in told["broken"][0]
    assert "playbooks/start.yml" in told["broken"][0]


def test_what_a_killed_proof_left_is_in_nobodys_way(
    here: Module, aws_server: Server, firing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    instance = launch(aws_server)
    here("dlbox_schedule", backend="lambda")
    until_state(aws_server, instance, "running")
    name = "dlbox-us-west-2-lab-at-prove"
    aws_server.client("events").put_rule(Name=name, ScheduleExpression="cron(0 0 1 1 ? 2030)")
    grant = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    aws_server.client("lambda").add_permission(FunctionName=FUNCTION, StatementId=name, **grant)
    assert here("dlbox_stop_proof", backend="lambda", force=True)["proved"]
    assert [rule["Name"] for rule in aws_server.client("events").list_rules()["Rules"]] == [RULE]
