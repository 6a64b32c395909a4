"""What AWS will do to the box by itself as things stand there, whatever the settings say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from . import stop_form, timetable

_ONCE = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
# AWS tries for 15 minutes, and an instance needs a while to stop.
LATE = timedelta(minutes=20)


def firings(seen: dict[str, Any], box: dict[str, Any], after: datetime) -> Iterator[tuple[datetime, str]]:
    """(moment, verb) after a moment, of every enabled schedule that is aimed at this very instance."""
    live = [(name, one) for name, one in seen["schedules"].items() if _aimed(one, box)]
    return timetable.merged([_stream(name.partition("-")[0], one, after) for name, one in live])


def zone(seen: dict[str, Any]) -> str:
    """The zone that the user thinks in: that of the daily stop."""
    return str(seen["schedules"].get("stop", {}).get("ScheduleExpressionTimezone") or "UTC")


def missed(seen: dict[str, Any], box: dict[str, Any], now: datetime) -> datetime | None:
    """The stop that should have come since the box started, and did not: the box still runs well after it."""
    if box.get("State") != "running" or not box.get("LaunchTime"):
        return None
    stops = [one for name, one in seen["schedules"].items() if name.startswith("stop") and _aimed(one, box)]
    changed = [datetime.fromisoformat(one["LastModificationDate"]) for one in stops if one["LastModificationDate"]]
    since = max([datetime.fromisoformat(box["LaunchTime"]), *changed])
    past = takewhile(lambda one: one[0] < now - LATE, firings(seen, box, since))
    return next((moment for moment, verb in past if verb == "stop"), None)


def planned(seen: dict[str, Any], box: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What happens by itself, and what should have happened, for the receipt; moments as timetable.told gives them."""
    home = zone(seen)
    coming = timetable.next_five(firings(seen, box, now), home)
    stop = next((moment for moment, verb in firings(seen, box, now) if verb == "stop"), None)
    until, late = stop_form.kept(seen), missed(seen, box, now)
    return {
        "firings": coming,
        "next_stop": timetable.told(stop, home) if stop else None,
        "today": f"{now.astimezone(ZoneInfo(home)):%Y-%m-%d}",
        "snoozed_until": timetable.told(until, home) if until and until > now else None,
        "missed_stop": timetable.told(late, home) if late else None,
    }


def _aimed(schedule: dict[str, Any], box: dict[str, Any]) -> bool:
    target = schedule["Target"].get("Input") or ""
    return schedule["State"] == "ENABLED" and bool(box) and box["InstanceId"] in target


def _stream(verb: str, schedule: dict[str, Any], after: datetime) -> Iterator[tuple[datetime, str]]:
    expression, begins = schedule["ScheduleExpression"], schedule.get("StartDate")
    if begins:
        after = max(after, datetime.fromisoformat(begins))
    if once := _ONCE.fullmatch(expression):
        moment = datetime.fromisoformat(once[1]).replace(tzinfo=UTC)
        return iter([(moment, verb)] if moment > after else [])
    line = timetable.entry(verb, expression)
    return timetable.stream(line, schedule["ScheduleExpressionTimezone"], after) if line else iter(())
