"""The command `dlbox`: `idle` tells how it stands, `keep` holds the power-off; `look` is the timer's."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time

from . import facts, parse, state
from .look import look
from .show import STALE, show


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="dlbox", description="When this machine powers itself off, and how to keep it."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    idle = verbs.add_parser(
        "idle", help="say what counts as use, since when there was none, and when it would power off"
    )
    idle.add_argument("--json", action="store_true", help="as JSON, for scripts")
    keep = verbs.add_parser("keep", help="hold the power-off: `dlbox keep 2h`, at most 24h; `dlbox keep off` ends it")
    keep.add_argument("length", help="as in 90m or 2h, or off")
    verbs.add_parser("look", help="look once and act on it; the timer dlbox-idle.timer does this, as root")
    return parser.parse_args()


def hold(text: str) -> str:
    """Write the note that holds the power-off, and say until when."""
    seconds = parse.length(text)
    wall = time.time()
    state.save(state.KEEP, {"boot": facts.boot(), "until": facts.now() + seconds, "wall": wall + seconds})
    if not seconds:
        return "Nothing holds the power-off any more; `dlbox idle` says when it would come."
    until = time.strftime("%H:%M %Z", time.localtime(wall + seconds))
    return f"This machine does not power itself off before {until}; the daily stop comes all the same (playbooks/snooze.yml)."


def told(as_json: bool) -> str:
    """The status; what `dlbox keep` asked for after the last look is in it."""
    found, stopped, kept = state.load(state.STATE), state.load(state.STOPPED), 0.0
    # A note that cannot be read is shown as the signal that it is.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = facts.keep({})["left"]
    if as_json:
        # What the last look found hours ago says nothing of now.
        fresh = abs(time.time() - float(found.get("wall") or 0)) <= STALE
        verdict = found.get("verdict") if fresh else None
        return json.dumps({**found, "verdict": verdict, "last_stop": stopped, "kept": kept})
    try:
        return show(found, stopped, kept, time.time())
    except (AttributeError, KeyError, TypeError, ValueError):
        # Broken files: the next look replaces the one, the next power-off the other.
        return show({}, {}, kept, time.time())


def main() -> None:
    """Do what was asked; every failure is one sentence."""
    given = arguments()
    try:
        if given.verb == "look":
            look()
        elif given.verb == "keep":
            print(hold(given.length))
        else:
            print(told(given.json))
    except ValueError as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"dlbox {given.verb}: {error.filename} is not yours to write: put sudo before it.")
