"""IAM policy documents: compared by meaning, because AWS and the console write the same policy in several forms."""

from __future__ import annotations

import json
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether two documents say the same: order, and a list around a single value, mean nothing."""
    return bool(_canonical(one) == _canonical(other))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        items = {json.dumps(_canonical(item), sort_keys=True) for item in value}
        return json.loads(items.pop()) if len(items) == 1 else sorted(items)
    return str(value).lower() if isinstance(value, bool) else value
