"""What Service Quotas and the running instances say about the family of a type."""

from __future__ import annotations

from typing import Any

QUOTA_PARTS: dict[str, Any] = {}
