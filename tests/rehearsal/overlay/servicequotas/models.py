"""Quotas and the requests to raise them; a request is decided by the knobs, after a delay or on command."""

from __future__ import annotations

from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.moto_api._internal import mock_random
from rehearsal.state import STATE

from .quotas import CASES, DECISIONS, GRANTED, OPEN, QUOTAS, granted


def shown(own: str) -> str:
    """The code under which AWS's answers show a quota: its own, unless the knob says another."""
    return str(STATE.knobs.quota_codes.get(own, own))


class ServiceQuotasBackend(BaseBackend):  # type: ignore[misc]
    """One region's quotas."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.applied: dict[str, float] = {}
        self.requests: list[dict[str, Any]] = []

    def quota(self, service: str, code: str, default: bool = False) -> dict[str, Any]:
        """One quota as AWS describes it; a code that the knob replaced is no more."""
        own = self.own_code(code)
        if service != "ec2" or own is None or not (default or self.has_own_value(own)):
            raise JsonRESTError(
                "NoSuchResourceException", "The request failed because the specified quota does not exist."
            )
        self.settle()
        return self.view(own, default)

    def own_code(self, code: str) -> str | None:
        """The code in QUOTAS of the code that AWS's answers show; None for an unknown one."""
        return next((own for own in QUOTAS if shown(own) == code), None)

    def has_own_value(self, own: str) -> bool:
        """Whether the account has a value of its own; without one AWS answers its default alone."""
        return own in self.applied or own not in STATE.knobs.quota_unapplied

    def own_code_of(self, request: dict[str, Any]) -> str:
        """The code in QUOTAS of a request."""
        return self.own_code(request["QuotaCode"]) or str(request["QuotaCode"])

    def view(self, own: str, default: bool) -> dict[str, Any]:
        """A quota as AWS describes it."""
        return {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:ec2/{shown(own)}",
            "QuotaCode": shown(own),
            "QuotaName": QUOTAS[own][0],
            "Value": QUOTAS[own][1] if default else self.value(own),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def granted(self, own: str) -> float:
        """What EC2 holds the account to now."""
        self.settle()
        return self.value(own)

    def value(self, own: str) -> float:
        """What is granted: by a decision, else by the knob, else beforehand, else AWS's default."""
        return self.applied.get(own, STATE.knobs.quota_values.get(own, GRANTED.get(own, QUOTAS[own][1])))

    def quotas(self, service: str, default: bool = False) -> list[dict[str, Any]]:
        """Every quota of a service, by name; without AWS's defaults only those that have a value of their own."""
        if service != "ec2":
            raise JsonRESTError(
                "NoSuchResourceException", "The request failed because the specified service does not exist."
            )
        self.settle()
        kept = (own for own in QUOTAS if default or self.has_own_value(own))
        return sorted((self.view(own, default) for own in kept), key=lambda one: str(one["QuotaName"]))

    def request(self, service: str, code: str, value: float) -> dict[str, Any]:
        """Ask for more."""
        quota = self.quota(service, code, default=True)
        quota["Value"] = self.value(self.own_code(code) or code)
        if value <= quota["Value"]:
            text = "You must provide a quota value greater than the current quota value"
            raise JsonRESTError("IllegalArgumentException", text)
        if any(r["QuotaCode"] == code and r["Status"] in OPEN for r in self.requests):
            text = "Only one open service quota increase request is allowed per quota."
            raise JsonRESTError("ResourceAlreadyExistsException", text)
        now = STATE.now().timestamp()
        asked = {
            k: quota[k]
            for k in ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "GlobalQuota", "Unit")
        }
        made = {"Id": mock_random.get_random_hex(32), "DesiredValue": value, "Status": "PENDING", **asked}
        self.requests.append(
            {**made, "Created": now, "LastUpdated": now, "Requester": f'{{"accountId":"{self.account_id}"}}'}
        )
        return self.requests[-1]

    def settle(self) -> None:
        """Decide the open requests whose time has come, by the policy knob."""
        knobs, now = STATE.knobs, STATE.now().timestamp()
        for one in self.requests:
            if (
                knobs.quota_policy in DECISIONS
                and one["Status"] in OPEN
                and now - one["Created"] >= knobs.quota_after_s
            ):
                value = granted(knobs.quota_policy, self.value(self.own_code_of(one)), one["DesiredValue"])
                self.decide(one, DECISIONS[knobs.quota_policy], value)

    def decide(self, request: dict[str, Any], status: str, value: float | None = None) -> None:
        """Put a request into a status; APPROVED grants `value`, or what was asked."""
        request.update(Status=status, LastUpdated=STATE.now().timestamp())
        if status in CASES:
            request.setdefault("CaseId", str(mock_random.randint(10**10, 10**11 - 1)))
        if status == "APPROVED":
            self.applied[self.own_code_of(request)] = request["DesiredValue"] if value is None else value

    def history(self, service: str | None, code: str | None, status: str | None) -> list[dict[str, Any]]:
        """The requests made, newest first."""
        self.settle()
        found = [r for r in self.requests if service in (None, r["ServiceCode"]) and code in (None, r["QuotaCode"])]
        return [r for r in reversed(found) if status in (None, r["Status"])]


servicequotas_backends = BackendDict(ServiceQuotasBackend, "service-quotas")
