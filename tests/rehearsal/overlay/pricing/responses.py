"""The Price List Query API's operations."""

from __future__ import annotations

import json

from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse

from .models import pricing_backends

# AWS answers in these regions alone.
ENDPOINTS = ("us-east-1", "eu-central-1", "ap-south-1")


class PricingResponse(BaseResponse):  # type: ignore[misc]
    """One request."""

    def __init__(self) -> None:
        super().__init__(service_name="pricing")

    def get_products(self) -> str:
        """GetProducts, in pages."""
        if self.region not in ENDPOINTS:
            raise JsonRESTError("InvalidParameterException", f"The Price List API has no endpoint in {self.region}.")
        asked = json.loads(self.body)
        found = pricing_backends[self.current_account][self.region].get_products(
            asked["ServiceCode"], asked.get("Filters", [])
        )
        start, size = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or 100)
        if not 1 <= size <= 100:
            raise JsonRESTError("InvalidParameterException", "MaxResults must be between 1 and 100.")
        answer = {"FormatVersion": "aws_v1", "PriceList": found[start : start + size]}
        if start + size < len(found):
            answer["NextToken"] = str(start + size)
        return json.dumps(answer)
