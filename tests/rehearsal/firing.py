"""Looks for what is due in a window of time, in every region, and fires it in order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from . import clock
from .clock import Timing
from .cloud import Cloud
from .targets import Due, Targets

# Jumping far ahead would otherwise run a frequent schedule thousands of times; what is left out is recorded.
MOST = 60


def schedule_timing(raw: dict[str, Any]) -> Timing:
    """Read the timing of a schedule."""
    zone = raw.get("ScheduleExpressionTimezone") or "UTC"
    return Timing(raw["ScheduleExpression"], zone, raw["CreationDate"], raw.get("StartDate"), raw.get("EndDate"))


def group_arn(raw: dict[str, Any]) -> str:
    """Name the group of a schedule, which is what a trust policy's aws:SourceArn must name."""
    return f"{raw['Arn'].split(':schedule/')[0]}:schedule-group/{raw['GroupName']}"


class Firing:
    """The scheduler and EventBridge of one rehearsal."""

    def __init__(self, cloud: Cloud, targets: Targets) -> None:
        self.cloud = cloud
        self.targets = targets
        # A rule has no creation date in the API: its rate counts from when it was first seen.
        self.born: dict[str, datetime] = {}

    def pass_time(self, regions: list[str], after: datetime, until: datetime) -> None:
        """Fire everything that is due in (after, until], then drop the finished schedules that asked for it."""
        waiting = [due for region in regions for due in self.waiting(region, after, until)]
        for due in sorted(waiting, key=lambda one: one.at):
            self.targets.fire(due)
        for region in regions:
            self.drop_finished(region, until)

    def waiting(self, region: str, after: datetime, until: datetime) -> Iterator[Due]:
        """Yield what the enabled schedules and rules of a region have due."""
        for raw in self.schedules(region):
            if raw.get("State", "ENABLED") == "ENABLED":
                for moment in self.moments(raw["Arn"], schedule_timing(raw), after, until):
                    yield Due(moment, region, raw["Arn"], raw["Target"], group_arn(raw))
        for raw in self.rules(region):
            timing = Timing(raw["ScheduleExpression"], "UTC", self.born.setdefault(raw["Arn"], after))
            for moment in self.moments(raw["Arn"], timing, after, until):
                for target in raw["Targets"]:
                    yield Due(moment, region, raw["Arn"], target)

    def schedules(self, region: str) -> Iterator[dict[str, Any]]:
        """Yield every schedule of a region in full."""
        client = self.cloud.client("scheduler", region)
        for page in client.get_paginator("list_schedules").paginate():
            for short in page["Schedules"]:
                # Its owner may delete it between the two calls.
                with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                    yield client.get_schedule(Name=short["Name"], GroupName=short["GroupName"])

    def rules(self, region: str) -> Iterator[dict[str, Any]]:
        """Yield the enabled scheduled rules of a region with their targets."""
        client = self.cloud.client("events", region)
        for raw in client.list_rules()["Rules"]:
            if raw.get("State") == "ENABLED" and raw.get("ScheduleExpression"):
                with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                    yield raw | {"Targets": client.list_targets_by_rule(Rule=raw["Name"])["Targets"]}

    def moments(self, arn: str, timing: Timing, after: datetime, until: datetime) -> list[datetime]:
        """List the moments of one schedule; a broken expression or a flood is recorded."""
        try:
            found = clock.due(timing, after, until)
        except (ValueError, KeyError) as problem:
            self.targets.write(until, arn, "failed", str(problem))
            return []
        if len(found) > MOST:
            self.targets.write(until, arn, "left out", f"{len(found) - MOST} of {len(found)} firings of one jump")
        return found[-MOST:]

    def drop_finished(self, region: str, now: datetime) -> None:
        """Delete the finished schedules whose ActionAfterCompletion is DELETE."""
        client = self.cloud.client("scheduler", region)
        for raw in self.schedules(region):
            if raw.get("ActionAfterCompletion") == "DELETE" and clock.finished(schedule_timing(raw), now):
                with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                    client.delete_schedule(Name=raw["Name"], GroupName=raw["GroupName"])
