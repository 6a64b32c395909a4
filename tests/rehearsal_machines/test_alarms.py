"""Alarms on how long an instance ran: counted by the rehearsal's clock, and mailed once."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from modules.in_process import in_process
from modules.test_alarm import ASKED, ME, NAME, TOPIC, prepare
from rehearsal import alarms
from rehearsal.alarms import Alarms
from rehearsal.cloud import Cloud
from rehearsal.firing import Firing
from rehearsal.targets import Targets
from rehearsal.testing import REGION, Server

from .conftest import cli, free_port, until
from .test_firing import instance, schedule, state

__all__ = ["instance"]
HOUR = 3600.0
# A full minute, so that samples are easy to count.
NOW = 1767571200.0
DAY = {
    "Period": 86400, "EvaluationPeriods": 1, "Threshold": 600.0, "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching", "StateValue": "OK",
}  # fmt: skip


def ran(*spans: tuple[float, float | None]) -> alarms.Spans:
    """Spans given in hours before now."""
    return [(NOW - first * HOUR, None if last is None else NOW - last * HOUR) for first, last in spans]


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(0, 60, 1), (1, 60, 0), (1, 61, 1), (0, 61, 2), (59, 60, 0), (0, 3600, 60), (0, 0, 0), (60, 0, 0)],
)
def test_a_sample_is_taken_at_each_full_minute_while_it_runs(first: float, last: float, count: int) -> None:
    assert alarms.samples([(NOW + first, NOW + last)], NOW, NOW + 7200) == count


@pytest.mark.parametrize(
    ("alarm", "spans", "said"),
    [
        ({}, ran((10, 0)), "OK"),
        ({}, ran((10.1, 0)), "ALARM"),
        ({}, ran((10.1, None)), "ALARM"),
        ({}, ran((23, 18), (6, 0.5)), "ALARM"),
        ({}, ran((23, 18), (6, 1.5)), "OK"),
        ({}, ran((40, 15)), "OK"),
        ({}, ran((40, 13)), "ALARM"),
        ({}, [], "OK"),
        ({"ComparisonOperator": "GreaterThanOrEqualToThreshold"}, ran((10, 0)), "ALARM"),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "missing"}, [], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "ignore", "StateValue": "ALARM"}, [], "ALARM"),
        ({"Period": 3600, "EvaluationPeriods": 24, "DatapointsToAlarm": 3, "Threshold": 30}, ran((4, 1)), "ALARM"),
        ({"Period": 3600, "EvaluationPeriods": 24, "DatapointsToAlarm": 3, "Threshold": 30}, ran((4, 2)), "OK"),
        ({"Period": 3600, "EvaluationPeriods": 3, "Threshold": 30}, ran((3, 0)), "ALARM"),
        ({"Period": 3600, "EvaluationPeriods": 3, "Threshold": 30}, ran((2, 0)), "OK"),
    ],
)
def test_the_state_of_an_alarm(alarm: dict[str, Any], spans: alarms.Spans, said: str) -> None:
    assert alarms.state({**DAY, **alarm}, spans, NOW) == said


@pytest.fixture
def watching(aws_server: Server, tmp_path: pathlib.Path) -> Alarms:
    """The alarms of an empty rehearsal."""
    cloud = Cloud(aws_server.url)
    return Alarms(cloud, Targets(cloud, tmp_path / "firings.jsonl"), tmp_path / "mails.jsonl")


def lines(path: pathlib.Path) -> list[dict[str, Any]]:
    """A file of one JSON object a line."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def watch(server: Server, instance: str, *actions: str, **more: Any) -> None:
    """An alarm after an hour."""
    fields = {**DAY, "Threshold": 60.0, **more}
    fields.pop("StateValue")
    server.client("cloudwatch").put_metric_alarm(
        AlarmName="long", Namespace="AWS/EC2", MetricName="StatusCheckFailed", Statistic="SampleCount",
        Dimensions=[{"Name": "InstanceId", "Value": instance}], AlarmActions=list(actions), **fields,
    )  # fmt: skip


def topic(server: Server, *confirmed: str) -> str:
    """A topic with a subscriber who never confirms, and these who do."""
    sns = server.client("sns")
    arn = str(sns.create_topic(Name="t")["TopicArn"])
    for address in ("late@example.org", *confirmed):
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address)
    for address in confirmed:
        server.post("confirm", {"topic": arn, "email": address})
    return arn


def run_for(server: Server, watching: Alarms, hours: float) -> None:
    """Move the clock and look at what it passed."""
    before = datetime.fromisoformat(server.get("clock")["now"])
    after = datetime.fromisoformat(server.post("clock", {"advance_s": hours * HOUR})["now"])
    watching.pass_time([REGION], before, after)


def test_the_minutes_count_and_who_confirmed_gets_the_mail(aws_server: Server, watching: Alarms, instance: str) -> None:
    arn = topic(aws_server, "a@example.org")
    watch(aws_server, instance, arn)
    run_for(aws_server, watching, 0.9)
    assert lines(watching.mails) == []
    run_for(aws_server, watching, 3)
    (mail,) = lines(watching.mails)
    assert (mail["to"], mail["subject"]) == ("a@example.org", f'ALARM: "long" in {REGION}')
    passed = datetime.fromisoformat(aws_server.get("clock")["now"]) - datetime.fromisoformat(mail["at"])
    assert timedelta(hours=2.7) < passed < timedelta(hours=2.9), (
        "the mail comes when the hour is over, not when the jump is"
    )
    assert [one["result"] for one in lines(watching.targets.record)] == ["fired"]


@pytest.mark.parametrize(
    ("more", "actions", "recorded"),
    [
        ({"ActionsEnabled": False}, [f"arn:aws:sns:{REGION}:000000000000:t"], []),
        ({}, [f"arn:aws:sns:{REGION}:000000000000:gone"], ["failed"]),
        ({}, ["arn:aws:automate:us-west-2:ec2:stop"], ["failed"]),
        ({"Statistic": "Sum"}, [f"arn:aws:sns:{REGION}:000000000000:t"], []),
    ],
    ids=["switched off", "no such topic", "another action", "another statistic"],
)
def test_nobody_gets_a_mail(
    aws_server: Server, watching: Alarms, instance: str, more: dict[str, Any], actions: list[str], recorded: list[str]
) -> None:
    topic(aws_server, "a@example.org")
    statistic = more.pop("Statistic", None)
    watch(aws_server, instance, *actions, **more)
    if statistic:
        cloudwatch = aws_server.client("cloudwatch")
        (now,) = cloudwatch.describe_alarms()["MetricAlarms"]
        kept = (
            "AlarmName",
            "AlarmActions",
            "MetricName",
            "Namespace",
            "Dimensions",
            "Period",
            "EvaluationPeriods",
            "Threshold",
        )
        cloudwatch.put_metric_alarm(**{key: now[key] for key in (*kept, "ComparisonOperator")}, Statistic=statistic)
    run_for(aws_server, watching, 3)
    assert lines(watching.mails) == []
    assert [one["result"] for one in lines(watching.targets.record)] == recorded


def test_a_jump_over_a_stop_counts_until_the_stop_was_due(aws_server: Server, watching: Alarms, instance: str) -> None:
    before = datetime.fromisoformat(aws_server.get("clock")["now"])
    due = before.replace(second=0, microsecond=0) + timedelta(minutes=50)
    schedule(aws_server, instance, ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})")
    watch(aws_server, instance, topic(aws_server, "a@example.org"))
    after = datetime.fromisoformat(aws_server.post("clock", {"advance_s": 30 * HOUR})["now"])
    Firing(watching.cloud, watching.targets).pass_time([REGION], before, after)
    until("it is stopped", lambda: state(aws_server, instance) == "stopped")
    watching.pass_time([REGION], before, after)
    assert lines(watching.mails) == []
    (alarm,) = aws_server.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "OK"
    aws_server.client("ec2").start_instances(InstanceIds=[instance])
    run_for(aws_server, watching, 0.5)
    assert lines(watching.mails) == [], "what fired before no longer says when things happen"


@pytest.fixture
def clockwork(tmp_path: pathlib.Path) -> Iterator[tuple[Server, pathlib.Path]]:
    """A rehearsal that is up without machines, and its state folder."""
    folder, port = tmp_path / "state", free_port()
    try:
        cli(folder, "up", "--no-machines", "--port", str(port))
        shutil.copy(folder / "aws-config", tmp_path / "config")
        yield Server(f"http://127.0.0.1:{port}", tmp_path), folder
    finally:
        cli(folder, "down")


def test_a_box_that_ran_nine_hours_is_quiet_and_after_eleven_of_24_there_is_one_mail(
    clockwork: tuple[Server, pathlib.Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, folder = clockwork
    here, mails = in_process(server, monkeypatch), folder / "mails.jsonl"
    prepare(server)
    assert here("dlbox_alarm", **ASKED)["changed"]
    server.post("confirm", {"topic": TOPIC, "email": ME})
    ec2, cloudwatch = server.client("ec2"), server.client("cloudwatch")
    box = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]

    def stands() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=[NAME])["MetricAlarms"][0]["StateValue"])

    until("it runs", lambda: state(server, box) == "running")
    cli(folder, "advance", "9h")
    ec2.stop_instances(InstanceIds=[box])
    cli(folder, "advance", "10h")
    assert (stands(), lines(mails)) == ("OK", [])
    until("it is stopped", lambda: state(server, box) == "stopped")
    ec2.start_instances(InstanceIds=[box])
    cli(folder, "advance", "2h")
    assert (stands(), [one["to"] for one in lines(mails)]) == ("ALARM", [ME])
    cli(folder, "advance", "2h")
    assert (stands(), len(lines(mails))) == ("ALARM", 1)
    until("it runs", lambda: state(server, box) == "running")
    ec2.stop_instances(InstanceIds=[box])
    cli(folder, "advance", "1d")
    assert (stands(), len(lines(mails))) == ("OK", 1)
    assert not here("dlbox_alarm", **ASKED)["changed"]
