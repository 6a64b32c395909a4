"""RunInstances' client token: the same for two runs that want the same box, another for each generation."""

from __future__ import annotations

import hashlib

from .names import Scope


def client_token(account: str, scope: Scope, generation: int, attempt: int = 1) -> str:
    """Up to 64 ASCII characters, from account, region, box, generation and attempt."""
    text = f"{account}/{scope.region}/{scope.box}/{generation}/{attempt}"
    return "dlbox-" + hashlib.sha256(text.encode()).hexdigest()[:48]
