"""What GPUs can I have: one region's quotas and types as a table, or regions side by side. It changes nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from . import observe_gpu, quota_next, quota_table, quota_text
from .aws import Aws
from .errors import Refused
from .names import scope
from .quota_facts import OPERATIONS, gather
from .spec import READING_SPEC

SPEC = {
    **READING_SPEC,
    "regions": {"type": "list", "elements": "str", "default": []},
    "types": {"type": "str", "default": "few", "choices": ["few", "all"]},
}
# How many seconds a call is tried again while the rest of the table waits for it.
PATIENCE_S = 15.0


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """The box's region as a table, or the regions asked for, compared: {"regions": rows, "next", "text"}."""
    here = scope(params)
    asked = [name.strip() for name in params["regions"] if name.strip()]
    # Each line of progress once: many calls of many regions may have to say the same.
    aws = Aws(here.region, here.profile, lru_cache(maxsize=None)(say), PATIENCE_S, OPERATIONS)
    names = choose(asked, observe_gpu.regions(aws)) if asked else [here.region]
    # The box's own region first: it tells about the types for all.
    facts = gather(aws, sorted(names, key=lambda name: (name != here.region, name)))
    if not asked and "failure" in facts[0]:
        raise facts[0]["failure"]
    rows = [quota_table.region_row(item, here.box) for item in facts]
    told = quota_next.Told(here.region, aws.rehearsal, params["types"] == "all", bool(asked), here.box)
    said = {"next": quota_next.advice(rows, told), "text": quota_text.text(rows, told)}
    return {"changed": False, "regions": rows, **said}


def choose(asked: list[str], known: dict[str, bool]) -> list[str]:
    """The regions that quota_regions means; refuses what AWS or the account does not have. `known`: region -> enabled?"""
    if asked == ["all"]:
        return [name for name, enabled in known.items() if enabled]
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "write all, or names as in us-east-1,eu-central-1"
            raise Refused(f"quota_regions: {name[:40]!r} is not a region of AWS: {hint}")
        if not known[name]:
            raise Refused(
                f"quota_regions: {name} is not enabled for this account: enable it in the AWS console under Account, or leave it out"
            )
    return list(dict.fromkeys(asked))
