"""Service Quotas' operations."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse

from .models import ServiceQuotasBackend, servicequotas_backends


class ServiceQuotasResponse(BaseResponse):  # type: ignore[misc]
    """One request."""

    def __init__(self) -> None:
        super().__init__(service_name="service-quotas")

    @property
    def backend(self) -> ServiceQuotasBackend:
        """The region's backend."""
        return servicequotas_backends[self.current_account][self.region]  # type: ignore[no-any-return]

    @property
    def asked(self) -> dict[str, Any]:
        """The request's parameters."""
        return json.loads(self.body)  # type: ignore[no-any-return]

    def paged(self, name: str, found: list[dict[str, Any]]) -> str:
        """One page of a list, of 1 to 100."""
        size, token = int(self.asked.get("MaxResults") or 100), self.asked.get("NextToken") or "0"
        if not 1 <= size <= 100 or not token.isdecimal():
            raise JsonRESTError("IllegalArgumentException", "MaxResults is 1 to 100, NextToken an earlier answer's.")
        after = int(token) + size
        more = {"NextToken": str(after)} if after < len(found) else {}
        return json.dumps({name: found[int(token) : after], **more})

    def get_service_quota(self) -> str:
        """GetServiceQuota."""
        return json.dumps({"Quota": self.backend.quota(self.asked["ServiceCode"], self.asked["QuotaCode"])})

    def get_aws_default_service_quota(self) -> str:
        """GetAWSDefaultServiceQuota."""
        return json.dumps(
            {"Quota": self.backend.quota(self.asked["ServiceCode"], self.asked["QuotaCode"], default=True)}
        )

    def list_service_quotas(self) -> str:
        """ListServiceQuotas."""
        return self.paged("Quotas", self.backend.quotas(self.asked["ServiceCode"]))

    def list_aws_default_service_quotas(self) -> str:
        """ListAWSDefaultServiceQuotas."""
        return self.paged("Quotas", self.backend.quotas(self.asked["ServiceCode"], default=True))

    def request_service_quota_increase(self) -> str:
        """RequestServiceQuotaIncrease."""
        asked = self.asked
        made = self.backend.request(asked["ServiceCode"], asked["QuotaCode"], float(asked["DesiredValue"]))
        return json.dumps({"RequestedQuota": made})

    def get_requested_service_quota_change(self) -> str:
        """GetRequestedServiceQuotaChange."""
        for one in self.backend.history(None, None, None):
            if one["Id"] == self.asked["RequestId"]:
                return json.dumps({"RequestedQuota": one})
        raise JsonRESTError("NoSuchResourceException", "The specified request does not exist.")

    def list_requested_service_quota_change_history(self) -> str:
        """ListRequestedServiceQuotaChangeHistory."""
        found = self.backend.history(self.asked.get("ServiceCode"), None, self.asked.get("Status"))
        return self.paged("RequestedQuotas", found)

    def list_requested_service_quota_change_history_by_quota(self) -> str:
        """ListRequestedServiceQuotaChangeHistoryByQuota."""
        found = self.backend.history(self.asked["ServiceCode"], self.asked["QuotaCode"], self.asked.get("Status"))
        return self.paged("RequestedQuotas", found)
