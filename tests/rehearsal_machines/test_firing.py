"""Schedules and rules fire with the rights they really have."""

from __future__ import annotations

import io
import json
import pathlib
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rehearsal.cloud import Cloud
from rehearsal.firing import Firing
from rehearsal.targets import Targets
from rehearsal.testing import REGION, Server

ACCOUNT = "000000000000"
STOP = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/lab"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
WINDOW = (NOON - timedelta(minutes=1), NOON + timedelta(minutes=1))
Records = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def firing(aws_server: Server, tmp_path: pathlib.Path) -> Firing:
    """The scheduler and EventBridge of an empty rehearsal."""
    cloud = Cloud(aws_server.url)
    return Firing(cloud, Targets(cloud, tmp_path / "firings.jsonl"))


@pytest.fixture
def records(firing: Firing) -> Records:
    """Read the record of firings."""
    path = firing.targets.record
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def instance(aws_server: Server) -> str:
    """A running instance."""
    ssm, ec2 = aws_server.client("ssm"), aws_server.client("ec2")
    name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
    image = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    found = str(launched["Instances"][0]["InstanceId"])
    waiter = ec2.get_waiter("instance_running")
    waiter.config.delay = 0.1
    waiter.wait(InstanceIds=[found])
    return found


def trust(source: str) -> str:
    """Let the scheduler use a role for one source."""
    who = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    condition = {"Condition": {"StringEquals": {"aws:SourceArn": source}}}
    return json.dumps({"Version": "2012-10-17", "Statement": [who | condition]})


def schedule(server: Server, instance: str, *, may_stop: str = "", **more: Any) -> None:
    """Schedule the stop of an instance at noon, with a role that may stop one instance."""
    iam, client = server.client("iam"), server.client("scheduler")
    role = iam.create_role(RoleName="lab-stop", AssumeRolePolicyDocument=trust(GROUP))["Role"]["Arn"]
    resource = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{may_stop or instance}"
    allow = {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="lab-stop", PolicyName="stop", PolicyDocument=policy)
    client.create_schedule_group(Name="lab")
    target = {"Arn": STOP, "RoleArn": role, "Input": json.dumps({"InstanceIds": [instance]})}
    given = {"ScheduleExpression": "cron(0 12 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    client.create_schedule(Name="stop", GroupName="lab", **(given | more))


def state(server: Server, instance: str) -> str:
    """Return an instance's state."""
    found = server.client("ec2").describe_instances(InstanceIds=[instance])
    return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])


def test_a_schedule_stops_its_instance_with_its_role(
    firing: Firing, aws_server: Server, instance: str, records: Records
) -> None:
    schedule(aws_server, instance)
    firing.pass_time([REGION], *WINDOW)
    assert state(aws_server, instance) in ("stopping", "stopped")
    assert [(one["at"], one["result"]) for one in records()] == [(NOON.isoformat(), "fired")]
    calls = [one for one in aws_server.get("calls?all=1") if one["action"] == "StopInstances"]
    assert [one["role"] for one in calls] == ["lab-stop"]


def test_a_role_that_no_longer_trusts_the_group_is_denied(
    firing: Firing, aws_server: Server, instance: str, records: Records
) -> None:
    schedule(aws_server, instance)
    other = trust(GROUP.replace("group/lab", "group/other"))
    aws_server.client("iam").update_assume_role_policy(RoleName="lab-stop", PolicyDocument=other)
    firing.pass_time([REGION], *WINDOW)
    assert [one["result"] for one in records()] == ["denied"]
    assert state(aws_server, instance) == "running"


def test_a_role_for_another_instance_is_denied(
    firing: Firing, aws_server: Server, instance: str, records: Records
) -> None:
    schedule(aws_server, instance, may_stop="i-00000000000000000")
    firing.pass_time([REGION], *WINDOW)
    assert [one["result"] for one in records()] == ["denied"]
    assert state(aws_server, instance) == "running"


def test_a_disabled_schedule_does_not_fire(firing: Firing, aws_server: Server, instance: str, records: Records) -> None:
    schedule(aws_server, instance, State="DISABLED")
    firing.pass_time([REGION], *WINDOW)
    assert records() == []
    assert state(aws_server, instance) == "running"


def test_a_one_time_schedule_is_deleted_when_it_asked_for_it(
    firing: Firing, aws_server: Server, instance: str, records: Records
) -> None:
    schedule(aws_server, instance, ScheduleExpression=f"at({NOON:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion="DELETE")
    client = aws_server.client("scheduler")
    firing.pass_time([REGION], NOON - timedelta(hours=1), NOON - timedelta(minutes=1))
    assert len(client.list_schedules()["Schedules"]) == 1
    firing.pass_time([REGION], *WINDOW)
    assert [one["result"] for one in records()] == ["fired"]
    assert client.list_schedules()["Schedules"] == []


@pytest.mark.parametrize("call", ["GetSchedule", "DeleteSchedule"])
def test_what_its_owner_deletes_meanwhile_is_passed_over(
    firing: Firing, aws_server: Server, instance: str, call: str
) -> None:
    client = aws_server.client("scheduler")
    schedule(aws_server, instance, ScheduleExpression=f"at({NOON:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion="DELETE")
    found = client.list_schedules()["Schedules"][0]
    done: list[Any] = []

    def delete(**_: Any) -> None:
        if not done:
            done.append(client.delete_schedule(Name=found["Name"], GroupName=found["GroupName"]))

    firing.cloud.client("scheduler", REGION).meta.events.register(f"before-call.scheduler.{call}", delete)
    firing.pass_time([REGION], *WINDOW)
    assert done
    assert client.list_schedules()["Schedules"] == []


def test_a_jump_over_many_firings_says_what_it_left_out(
    firing: Firing, aws_server: Server, instance: str, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rehearsal.firing.MOST", 3)
    schedule(aws_server, instance, ScheduleExpression="rate(1 minute)")
    firing.pass_time([REGION], NOON, NOON + timedelta(minutes=8))
    assert [one["result"] for one in records()] == ["left out", "fired", "fired", "fired"]
    assert records()[0]["detail"].startswith("5 of 8 ")


def function(server: Server) -> str:
    """Make a function that answers with its event's time."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("stop.py", "def handler(event, context):\n    print(event['time'])\n    return event['time']\n")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = server.client("iam").create_role(RoleName="lab-run", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    made = server.client("lambda").create_function(
        FunctionName="lab", Runtime="python3.13", Role=arn, Handler="stop.handler", Code={"ZipFile": archive.getvalue()}
    )
    return str(made["FunctionArn"])


@pytest.mark.parametrize(("permitted", "result"), [(True, "fired"), (False, "denied")])
def test_a_rule_runs_its_function_by_the_function_s_own_policy(
    firing: Firing, aws_server: Server, records: Records, permitted: bool, result: str
) -> None:
    events, arn = aws_server.client("events"), function(aws_server)
    rule = events.put_rule(Name="lab", ScheduleExpression="cron(0 12 * * ? *)")["RuleArn"]
    events.put_targets(Rule="lab", Targets=[{"Id": "1", "Arn": arn}])
    if permitted:
        aws_server.client("lambda").add_permission(
            FunctionName="lab", StatementId="1", Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com", SourceArn=rule,
        )  # fmt: skip
    firing.pass_time([REGION], *WINDOW)
    assert [one["result"] for one in records()] == [result]
    ran = aws_server.get("functions")
    assert len(ran) == (1 if permitted else 0)
    if permitted:
        assert f"{NOON:%Y-%m-%dT%H:%M:%SZ}" in json.dumps(ran)
