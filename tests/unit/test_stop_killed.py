"""A run that is killed between any two writes: the box stops as before or as asked for, and is told so; never less."""

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dlbox import function_standing, stop_function, stop_handler, stop_rules
from dlbox.change import Call
from dlbox.names import Scope
from dlbox.plan_schedule import Want
from dlbox.timetable import DAILY, Entry, Timetable
from rehearsal import clock
from unit.test_stop_function import NOTHING

# A Sunday, 08:00 in Shanghai.
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WEEK = timedelta(days=8)
Deeds = list[tuple[datetime, str]]


def want(at: int = 20, days: tuple[int, ...] = DAILY, zone: str = "Asia/Shanghai") -> Any:
    return Want(
        Scope("lab", "us-west-2"), "lambda", Timetable((Entry("stop", time(at), days),), zone), "", "", "present"
    )


class Account:
    """What these calls leave on AWS, as a picture for the next plan, and what then happens by itself."""

    def __init__(self) -> None:
        self.seen, self.package = deepcopy(NOTHING), b""

    def take(self, call: Call) -> None:
        """One write."""
        getattr(self, call.operation, lambda **_: None)(**call.params)

    def run(self, wanted: Any, until: datetime | None, writes: int = 99) -> bool:
        """A run that is killed after so many writes; whether it came to its end."""
        calls = [call for change in stop_function.ensure(wanted, self.seen, "i-1", until) for call in change.calls]
        calls = [call for call in calls if call.service != "wait"]
        for call in calls[:writes]:
            self.take(call)
        return len(calls) <= writes

    def create_role(self, **params: Any) -> None:
        arn = "arn:aws:iam::123456789012:role/r"
        self.seen["function_role"] = {"Arn": arn, "Trust": json.loads(params["AssumeRolePolicyDocument"]), "Tags": {}}

    def create_function(self, Code: dict[str, bytes], **params: Any) -> None:
        self.seen["function"] = {**params, "Architectures": [], "Layers": [], "Subnets": [], "CodeSha256": "x", "DeadLetters": "",
                                 "Failed": False, "Throttled": False, "Tags": {}}  # fmt: skip
        self.update_function_configuration(**params)
        self.update_function_code(**Code)

    def update_function_configuration(self, **params: Any) -> None:
        self.seen["function"]["Variables"] = params["Environment"]["Variables"]

    def update_function_code(self, **params: Any) -> None:
        self.package = params["ZipFile"]

    def put_rule(self, **params: Any) -> None:
        new = {"Arn": "a", "Pattern": None, "Targets": [], "Tags": {}}
        rule = self.seen["rules"].setdefault(params["Name"], new)
        rule |= {"Expression": params["ScheduleExpression"], "State": params["State"]}

    def put_targets(self, **params: Any) -> None:
        self.seen["rules"][params["Rule"]]["Targets"] = params["Targets"]

    def remove_targets(self, **params: Any) -> None:
        self.seen["rules"][params["Rule"]]["Targets"] = []

    def delete_rule(self, **params: Any) -> None:
        del self.seen["rules"][params["Name"]]

    def add_permission(self, **params: Any) -> None:
        name = params["StatementId"]
        self.seen["function_permissions"][name] = stop_rules.permission(want(), self.seen, name)

    def remove_permission(self, **params: Any) -> None:
        del self.seen["function_permissions"][params["StatementId"]]

    def happens(self) -> Deeds:
        """What the function does in the week to come, by the code that stands, woken by the rules that may."""
        told = json.loads(self.seen["function"]["Variables"]["DLBOX"])
        files = zipfile.ZipFile(io.BytesIO(self.package))
        zone = ZoneInfo.from_file(io.BytesIO(files.read(f"zones/{told['zone']}")))
        may = [
            rule
            for name, rule in self.seen["rules"].items()
            if rule["Targets"] and name in self.seen["function_permissions"]
        ]
        timings = [clock.Timing(rule["Expression"], "UTC", NOW) for rule in may]
        woken = sorted({moment for one in timings for moment in clock.occurrences(one, NOW, NOW + WEEK)})
        return [(moment, verb) for moment in woken for verb in stop_handler.due(told, moment, zone)]

    def told(self) -> Deeds:
        """What the receipt says of it."""
        coming = function_standing.firings(want(), self.seen, {"InstanceId": "i-1"}, NOW)
        return [one for one in coming if one[0] <= NOW + WEEK]


QUARTER_PAST_11PM, ONE = datetime(2026, 11, 22, 15, 15, tzinfo=UTC), datetime(2026, 11, 22, 17, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORKDAYS, WEEKEND = (1, 2, 3, 4, 5), (6, 7)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((want(), None), (want(), QUARTER_PAST_11PM)),
        ((want(), QUARTER_PAST_11PM), (want(), ONE)),
        ((want(), QUARTER_PAST_11PM), (want(), TOMORROW)),
        ((want(), QUARTER_PAST_11PM), (want(), None)),
        ((want(), None), (want(21), None)),
        ((want(days=WORKDAYS), None), (want(days=WEEKEND), None)),
        ((want(), None), (want(zone="America/New_York"), None)),
        ((want(21), None), (want(20, zone="America/New_York"), None)),
        ((want(), QUARTER_PAST_11PM), (want(21, WORKDAYS, "America/New_York"), QUARTER_PAST_11PM)),
    ],
    ids=["a snooze begins", "is drawn out", "to a regular stop", "ends", "another time", "other days", "another zone",
         "zone and time", "all of it while snoozed"],
)  # fmt: skip
def test_it_stops_as_before_or_as_asked_for(before: Any, after: Any) -> None:
    found, mended = [], []
    for writes in range(99):
        account = Account()
        account.run(*before)
        old, ended = account.happens(), account.run(*after, writes)
        found.append(account.happens())
        assert account.told() == found[-1]
        account.run(*after)
        mended.append(account.happens())
        if ended:
            break
    new = found[-1]
    assert old != new
    assert all(deeds in (old, new) for deeds in found), found
    assert all(deeds == new for deeds in mended), mended
