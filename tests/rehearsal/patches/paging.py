"""Pages of a describe, as AWS cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from .errors import refuse

One = TypeVar("One")


def page(asked: Any, found: Sequence[One], most: int) -> tuple[list[One], str | None]:
    """One page of what was found, and the token of the next; `asked` has moto's _get_param, `most` is AWS's own limit."""
    token, size = asked._get_param("NextToken") or "0", int(asked._get_param("MaxResults") or most)
    if not token.isdecimal():
        raise refuse("InvalidParameterValue", "Unable to parse pagination token")
    start = int(token)
    after = start + min(size, most)
    return list(found[start:after]), str(after) if after < len(found) else None
