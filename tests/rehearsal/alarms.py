"""CloudWatch's alarms on EC2's status checks: a sample a minute while an instance runs, looked at once a minute; and who gets a mail."""

from __future__ import annotations

import json
import math
import operator
import pathlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from .cloud import Cloud
from .targets import Targets

MINUTE = 60
COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
Spans = list[tuple[float, float | None]]


def samples(spans: Spans, begin: float, end: float) -> int:
    """How many full minutes in [begin, end) an instance ran at, all in seconds since 1970."""
    parts = [(max(first, begin), min(end if last is None else last, end)) for first, last in spans]
    return sum(max(0, math.ceil(last / MINUTE) - math.ceil(first / MINUTE)) for first, last in parts)


def state(alarm: dict[str, Any], spans: Spans, now: float) -> str:
    """The state of an alarm that counts samples, over windows that end now; CloudWatch's evaluation range is not larger here."""
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData", "missing")
    ends = [now - number * alarm["Period"] for number in range(alarm["EvaluationPeriods"])]
    counts = [samples(spans, end - alarm["Period"], end) for end in ends]
    if not any(counts) and missing in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if missing == "missing" else str(alarm["StateValue"])
    bad = sum(breaches(count, alarm["Threshold"]) if count else missing == "breaching" for count in counts)
    return "ALARM" if bad >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) else "OK"


def minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    """The full minutes in (after, until]."""
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while moment <= until:
        yield moment
        moment += timedelta(minutes=1)


def watched(alarm: dict[str, Any]) -> str | None:
    """The instance whose status checks an alarm counts; None for an alarm of another kind, which stays as it is."""
    asked = (
        alarm.get("Namespace"),
        alarm.get("Statistic"),
        str(alarm.get("MetricName")).startswith("StatusCheckFailed"),
    )
    if asked != ("AWS/EC2", "SampleCount", True):
        return None
    return next((str(one["Value"]) for one in alarm["Dimensions"] if one["Name"] == "InstanceId"), None)


class Alarms:
    """The alarms of one rehearsal."""

    def __init__(self, cloud: Cloud, targets: Targets, mails: pathlib.Path) -> None:
        self.cloud, self.targets, self.mails = cloud, targets, mails

    def pass_time(self, regions: list[str], after: datetime, until: datetime) -> None:
        """Look at every alarm at each full minute in (after, until], after what was due then has fired."""
        for region in regions:
            pages = self.cloud.client("cloudwatch", region).get_paginator("describe_alarms").paginate()
            found = [alarm for page in pages for alarm in page["MetricAlarms"] if watched(alarm)]
            spans = self.cloud.ask(f"ran?region={region}") if found else {}
            for alarm in found:
                self.look(region, alarm, spans.get(watched(alarm), []), after, until)

    def look(self, region: str, alarm: dict[str, Any], spans: Spans, after: datetime, until: datetime) -> None:
        """Set the state of one alarm as often as it changes, and act on each change."""
        deeds = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
        for moment in minutes(after, until):
            found = state(alarm, spans, moment.timestamp())
            if found == alarm["StateValue"]:
                continue
            alarm["StateValue"] = found
            told = {"AlarmName": alarm["AlarmName"], "StateValue": found}
            reason = f"Threshold Crossed: seen at {moment:%Y-%m-%d %H:%M} UTC"
            self.cloud.client("cloudwatch", region).set_alarm_state(**told, StateReason=reason)
            for target in alarm[deeds[found]] if alarm["ActionsEnabled"] else []:
                self.act(region, alarm, target, moment)

    def act(self, region: str, alarm: dict[str, Any], target: str, moment: datetime) -> None:
        """Publish to a topic, and write down whom it mails; another action is recorded as not known here."""
        if ":sns:" not in target:
            self.targets.write(moment, alarm["AlarmArn"], "failed", f"action {target} is not known here: a topic is")
            return
        sns = self.cloud.client("sns", region)
        subject = f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {region}'
        try:
            sns.publish(TopicArn=target, Subject=subject, Message=alarm.get("AlarmDescription") or subject)
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=target)
            listed = [one for page in pages for one in page["Subscriptions"]]
        except ClientError as problem:
            self.targets.write(moment, alarm["AlarmArn"], "failed", str(problem))
            return
        self.targets.write(moment, alarm["AlarmArn"], "fired", target)
        to = [
            one["Endpoint"]
            for one in listed
            if one["Protocol"] == "email" and one["SubscriptionArn"].startswith("arn:")
        ]
        with self.mails.open("a") as lines:
            for address in to:
                mail = {
                    "at": moment.isoformat(),
                    "to": address,
                    "subject": subject,
                    "text": alarm.get("AlarmDescription"),
                }
                lines.write(json.dumps(mail) + "\n")
