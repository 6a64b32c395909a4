"""What AWS will do to the box by itself as things stand there, whatever the settings say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from . import function_form, function_standing, stop_form, timetable, zone_data

_ONCE = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
# AWS tries for 15 minutes, and an instance needs a while to stop.
LATE = timedelta(minutes=20)
# A week, and a snooze of a week before it.
HORIZON = timedelta(days=15)


def firings(want: Any, seen: dict[str, Any], box: dict[str, Any], after: datetime) -> Iterator[tuple[datetime, str]]:
    """(moment, verb) after a moment, of every enabled schedule and rule that is aimed at this very instance."""
    named = [(name.partition("-")[0], one) for name, one in seen["schedules"].items()]
    streams = [_stream(verb, one, after) for verb, one in named if _aimed(verb, one, box)]
    if seen["function_role"]:
        streams.append(function_standing.firings(want, seen, box, after))
    return timetable.merged(streams)


def zone(seen: dict[str, Any]) -> str:
    """The zone that the user thinks in: that of the daily stop."""
    known = function_form.told(seen["function"]) if seen["function_role"] else None
    return str(
        (known or {}).get("zone") or seen["schedules"].get("stop", {}).get("ScheduleExpressionTimezone") or "UTC"
    )


def missed(want: Any, seen: dict[str, Any], box: dict[str, Any], now: datetime) -> datetime | None:
    """The stop that should have come since the box started, and did not: the box still runs well after it."""
    if box.get("State") != "running" or not box.get("LaunchTime"):
        return None
    changed = [one["LastModificationDate"] for name, one in seen["schedules"].items() if name.startswith("stop")]
    changed += [seen["function"]["LastModified"]] if seen["function_role"] and seen["function"] else []
    since = max(datetime.fromisoformat(moment) for moment in [box["LaunchTime"], *changed] if moment)
    past = takewhile(lambda one: one[0] < now - LATE, firings(want, seen, box, since))
    first = next((moment for moment, verb in past if verb == "stop"), None)
    # What stops the box at a snooze's end is gone afterwards, whether it did or not.
    ended = _kept(seen)
    return min((one for one in (first, ended) if one and since < one < now - LATE), default=None)


def _kept(seen: dict[str, Any]) -> datetime | None:
    ends = [stop_form.kept(seen), function_standing.kept(seen) if seen["function_role"] else None]
    return max((end for end in ends if end), default=None)


def planned(want: Any, seen: dict[str, Any], box: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What happens by itself, and what should have happened, for the receipt; moments as timetable.told gives them."""
    home = zone(seen)
    coming = timetable.next_five(firings(want, seen, box, now), home)
    # Starts alone would be looked through for ever.
    soon = takewhile(lambda one: one[0] < now + HORIZON, firings(want, seen, box, now))
    stop = next((moment for moment, verb in soon if verb == "stop"), None)
    until, late = _kept(seen), missed(want, seen, box, now)
    return {
        "firings": coming,
        "next_stop": timetable.told(stop, home) if stop else None,
        "today": f"{now.astimezone(zone_data.zone(home)):%Y-%m-%d}",
        "snoozed_until": timetable.told(until, home) if until and until > now else None,
        "missed_stop": timetable.told(late, home) if late else None,
    }


def _aimed(verb: str, schedule: dict[str, Any], box: dict[str, Any]) -> bool:
    target = schedule["Target"]
    does = (
        target["Arn"].endswith(f":ec2:{verb}Instances")
        and bool(box)
        and box["InstanceId"] in (target.get("Input") or "")
    )
    return does and schedule["State"] == "ENABLED"


def _stream(verb: str, schedule: dict[str, Any], after: datetime) -> Iterator[tuple[datetime, str]]:
    expression, begins = schedule["ScheduleExpression"], schedule.get("StartDate")
    if begins:
        after = max(after, datetime.fromisoformat(begins))
    if once := _ONCE.fullmatch(expression):
        wall = datetime.fromisoformat(once[1])
        moment = timetable.instant(wall.date(), wall.time(), zone_data.zone(schedule["ScheduleExpressionTimezone"]))
        return iter([(moment, verb)] if moment and moment > after else [])
    line, ends = timetable.entry(verb, expression), schedule.get("EndDate")
    found = timetable.stream(line, schedule["ScheduleExpressionTimezone"], after) if line else iter(())
    return takewhile(lambda one: one[0] < datetime.fromisoformat(ends), found) if ends else found
