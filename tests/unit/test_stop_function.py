"""The function and what is around it on a picture: what a rehearsal cannot show, and what is sent."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from copy import deepcopy
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from dlbox import function_code, function_form, function_role, function_standing, stop_function, stop_rules
from dlbox.change import Change, Ref, open_refs, writes
from dlbox.names import Scope
from dlbox.plan_schedule import Want
from dlbox.timetable import DAILY, Entry, Timetable
from unit.facts import ROOT

PREFIX = "dlbox-us-west-2-lab"
TAGS = {"dlbox:box": "lab", "Name": "lab"}
RULE = f"{PREFIX}-at-1200"
TABLE = Timetable((Entry("stop", time(20), DAILY),), "Asia/Shanghai")
NOW = "2026-11-22T00:00:00+00:00"
ACCOUNT = {"account": "123456789012", "partition": "aws", "rehearsal": False, "now": NOW}
NOTHING: dict[str, Any] = {
    "account": ACCOUNT, "function_role": None, "function_policy": None, "function_inline": {}, "function_attached": [], "function": None,
    "function_permissions": {}, "function_retries": None, "function_log": None, "rules": {},
}  # fmt: skip


def want(table: Timetable = TABLE, region: str = "us-west-2", queue: str = "") -> Any:
    return Want(Scope("lab", region), "lambda", table, queue, "", "present")


def standing(until: str | None = None, **parts: Any) -> dict[str, Any]:
    """The picture in which nothing differs, but for the parts given."""
    seen = deepcopy(NOTHING)
    arn = f"arn:aws:iam::123456789012:role/{PREFIX}-function"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    seen["function_role"] = {"Arn": arn, "Trust": {"Version": "2012-10-17", "Statement": trust}, "Tags": TAGS}
    seen["function_policy"] = function_role.permission(want(), seen, "i-1")
    told = {**function_form.config(want(), "i-1", None), "until": until}
    seen["function"] = {
        "Role": arn, "Runtime": "python3.13", "Handler": "stop_handler.handler", "Timeout": 60, "MemorySize": 128,
        "Architectures": ["x86_64"], "CodeSha256": function_code.sha256("Asia/Shanghai"), "Layers": [], "Subnets": [],
        "DeadLetters": "", "Variables": {"DLBOX": json.dumps(told)}, "Failed": False, "Throttled": False, "Tags": TAGS,
    }  # fmt: skip
    seen["function_retries"] = {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 2}
    seen["function_log"] = {"Arn": f"arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/{PREFIX}-stop", "Retention": 30, "Tags": TAGS}  # fmt: skip
    seen["function_permissions"] = {RULE: stop_rules.permission(want(), seen, RULE)}
    seen["rules"] = {
        RULE: {
            "Arn": f"arn:aws:events:us-west-2:123456789012:rule/{RULE}", "Expression": "cron(0 12 * * ? *)", "Pattern": None,
            "State": "ENABLED", "Targets": [stop_rules.target(want(), seen)], "Tags": TAGS,
        }
    }  # fmt: skip
    return seen | parts


def altered(part: str, **fields: Any) -> dict[str, Any]:
    seen = standing()
    return seen | {part: {**seen[part], **fields}}


def changes(seen: dict[str, Any], wanted: Any = None, until: datetime | None = None) -> list[Change]:
    planned = stop_function.ensure(wanted or want(), seen, "i-1", until)
    assert all(change.reason and change.thing for change in planned)
    assert not open_refs(planned)
    return planned


def test_nothing_differs() -> None:
    assert changes(standing()) == []


def test_a_snooze_that_has_ended_is_no_difference() -> None:
    assert changes(standing(until="2026-11-21T12:00:00+00:00")) == []
    assert writes(changes(standing(until="2026-11-23T12:00:00+00:00"))) == ["lambda:update_function_configuration"]


def test_the_rule_that_ends_a_snooze_stands_before_it_begins_and_goes_after_it() -> None:
    until = datetime(2026, 11, 22, 15, 15, tzinfo=UTC)
    begun = writes(changes(standing(), until=until))
    assert begun == ["events:put_rule", "events:put_targets", "lambda:add_permission", RECONFIGURE]
    snoozed = standing(until=until.isoformat())
    snoozed["rules"][f"{PREFIX}-at-221515"] = {**snoozed["rules"][RULE], "Expression": "cron(15 15 22 11 ? 2026)"}
    assert writes(changes(snoozed)) == [RECONFIGURE, "events:remove_targets", "events:delete_rule"]


RECONFIGURE, RECODE = "lambda:update_function_configuration", "lambda:update_function_code"


@pytest.mark.parametrize(
    ("seen", "made", "reason"),
    [
        (altered("function", Failed=True), [RECONFIGURE, RECODE], "AWS could not apply its last update"),
        (altered("function", Subnets=["subnet-1"]), [RECONFIGURE], "it is in a VPC, where it may not reach EC2"),
        (altered("function", Architectures=["arm64"]), [RECODE], "its architecture differs"),
        (altered("function", MemorySize=1024), [RECONFIGURE], "its memory differs"),
        (altered("function", DeadLetters="arn:aws:sqs:us-west-2:1:q"), [RECONFIGURE], "box_dead_letter_queue differs"),
        (altered("function_retries", MaximumRetryAttempts=0), ["lambda:put_function_event_invoke_config"], "a late retry"),
        (altered("function_log", Retention=None), ["logs:put_retention_policy"], "it does not keep its lines for 30 days"),
    ],
)  # fmt: skip
def test_what_only_aws_can_bring_about_is_mended(seen: dict[str, Any], made: list[str], reason: str) -> None:
    planned = changes(seen)
    assert writes(planned) == made
    assert planned[0].reason.startswith(reason)


NONSENSE: list[dict[str, Any]] = [
    {"lines": [["stop"]]}, {"lines": [["stop", "25:00", [1]]]}, {"lines": [["stop", "20:00", "daily"]]}, {"lines": [["stop", 1200, [1]]]},
    {"lines": [["reboot", "20:00", [1]]]}, {"lines": "stop"}, {"lines": None}, {"zone": "Mars/Phobos"}, {"zone": 8}, {"instances": "i-1"},
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "{}", '{"until": null}', '{"instances": [], "zone": "UTC", "lines": [], "until": "tomorrow"}',
     '{"instances": [], "zone": "UTC", "lines": [], "until": "2026-11-23T12:00:00"}', '{"instances": [], "zone": "UTC", "lines": [], "until": 7}',
     *(json.dumps({"instances": ["i-1"], "zone": "UTC", "lines": [], "until": None} | wrong) for wrong in NONSENSE)],
)  # fmt: skip
def test_what_the_function_could_not_read_is_written_anew_and_promises_nothing(text: str) -> None:
    seen = altered("function", Variables={"DLBOX": text})
    (update,) = changes(seen)
    assert update.reason == "it is not told what to do"
    assert function_standing.kept(seen) is None
    assert list(function_standing.firings(want(), seen, {"InstanceId": "i-1"}, datetime.now(UTC))) == []


def test_it_is_made_in_an_order_that_a_rerun_and_destroy_find_again() -> None:
    planned = changes(deepcopy(NOTHING))
    made = writes(planned)
    assert made[0] == "iam:create_role"
    assert made.index("logs:create_log_group") < made.index("lambda:create_function") < made.index("events:put_rule")
    gone = writes(stop_function.remove(want(), standing(), "the box is to be absent"))
    assert gone[-1] == "iam:delete_role"


def test_it_is_made_with_its_tags_and_without_an_empty_dead_letter_queue() -> None:
    calls = {call.operation: call.params for change in changes(deepcopy(NOTHING)) for call in change.calls}
    function = calls["create_function"]
    assert "DeadLetterConfig" not in function
    assert function["Tags"] == calls["create_log_group"]["tags"] == TAGS
    assert calls["put_rule"]["Tags"] == [{"Key": key, "Value": value} for key, value in TAGS.items()]
    assert function["Architectures"] == ["x86_64"]
    queue = "arn:aws:sqs:us-west-2:123456789012:missed"
    calls = {call.operation: call.params for change in changes(deepcopy(NOTHING), want(queue=queue)) for call in change.calls}  # fmt: skip
    assert calls["create_function"]["DeadLetterConfig"] == {"TargetArn": queue}


def test_its_role_may_stop_this_instance_write_its_own_log_and_nothing_else() -> None:
    permit = next(change for change in changes(deepcopy(NOTHING)) if change.thing.startswith("policy"))
    assert json.loads(permit.calls[0].params["PolicyDocument"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["ec2:StopInstances"],
            "Resource": "arn:aws:ec2:us-west-2:123456789012:instance/i-1",
            "Condition": {"StringEquals": {"ec2:ResourceTag/dlbox:box": "lab"}},
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/{PREFIX}-stop:*",
        },
    ]


def test_before_the_launch_nothing_can_run() -> None:
    planned = stop_function.ensure(want(), deepcopy(NOTHING), None, None)
    assert set(open_refs(planned)) == {"the box's instance"}
    create = next(call for change in planned for call in change.calls if call.operation == "create_function")
    assert isinstance(create.params["Environment"]["Variables"]["DLBOX"], Ref)


def test_a_china_region_has_its_own_partition() -> None:
    seen = deepcopy(NOTHING) | {"account": {**ACCOUNT, "partition": "aws-cn"}}
    planned = stop_function.ensure(want(region="cn-north-1"), seen, "i-1", None)
    sent = repr([call.params for change in planned for call in change.calls])
    assert "arn:aws:" not in sent
    assert "arn:aws-cn:lambda:cn-north-1:123456789012:function:dlbox-cn-north-1-lab-stop" in sent


def test_names_fit_what_aws_takes() -> None:
    longest = want(region="ap-southeast-1")
    longest = Want(Scope("b" * 32, "ap-southeast-1"), "lambda", longest.table, "", "", "present")
    seen = deepcopy(NOTHING)
    planned = stop_function.ensure(longest, seen, "i-1", None)
    names = [call.params[key] for change in planned for call in change.calls for key in ("Name", "RoleName", "FunctionName") if key in call.params]  # fmt: skip
    assert max(map(len, [*names, stop_rules.prove_name(longest)])) <= 64


def test_a_permission_that_no_rule_needs_goes_be_it_that_of_a_proof_that_was_killed() -> None:
    seen = standing()
    seen["function_permissions"] |= {stop_rules.prove_name(want()): {"Sid": "p"}, "mine": {"Sid": "mine"}}
    assert [(one.verb, one.reason) for one in changes(seen)] == [("delete", "no rule of the box needs it")] * 2


@pytest.mark.parametrize(
    ("seen", "wanted", "absent", "parts"),
    [
        ({}, False, False, {"function_role"}),
        ({"function_role": None}, False, False, set()),
        ({"function_role": None}, False, True, set(stop_function.OWNS)),
        ({"function_role": {"Arn": "x"}}, False, False, set(stop_function.OWNS)),
        ({"function_role": None}, True, False, set(stop_function.OWNS) - {"function_inline"}),
    ],
    ids=["the role first", "another backend", "no box", "another backend after this one", "this backend"],
)  # fmt: skip
def test_what_is_not_wanted_costs_one_read(seen: dict[str, Any], wanted: bool, absent: bool, parts: set[str]) -> None:
    assert stop_function.needs(seen, wanted, absent) == parts


def test_only_what_is_there_is_removed() -> None:
    assert stop_function.remove(want(), deepcopy(NOTHING), "the box is to be absent") == []
    stranger = altered("function_role", Tags={})
    assert "iam:delete_role" not in writes(stop_function.remove(want(), stranger, "the box is to be absent"))


SHANGHAI_8PM = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (22, 23, 24)]


def test_it_foretells_its_stops() -> None:
    box = {"InstanceId": "i-1"}
    coming = function_standing.firings(want(), standing(), box, datetime.fromisoformat(NOW))
    assert [(next(coming)) for _ in range(3)] == [(moment, "stop") for moment in SHANGHAI_8PM]
    assert list(function_standing.firings(want(), standing(), {"InstanceId": "i-2"}, datetime.fromisoformat(NOW))) == []


def test_the_end_of_a_snooze_is_foretold_once_its_rule_stands() -> None:
    until = datetime(2026, 11, 22, 15, 15, tzinfo=UTC)
    seen, name = standing(until=until.isoformat()), f"{PREFIX}-at-221515"
    seen["rules"][name] = {**seen["rules"][RULE], "Expression": "cron(15 15 22 11 ? 2026)"}
    box, now = {"InstanceId": "i-1"}, datetime.fromisoformat(NOW)
    assert function_standing.kept(seen) == until
    assert next(function_standing.firings(want(), seen, box, now)) == (SHANGHAI_8PM[1], "stop"), (
        "it may not wake it yet"
    )
    seen["function_permissions"][name] = stop_rules.permission(want(), seen, name)
    assert next(function_standing.firings(want(), seen, box, now)) == (until, "stop")


def test_the_package_is_the_same_out_of_ansibles_zip(tmp_path: Path) -> None:
    """Over another connection than local, Ansible runs the modules out of a zip."""
    archive = tmp_path / "payload.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in (ROOT / "plugins/module_utils/dlbox").glob("*.py"):
            out.write(path, f"dlbox/{path.name}")
    code = f"import sys; sys.path.insert(0, {str(archive)!r}); from dlbox import function_code; print(function_code.sha256('UTC'))"
    done = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == function_code.sha256("UTC"), done.stderr
