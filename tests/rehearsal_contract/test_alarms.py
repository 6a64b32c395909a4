"""Contracts of CloudWatch's alarms and of e-mail through SNS."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest

from .world import World, code, setup

ADDRESS = "you@example.org"


@setup
def alarm(world: World, **more: Any) -> Any:
    """An alarm named `long`, as described."""
    cloudwatch = world.client("cloudwatch")
    fields = {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Statistic": "SampleCount", "Period": 86400}
    rest = {"EvaluationPeriods": 1, "Threshold": 600, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="long", **{**fields, **rest, **more})
    return cloudwatch.describe_alarms(AlarmNames=["long"])["MetricAlarms"][0]


@setup
def topic(world: World) -> str:
    """A topic's ARN."""
    return str(world.client("sns").create_topic(Name="t")["TopicArn"])


@setup
def listed(world: World, arn: str) -> list[dict[str, Any]]:
    """The subscriptions of a topic."""
    found: list[dict[str, Any]] = world.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return found


def test_a_new_alarm_has_no_data(aws: World) -> None:
    assert alarm(aws)["StateValue"] == "INSUFFICIENT_DATA"


def test_an_update_leaves_the_state(aws: World) -> None:
    alarm(aws)
    aws.client("cloudwatch").set_alarm_state(AlarmName="long", StateValue="ALARM", StateReason="by hand")
    assert alarm(aws, Threshold=60)["StateValue"] == "ALARM"


def test_an_update_takes_no_tags(aws: World) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    arn = alarm(aws, Tags=tags)["AlarmArn"]
    alarm(aws, Tags=[{"Key": "a", "Value": "2"}])
    assert aws.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"] == tags


def test_a_deleted_alarm_takes_its_tags_along(aws: World) -> None:
    alarm(aws, Tags=[{"Key": "a", "Value": "1"}])
    aws.client("cloudwatch").delete_alarms(AlarmNames=["long"])
    arn = alarm(aws)["AlarmArn"]
    assert aws.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"] == []


@pytest.mark.parametrize(("period", "periods"), [(300, 289), (3600, 169), (86400, 8)])
def test_an_alarm_looks_back_a_day_or_with_long_periods_a_week(aws: World, period: int, periods: int) -> None:
    long = {"AlarmName": "long", "Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Statistic": "SampleCount"}
    rest = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    refused = code(aws.client("cloudwatch").put_metric_alarm, Period=period, EvaluationPeriods=periods, **long, **rest)
    assert refused == "ValidationError"


def test_a_mail_needs_consent(aws: World) -> None:
    arn = topic(aws)
    made = aws.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    assert made["SubscriptionArn"] == "pending confirmation"
    assert [one["SubscriptionArn"] for one in listed(aws, arn)] == ["PendingConfirmation"]
    assert [one["SubscriptionArn"] for one in aws.client("sns").list_subscriptions()["Subscriptions"]] == [
        "PendingConfirmation"
    ]


def test_a_pending_subscription_cannot_be_ended(aws: World) -> None:
    arn = topic(aws)
    aws.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    assert code(aws.client("sns").unsubscribe, SubscriptionArn="PendingConfirmation") == "InvalidParameter"


def test_the_arn_is_told_to_who_asks_for_it(world: World) -> None:
    arn = topic(world)
    given = {"TopicArn": arn, "Protocol": "email", "Endpoint": ADDRESS}
    made = world.client("sns").subscribe(**given, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert made.startswith(arn)
    world.server.post("confirm", {"topic": arn, "email": ADDRESS})
    assert [one["SubscriptionArn"] for one in listed(world, arn)] == [made]
    assert world.client("sns").subscribe(**given)["SubscriptionArn"] == made
    world.client("sns").unsubscribe(SubscriptionArn=made)
    assert listed(world, arn) == []


def test_what_is_not_confirmed_is_forgotten_after_two_days(world: World) -> None:
    arn = topic(world)
    for address in (ADDRESS, "me@example.org"):
        world.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=address)
    world.server.post("confirm", {"topic": arn, "email": ADDRESS})
    world.server.post("clock", {"advance_s": 172700})
    assert len(listed(world, arn)) == 2
    world.server.post("clock", {"advance_s": 200})
    with pytest.raises(urllib.error.HTTPError):
        world.server.post("confirm", {"topic": arn, "email": "me@example.org"})
    assert [one["Endpoint"] for one in listed(world, arn)] == [ADDRESS]


def test_what_is_there_is_listed(world: World) -> None:
    arn = topic(world)
    world.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    alarm(world, Tags=[{"Key": "dlbox:box", "Value": "lab"}])
    found = {one["kind"]: one for one in world.server.inventory()}
    assert (found["topic"]["id"], found["alarm"]["id"], found["alarm"]["tags"]) == (arn, "long", {"dlbox:box": "lab"})
    assert (found["subscription"]["to"], found["subscription"]["pending"]) == (ADDRESS, True)


def test_when_an_instance_ran_is_remembered_by_the_rehearsals_clock(world: World) -> None:
    ident = world.launched()

    def hours() -> list[float | None]:
        spans = world.server.get("ran?region=us-west-2")[ident]
        return [None if last is None else round((last - first) / 3600, 2) for first, last in spans]

    assert hours() == [None]
    world.server.post("clock", {"advance_s": 7200})
    world.server.post("shutdown", {"region": "us-west-2", "instance_id": ident})
    world.settled(ident, "stopped")
    world.ec2.stop_instances(InstanceIds=[ident])
    assert hours() == [2.0]
    world.ec2.start_instances(InstanceIds=[ident])
    assert hours() == [2.0, None]
    world.server.post("clock", {"advance_s": 3600})
    world.ec2.terminate_instances(InstanceIds=[ident])
    assert hours() == [2.0, 1.0]
