"""SNS: a subscription by e-mail gets nothing until its owner confirms it, and is forgotten after two days."""

from __future__ import annotations

import copy
from typing import Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

from ..state import STATE

NEEDS_CONSENT = ("email", "email-json", "http", "https")
KEPT_S = 48 * 3600.0
PENDING = "PendingConfirmation"


def forget(backend: Any) -> None:
    """Drop what nobody confirmed in time."""
    ends = STATE.now().timestamp() - KEPT_S
    old = [arn for arn, one in backend.subscriptions.items() if one.attributes[PENDING] and one.asked < ends]
    for arn in old:
        del backend.subscriptions[arn]


def apply() -> None:
    """Patch moto."""
    subscribe, listed, by_topic = (
        SNSBackend.subscribe,
        SNSBackend.list_subscriptions,
        SNSBackend.list_subscriptions_by_topic,
    )
    unsubscribe, answer = SNSBackend.unsubscribe, SNSResponse.subscribe

    def shown(found: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        views = [copy.copy(one) for one in found[0]]
        for one in views:
            one.arn = PENDING if one.attributes[PENDING] else one.arn
        return views, found[1]

    def new(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        forget(self)
        known = set(self.subscriptions)
        made = subscribe(self, topic_arn, endpoint, protocol)
        if made.arn not in known:
            made.asked = STATE.now().timestamp()
            made.attributes[PENDING] = protocol in NEEDS_CONSENT
        return made

    def list_all(self: Any, *args: Any, **options: Any) -> Any:
        forget(self)
        return shown(listed(self, *args, **options))

    def list_one(self: Any, topic_arn: str, *args: Any, **options: Any) -> Any:
        forget(self)
        return shown(by_topic(self, topic_arn, *args, **options))

    def end(self: Any, subscription_arn: str) -> None:
        if subscription_arn.lower().replace(" ", "") == PENDING.lower():
            raise SNSInvalidParameter("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements")
        unsubscribe(self, subscription_arn)

    def answer_subscribe(self: Any) -> Any:
        done = answer(self)
        made = self.backend.subscriptions[done.result["SubscriptionArn"]]
        if made.attributes[PENDING] and str(self._get_param("ReturnSubscriptionArn")).lower() != "true":
            done.result["SubscriptionArn"] = "pending confirmation"
        return done

    SNSBackend.subscribe = new
    SNSBackend.list_subscriptions = list_all
    SNSBackend.list_subscriptions_by_topic = list_one
    SNSBackend.unsubscribe = end
    SNSResponse.subscribe = answer_subscribe
