"""IAM roles: an update keeps what it does not name."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse


def apply() -> None:
    """Patch moto."""

    def update_role(self: Any) -> Any:
        role = self.backend.get_role(self._get_param("RoleName"))
        description, seconds = self._get_param("Description"), self._get_param("MaxSessionDuration")
        role.description = role.description if description is None else description
        role.max_session_duration = role.max_session_duration if seconds is None else seconds
        return EmptyResult()

    IamResponse.update_role = update_role
