"""What CloudWatch and SNS hold for the box."""

from __future__ import annotations

from typing import Any

from .alarm_form import alarm_name, topic_arn
from .aws import Aws, if_there
from .names import tag_map


def alarm(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The alarm of the box's exact name in CloudWatch's own form, with its tags; None where there is none."""
    found = aws.call("cloudwatch", "describe_alarms", AlarmNames=[alarm_name(want.scope)], AlarmTypes=["MetricAlarm"])
    if not found["MetricAlarms"]:
        return None
    one = found["MetricAlarms"][0]
    tags = if_there(aws.call, "cloudwatch", "list_tags_for_resource", ResourceARN=one["AlarmArn"]) or {}
    # Not its state and history: they move by themselves, and hold dates.
    kept = {key: value for key, value in one.items() if not key.startswith("State") and not key.endswith("Timestamp")}
    return {**kept, "Tags": tag_map(tags.get("Tags"))}


def alarm_topic(aws: Aws, want: Any, seen: dict[str, Any]) -> dict[str, Any] | None:
    """The tags of the topic of the box's exact name; None where there is none."""
    found = if_there(aws.call, "sns", "list_tags_for_resource", ResourceArn=topic_arn(want.scope, seen))
    return found and {"Tags": tag_map(found["Tags"])}


def alarm_subscriptions(aws: Aws, want: Any, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Who is subscribed to the topic by e-mail, confirmed or not; subscriptions of other kinds are nobody's business here."""
    asked = {"TopicArn": topic_arn(want.scope, seen)}
    listed = if_there(aws.pages, "sns", "list_subscriptions_by_topic", "Subscriptions", **asked) or []
    # For a while AWS goes on listing one that was ended, with "Deleted" in place of its ARN.
    mails = [one for one in listed if one["Protocol"] == "email" and one["SubscriptionArn"] != "Deleted"]
    return [{key: one[key] for key in ("Endpoint", "SubscriptionArn")} for one in mails]


ALARM_PARTS: dict[str, Any] = {part.__name__: part for part in (alarm, alarm_topic, alarm_subscriptions)}
