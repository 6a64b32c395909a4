"""Quotas and the requests to raise them; a request is decided by the knobs, after a delay or on command."""

from __future__ import annotations

from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.moto_api._internal import mock_random
from rehearsal.state import STATE

from .quotas import DECISIONS, GRANTED, OPEN, QUOTAS, granted


class ServiceQuotasBackend(BaseBackend):  # type: ignore[misc]
    """One region's quotas."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.applied: dict[str, float] = {}
        self.requests: list[dict[str, Any]] = []

    def quota(self, service: str, code: str, default: bool = False) -> dict[str, Any]:
        """One quota as AWS describes it."""
        if service != "ec2" or code not in QUOTAS:
            raise JsonRESTError(
                "NoSuchResourceException", "The request failed because the specified quota does not exist."
            )
        self.settle()
        name, value = QUOTAS[code]
        value = value if default else self.value(code)
        return {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:ec2/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def value(self, code: str) -> float:
        """What is granted now: by a decision, else by the knob, else beforehand, else AWS's default."""
        return self.applied.get(code, STATE.knobs.quota_values.get(code, GRANTED.get(code, QUOTAS[code][1])))

    def quotas(self, service: str, default: bool = False) -> list[dict[str, Any]]:
        """Every quota of a service."""
        if service != "ec2":
            raise JsonRESTError(
                "NoSuchResourceException", "The request failed because the specified service does not exist."
            )
        return [self.quota(service, code, default) for code in QUOTAS]

    def request(self, service: str, code: str, value: float) -> dict[str, Any]:
        """Ask for more."""
        quota = self.quota(service, code)
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
                value = granted(knobs.quota_policy, self.value(one["QuotaCode"]), one["DesiredValue"])
                self.decide(one, DECISIONS[knobs.quota_policy], value)

    def decide(self, request: dict[str, Any], status: str, value: float | None = None) -> None:
        """Put a request into a status; APPROVED grants `value`, or what was asked."""
        request.update(Status=status, LastUpdated=STATE.now().timestamp())
        if status == "APPROVED":
            self.applied[request["QuotaCode"]] = request["DesiredValue"] if value is None else value

    def history(self, service: str | None, code: str | None, status: str | None) -> list[dict[str, Any]]:
        """The requests made, newest first."""
        self.settle()
        found = [r for r in self.requests if service in (None, r["ServiceCode"]) and code in (None, r["QuotaCode"])]
        return [r for r in reversed(found) if status in (None, r["Status"])]


servicequotas_backends = BackendDict(ServiceQuotasBackend, "service-quotas")
