"""What EventBridge Scheduler and IAM hold for the box."""

from __future__ import annotations

from typing import Any

SCHEDULE_PARTS: dict[str, Any] = {}
