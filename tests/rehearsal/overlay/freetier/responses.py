"""The Free Tier API's operations."""

from __future__ import annotations

import json

from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse

from .models import freetier_backends


class FreeTierResponse(BaseResponse):  # type: ignore[misc]
    """One request."""

    def __init__(self) -> None:
        super().__init__(service_name="freetier")

    def get_account_plan_state(self) -> str:
        """GetAccountPlanState; AWS answers in us-east-1 alone."""
        if self.region != "us-east-1":
            raise JsonRESTError("ValidationException", f"The Free Tier API has no endpoint in {self.region}.")
        return json.dumps(freetier_backends[self.current_account][self.region].plan())
