"""The function as it is shipped: unpacked from its zip, without the rest of dlbox, each decision in its log."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from dlbox import function_code, stop_handler, zone_data

LINES = [["stop", "20:00", [1, 2, 3, 4, 5, 6, 7]], ["stop", "23:30", [5]], ["start", "08:00", [1, 2, 3, 4, 5]]]
CONFIG: dict[str, Any] = {"instances": ["i-1"], "zone": "America/New_York", "lines": LINES, "until": None}
ZONE = zone_data.zone("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "verbs"),
    [
        ("2026-07-01T00:00:00Z", ["stop"]),
        ("2026-07-01T01:00:00Z", []),
        ("2026-01-07T01:00:00Z", ["stop"]),
        ("2026-01-07T00:00:00Z", []),
        ("2026-01-05T13:00:00Z", ["start"]),
        ("2026-01-04T13:00:00Z", []),
        ("2026-01-03T04:30:00Z", ["stop"]),
        ("2026-01-02T04:30:00Z", []),
    ],
    ids=["summer", "winter's hour in summer", "winter", "summer's hour in winter", "Monday", "Sunday", "Friday night", "Thursday night"],
)  # fmt: skip
def test_the_local_time_decides(moment: str, verbs: list[str]) -> None:
    assert stop_handler.due(CONFIG, at(moment), ZONE) == verbs


@pytest.mark.parametrize(
    ("moment", "verbs"),
    [("2026-11-01T05:30:00Z", ["stop"]), ("2026-11-01T06:30:00Z", []), ("2027-03-14T06:30:00Z", []), ("2027-03-14T07:30:00Z", ["stop"])],
    ids=["repeated hour", "its second time", "before the gap", "after the gap, as late as the gap is long"],
)  # fmt: skip
def test_daylight_saving_repeats_nothing_and_leaves_nothing_out(moment: str, verbs: list[str]) -> None:
    lines = [["stop", "01:30", [7]]] if moment < "2027" else [["stop", "02:30", [7]]]
    assert stop_handler.due({**CONFIG, "lines": lines}, at(moment), ZONE) == verbs


@pytest.mark.parametrize(
    ("moment", "verbs"),
    [
        ("2026-01-06T01:00:00Z", []),
        ("2026-01-05T13:00:00Z", ["start"]),
        ("2026-01-06T03:10:00Z", ["stop"]),
        ("2026-01-07T01:00:00Z", ["stop"]),
    ],
    ids=["skipped", "a start is not", "its end", "afterwards"],
)
def test_a_snooze_skips_stops_until_its_end(moment: str, verbs: list[str]) -> None:
    assert stop_handler.due({**CONFIG, "until": "2026-01-06T03:10:00+00:00"}, at(moment), ZONE) == verbs


def test_at_the_end_of_a_snooze_a_due_stop_is_one_stop() -> None:
    assert stop_handler.due({**CONFIG, "until": "2026-01-07T01:00:00+00:00"}, at("2026-01-07T01:00Z"), ZONE) == ["stop"]


NOON = "2026-01-07T01:00:00Z"


@pytest.mark.parametrize(
    ("event", "late", "verbs", "why"),
    [
        ({"time": NOON}, 0, ["stop"], "it is Tue 2026-01-06 20:00 America/New_York"),
        ({"time": "2026-01-07T01:00:41Z"}, 0, ["stop"], "it is Tue 2026-01-06 20:00 America/New_York"),
        ({"time": NOON}, 15, ["stop"], "it is Tue 2026-01-06 20:00 America/New_York"),
        ({"time": NOON}, 16, [], "it comes 16 minutes after Tue 2026-01-06 20:00 America/New_York, too late"),
        ({"time": NOON}, 1440, [], "it comes 1440 minutes after Tue 2026-01-06 20:00 America/New_York, too late"),
        ({"time": "2026-01-07T02:00:00Z"}, 0, [], "nothing is due at Tue 2026-01-06 21:00 America/New_York"),
        ({"prove": NOON}, 0, ["stop"], "to prove that it stops"),
        ({"prove": NOON}, 4, ["stop"], "to prove that it stops"),
        ({"prove": NOON}, 5, [], "it comes 5 minutes after Tue 2026-01-06 20:00 America/New_York, too late"),
        ({"prove": "2026-01-07T02:00:00+00:00"}, 0, ["stop"], "to prove that it stops"),
        ({"prove": True, "time": NOON}, 0, [], "the event has no time, so it is not from a rule"),
        ({"prove": "yes"}, 0, [], "the event has no time, so it is not from a rule"),
        ({"time": "noon"}, 0, [], "the event has no time, so it is not from a rule"),
        ({"key1": "value1"}, 0, [], "the event has no time, so it is not from a rule"),
    ],
)  # fmt: skip
def test_each_decision_has_its_reason(event: dict[str, Any], late: int, verbs: list[str], why: str) -> None:
    sent = {at(text) for text in event.values() if str(text).startswith("2026")} or {at(NOON)}
    now = max(sent) + timedelta(minutes=late)
    assert stop_handler.decide(CONFIG, event, ZONE, now) == (verbs, why)


def test_a_skipped_stop_is_told_as_such() -> None:
    verbs, why = stop_handler.decide({**CONFIG, "until": "2026-01-08T01:00:00+00:00"}, {"time": NOON}, ZONE, at(NOON))
    assert (verbs, why) == ([], "the stop of Tue 2026-01-06 20:00 America/New_York is skipped until 2026-01-08T01:00:00+00:00")  # fmt: skip


class Ec2:
    """Records what was asked, and fails for the instances that it is told."""

    def __init__(self, failing: dict[str, Exception] | None = None) -> None:
        self.failing, self.asked = failing or {}, []

    def stop_instances(self, InstanceIds: list[str]) -> None:
        self.asked += [("stop", *InstanceIds)]
        if problem := self.failing.get(InstanceIds[0]):
            raise problem

    def start_instances(self, InstanceIds: list[str]) -> None:
        self.asked += [("start", *InstanceIds)]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "StopInstances")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The handler out of its zip, at 20:00 on a Tuesday in New York."""
    zipfile.ZipFile(io.BytesIO(function_code.package("America/New_York"))).extractall(tmp_path)
    spec = importlib.util.spec_from_file_location("shipped", tmp_path / "stop_handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("DLBOX", json.dumps({**CONFIG, "instances": ["i-1", "i-2", "i-3"]}))
    monkeypatch.setattr(module.time, "time", lambda: at(NOON).timestamp() + 20)
    return module


def log(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_it_stops_each_instance_and_says_so(shipped: Any, monkeypatch: Any, capsys: Any) -> None:
    ec2 = Ec2()
    monkeypatch.setattr(shipped, "_ec2", lambda: ec2)
    shipped.handler({"time": NOON}, None)
    assert ec2.asked == [("stop", "i-1"), ("stop", "i-2"), ("stop", "i-3")]
    why = "it is Tue 2026-01-06 20:00 America/New_York"
    assert log(capsys)[1] == {"event": NOON, "why": why, "did": "stop", "instance": "i-2", "outcome": "asked"}


def test_it_logs_why_it_does_nothing(shipped: Any, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(shipped, "_ec2", lambda: pytest.fail("it asked EC2"))
    shipped.handler({"time": "2026-01-07T00:59:00Z"}, None)
    (line,) = log(capsys)
    assert (line["did"], line["why"]) == ("nothing", "nothing is due at Tue 2026-01-06 19:59 America/New_York")


def test_one_dead_instance_does_not_keep_the_others_running(shipped: Any, monkeypatch: Any, capsys: Any) -> None:
    ec2 = Ec2({"i-1": refusal("InvalidInstanceID.NotFound")})
    monkeypatch.setattr(shipped, "_ec2", lambda: ec2)
    shipped.handler({"time": NOON}, None)
    assert [instance for _, instance in ec2.asked] == ["i-1", "i-2", "i-3"]
    assert [line["outcome"].partition(":")[0] for line in log(capsys)] == ["InvalidInstanceID.NotFound", "asked", "asked"]  # fmt: skip


@pytest.mark.parametrize(
    "problem",
    [refusal("UnauthorizedOperation"), refusal("IncorrectInstanceState"), EndpointConnectionError(endpoint_url="https://ec2")],
    ids=["not allowed", "pending, perhaps", "no network"],
)  # fmt: skip
def test_any_other_failure_is_raised_so_that_lambda_repeats_it_after_the_others_were_stopped(
    shipped: Any, monkeypatch: Any, problem: Exception
) -> None:
    ec2 = Ec2({"i-2": problem})
    monkeypatch.setattr(shipped, "_ec2", lambda: ec2)
    with pytest.raises(RuntimeError, match=r"^stop i-2: "):
        shipped.handler({"time": NOON}, None)
    assert len(ec2.asked) == 3


def test_the_package_is_the_same_bytes_everywhere_and_needs_nothing_of_dlbox(tmp_path: Path) -> None:
    package = function_code.package("Asia/Shanghai")
    assert package == function_code.package.__wrapped__("Asia/Shanghai")
    archive = zipfile.ZipFile(io.BytesIO(package))
    entries = [(entry.filename, entry.date_time, entry.compress_type, entry.external_attr >> 16, entry.create_system) for entry in archive.infolist()]  # fmt: skip
    assert entries == [(name, (1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 0o644, 3) for name in ("stop_handler.py", "zones/Asia/Shanghai")]  # fmt: skip
    archive.extractall(tmp_path)
    code = "import stop_handler, sys; print(sorted(name for name in sys.modules if name.partition('.')[0] in ('dlbox', 'boto3', 'ansible')))"
    done = subprocess.run([sys.executable, "-Ic", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"], capture_output=True, text=True)  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_another_zone_is_another_package() -> None:
    assert function_code.sha256("Asia/Shanghai") != function_code.sha256("Asia/Tokyo")
