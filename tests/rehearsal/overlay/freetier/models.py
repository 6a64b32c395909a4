"""What plan the account is on: the knob says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from rehearsal.state import STATE

CREDITS_USD = 100.0  # what a new account on the free plan has


class FreeTierBackend(BaseBackend):  # type: ignore[misc]
    """The account."""

    def plan(self) -> dict[str, Any]:
        """GetAccountPlanState's answer; only a free plan ends, six months from now."""
        free = STATE.knobs.account_plan == "FREE"
        ends = STATE.now() + timedelta(days=182)
        return {
            "accountId": self.account_id,
            "accountPlanType": STATE.knobs.account_plan,
            "accountPlanStatus": "ACTIVE",
            "accountPlanRemainingCredits": {"amount": CREDITS_USD if free else 0.0, "unit": "USD"},
        } | ({"accountPlanExpirationDate": f"{ends:%Y-%m-%dT%H:%M:%SZ}"} if free else {})


freetier_backends = BackendDict(FreeTierBackend, "freetier", use_boto3_regions=False, additional_regions=["us-east-1"])
