"""The box's alarm in the form that CloudWatch takes and gives, and what of it is compared. Pure."""

from __future__ import annotations

from typing import Any

from .change import Ref
from .names import ALARM_TAG, Scope

# EC2 checks every running instance once a minute, free of charge: the samples of a day are the minutes that it ran.
METRIC = {"Namespace": "AWS/EC2", "MetricName": "StatusCheckFailed", "Statistic": "SampleCount"}
SAMPLES_AN_HOUR = 60
# One period of a day, which slides: of many shorter ones CloudWatch also counts some older than the last day where others are missing.
WINDOW = {"Period": 86400, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
# What AWS tells in place of the ARN of a subscription that its owner has not confirmed.
PENDING = "PendingConfirmation"


def alarm_name(scope: Scope) -> str:
    """The name of the alarm, and of the topic that it mails through."""
    return f"{scope.prefix}-hours"


def topic_arn(scope: Scope, seen: dict[str, Any]) -> str:
    """The topic's ARN, also before the topic exists."""
    account = seen["account"]
    return f"arn:{account['partition']}:sns:{scope.region}:{account['account']}:{alarm_name(scope)}"


def marked(seen: dict[str, Any]) -> bool:
    """Whether the group says that the box has, or may have, an alarm."""
    return any(group["Tags"].get(ALARM_TAG) == "true" for group in seen["groups"])


def wanted(want: Any, seen: dict[str, Any], instance: str | None) -> dict[str, Any]:
    """What PutMetricAlarm is given; None: the instance is not launched yet."""
    box = want.scope.box
    return {
        **METRIC,
        **WINDOW,
        "AlarmDescription": f"{box} ran more than {want.hours} hours within 24. To stop it: ansible-playbook playbooks/stop.yml --limit {box}",
        "Dimensions": [{"Name": "InstanceId", "Value": instance or Ref("the box's instance")}],
        "Threshold": float(SAMPLES_AN_HOUR * want.hours),
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn(want.scope, seen)],
        "OKActions": [],
        "InsufficientDataActions": [],
    }


def view(alarm: dict[str, Any]) -> dict[str, Any]:
    """What is compared of an alarm and shown to the user."""
    counted = [alarm.get(key) for key in (*METRIC, *WINDOW, "ExtendedStatistic", "Unit")]
    aligned = "WallClockWindow" in (alarm.get("EvaluationWindow") or {})
    return {
        "hours": alarm["Threshold"] / SAMPLES_AN_HOUR if "Threshold" in alarm else None,
        "instance": [_instance(one["Value"]) for one in alarm.get("Dimensions", [])],
        "counts": [*(one for one in counted if one is not None), *(["by the calendar"] if aligned else [])],
        "missing": alarm.get("TreatMissingData"),
        "enabled": alarm["ActionsEnabled"],
        "does": {key: alarm[key] for key in ("AlarmActions", "OKActions", "InsufficientDataActions") if alarm.get(key)},
        "text": alarm.get("AlarmDescription"),
    }


def standing(seen: dict[str, Any], box: dict[str, Any]) -> dict[str, Any] | None:
    """The alarm as it stands there, for the receipt: {"hours", "mails", "unconfirmed"}; None where none watches this instance."""
    alarm = seen.get("alarm")
    if not alarm or not box or not alarm["ActionsEnabled"] or view(alarm)["instance"] != [box["InstanceId"]]:
        return None
    if not any(arn.endswith(f":{alarm['AlarmName']}") for arn in alarm.get("AlarmActions") or []):
        return None
    subscribed = seen.get("alarm_subscriptions", [])
    mails = sorted(one["Endpoint"] for one in subscribed if one["SubscriptionArn"] != PENDING)
    unconfirmed = sorted(one["Endpoint"] for one in subscribed if one["SubscriptionArn"] == PENDING)
    return {"hours": round(view(alarm)["hours"] or 0, 2), "mails": mails, "unconfirmed": unconfirmed}


def _instance(value: Any) -> Any:
    return "the instance to be launched" if isinstance(value, Ref) else value
