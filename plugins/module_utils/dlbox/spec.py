"""The options that every dlbox module takes; the argument spec of a noun adds its own."""

from __future__ import annotations

from typing import Any

READING_SPEC: dict[str, Any] = {
    "box": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "profile": {"type": "str", "default": ""},
}
COMMON_SPEC: dict[str, Any] = {**READING_SPEC, "observed": {"type": "dict", "default": {}}}
