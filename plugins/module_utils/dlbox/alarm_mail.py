"""The topic that the alarm mails through, and who is subscribed to it."""

from __future__ import annotations

from typing import Any

from .alarm_form import PENDING, alarm_name, topic_arn
from .change import Call, Change
from .names import lacking, tag_list


def topic(want: Any, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave the topic with the box's tags."""
    thing, found, arn = f"topic {alarm_name(want.scope)}", seen["alarm_topic"], topic_arn(want.scope, seen)
    if found is None:
        calls = (Call("sns", "create_topic", {"Name": alarm_name(want.scope), "Tags": tag_list(want.scope.tags)}),)
        return [Change("create", thing, "there is none of this name", None, want.scope.tags, calls=calls)]
    return retag(want, thing, found["Tags"], Call("sns", "tag_resource", {"ResourceArn": arn}))


def mails(want: Any, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave this one address subscribed, of all e-mail addresses."""
    thing = f"mails of topic {alarm_name(want.scope)}"
    # One that is not confirmed gets no mail, cannot be ended, and is gone after two days.
    others = [one for one in confirmed(seen) if not is_wanted(want, one)]
    changes = []
    if not any(is_wanted(want, one) for one in seen["alarm_subscriptions"]):
        params = {"TopicArn": topic_arn(want.scope, seen), "Protocol": "email", "Endpoint": want.email}
        reason = "box_alarm_email differs" if others else "nobody would get the mail"
        calls = (Call("sns", "subscribe", params),)
        changes.append(
            Change("subscribe", thing, reason, None, f"{want.email}, once it confirms AWS's mail", calls=calls)
        )
    for one in others:
        calls = (Call("sns", "unsubscribe", {"SubscriptionArn": one["SubscriptionArn"]}),)
        changes.append(Change("unsubscribe", thing, "no setting asks for it", one["Endpoint"], None, calls=calls))
    return changes


def retag(want: Any, thing: str, tags: dict[str, str], call: Call) -> list[Change]:
    """The change that puts back the tags that are missing or differ, by this call."""
    if not (missing := lacking(want.scope, tags)):
        return []
    calls = (Call(call.service, call.operation, {**call.params, "Tags": tag_list(missing)}),)
    return [Change("tag", thing, "its tags differ", tags, {**tags, **missing}, calls=calls)]


def confirmed(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The subscriptions that get mail."""
    return [one for one in seen["alarm_subscriptions"] if one["SubscriptionArn"] != PENDING]


def is_wanted(want: Any, subscription: dict[str, Any]) -> bool:
    """Whether a subscription is the one asked for; mail takes no notice of case."""
    return str(subscription["Endpoint"]).lower() == str(want.email).lower()
