"""Whose account a call is for: an access key id of twelve digits is that account's, every other key the rehearsal's."""

from __future__ import annotations

from typing import Any

from moto.core.responses import BaseResponse

from ..state import ACCOUNT
from ..wire import account_of, scope


def apply() -> None:
    """Patch moto."""

    def get_current_account(self: Any) -> str:
        found = scope(self.headers.get("Authorization", ""))
        return account_of(found[0]) if found else ACCOUNT

    BaseResponse.get_current_account = get_current_account
