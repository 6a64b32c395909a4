"""Follow an open quota request for as long as was asked for, with a line of progress at each look."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .errors import DlboxError

# Requests take minutes at best, and Service Quotas allows few calls.
PAUSE_S = 30.0


def follow(want: Any, look: Callable[..., dict[str, Any]], check: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """The module's result once the quota is enough, AWS has ended the request, or the time is over."""
    end = time.monotonic() + want.wait_s
    answer = look()
    rounds = [answer]
    while not answer["enough"] and answer["requests"] and not check and time.monotonic() < end:
        left = end - time.monotonic()
        say(
            f"{answer['message'].split(';')[0]}; waiting for AWS, {left / 60:.0f} of {want.wait_s / 60:.0f} minutes left"
        )
        time.sleep(min(PAUSE_S, left))
        answer = look(observed={}, request="false" if want.request == "false" else "true")
        rounds.append(answer)
    if want.granted and not answer["enough"] and not check:
        raise DlboxError(answer["message"])
    every = {key: [item for one in rounds for item in one[key]] for key in ("changes", "diff", "unverified")}
    return {**answer, **every, "changed": any(one["changed"] for one in rounds)}
