"""The function that stops the box against the rehearsal: created, every drift mended with exactly what was predicted, it really stops, removed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dlbox import act
from dlbox.aws import Aws
from dlbox.change import Call
from dlbox.errors import DlboxError
from rehearsal.cloud import Cloud
from rehearsal.firing import Firing
from rehearsal.targets import Targets
from rehearsal.testing import REGION, Server

from .conftest import Module, check_apply_again, predicted
from .in_process import in_process
from .test_schedule import launch

PREFIX = "dlbox-us-west-2-lab"
FUNCTION, ROLE, RULE = f"{PREFIX}-stop", f"{PREFIX}-function", f"{PREFIX}-at-1200"
GROUP = f"/aws/lambda/{FUNCTION}"
ARN = f"arn:aws:lambda:{REGION}:000000000000:function:{FUNCTION}"
RULE_ARN = f"arn:aws:events:{REGION}:000000000000:rule/{RULE}"
PERMIT, RECONFIGURE = "iam:put_role_policy", "lambda:update_function_configuration"
# The function of a role that is gone is made anew.
ANEW = [
    *("iam:create_role", "iam:put_role_policy", "lambda:delete_function", "lambda:create_function"),
    *("lambda:put_function_event_invoke_config", "lambda:add_permission"),
]
RULE_WRITES = ["events:put_rule", "events:put_targets"]
CREATE = [
    *("iam:create_role", PERMIT, "logs:create_log_group", "logs:put_retention_policy"),
    *("lambda:create_function", "lambda:put_function_event_invoke_config", *RULE_WRITES, "lambda:add_permission"),
]
REMOVE = [
    *("events:remove_targets", "events:delete_rule", "lambda:delete_function", "logs:delete_log_group"),
    *("iam:delete_role_policy", "iam:delete_role"),
]


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The schedule with this backend, in this process."""
    module = in_process(aws_server, monkeypatch)

    def run(name: str = "", check: bool = False, **params: Any) -> dict[str, Any]:
        backend = {} if name == "dlbox_info" else {"backend": "lambda"}
        return module(name or "dlbox_schedule", check, **backend | params)

    return run


def ready(server: Server) -> None:
    """Until the function takes a change."""
    end = time.monotonic() + 20
    client = server.client("lambda")
    while client.get_function(FunctionName=FUNCTION)["Configuration"]["LastUpdateStatus"] != "Successful":
        assert time.monotonic() < end
        time.sleep(0.02)


def configure(server: Server, **fields: Any) -> None:
    """Change the function's configuration by hand."""
    server.client("lambda").update_function_configuration(FunctionName=FUNCTION, **fields)
    ready(server)


def tell(server: Server, **fields: Any) -> None:
    """Change by hand what the function is told."""
    found = server.client("lambda").get_function(FunctionName=FUNCTION)["Configuration"]["Environment"]["Variables"]
    configure(server, Environment={"Variables": {"DLBOX": json.dumps(json.loads(found["DLBOX"]) | fields)}})


def recode(server: Server) -> None:
    """Change the function's code by hand."""
    from rehearsal_contract.test_functions import ECHO, packed

    server.client("lambda").update_function_code(FunctionName=FUNCTION, ZipFile=packed(ECHO))
    ready(server)


def rerole(server: Server) -> None:
    """Let the function run with another role."""
    iam = server.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    other = iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    configure(server, Role=other)


def retarget(server: Server, *targets: dict[str, Any]) -> None:
    """Put other targets on the rule."""
    events = server.client("events")
    events.remove_targets(Rule=RULE, Ids=["box"])
    if targets:
        events.put_targets(Rule=RULE, Targets=list(targets))


def delete_rule(server: Server) -> None:
    retarget(server)
    server.client("events").delete_rule(Name=RULE)


def allow_other(server: Server) -> None:
    """Let another rule than its own use the permission."""
    client = server.client("lambda")
    client.remove_permission(FunctionName=FUNCTION, StatementId=RULE)
    other = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": RULE_ARN + "x"}
    client.add_permission(FunctionName=FUNCTION, StatementId=RULE, **other)


def allow_everyone(server: Server) -> None:
    everyone = {"Action": "lambda:InvokeFunction", "Principal": "*"}
    server.client("lambda").add_permission(FunctionName=FUNCTION, StatementId="open", **everyone)


def extra_rule(server: Server) -> None:
    """A rule of ours that no line needs."""
    events = server.client("events")
    events.put_rule(Name=f"{PREFIX}-at-0315", ScheduleExpression="cron(15 3 * * ? *)")
    events.put_targets(Rule=f"{PREFIX}-at-0315", Targets=[{"Id": "box", "Arn": ARN}])


def delete_role(server: Server) -> None:
    iam = server.client("iam")
    iam.delete_role_policy(RoleName=ROLE, PolicyName="stop")
    iam.delete_role(RoleName=ROLE)


def replace(server: Server) -> None:
    """Terminate the box's instance and launch another."""
    ec2 = server.client("ec2")
    filters = [{"Name": "tag:dlbox:box", "Values": ["lab"]}]
    old = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[old])
    launch(server)


def widen(server: Server) -> None:
    """Let the role stop everything."""
    iam = server.client("iam")
    document = iam.get_role_policy(RoleName=ROLE, PolicyName="stop")["PolicyDocument"]
    document["Statement"][0]["Resource"] = "*"
    iam.put_role_policy(RoleName=ROLE, PolicyName="stop", PolicyDocument=json.dumps(document))


def layer(server: Server) -> None:
    from rehearsal_contract.test_functions import ECHO, packed

    client = server.client("lambda")
    made = client.publish_layer_version(LayerName="mine", Content={"ZipFile": packed(ECHO)})
    configure(server, Layers=[made["LayerVersionArn"]])


def by(service: str, operation: str, **params: Any) -> Callable[[Server], Any]:
    """One call by hand."""
    return lambda server: getattr(server.client(service), operation)(**params)


DRIFT: dict[str, tuple[Callable[[Server], Any], list[str], str]] = {
    "disabled": (by("events", "disable_rule", Name=RULE), ["events:put_rule"], "it is disabled"),
    "cron": (
        by("events", "put_rule", Name=RULE, ScheduleExpression="cron(0 3 * * ? *)"),
        ["events:put_rule"],
        "it wakes the function at another time",
    ),
    "target gone": (retarget, ["events:put_targets"], "it has no target"),
    "target's input": (
        lambda s: retarget(s, {"Id": "box", "Arn": ARN, "Input": "{}"}),
        ["events:put_targets"],
        "it does something else than wake the function",
    ),
    "target elsewhere": (
        lambda s: retarget(s, {"Id": "mine", "Arn": ARN + "x"}, {"Id": "box", "Arn": ARN + "x"}),
        ["events:remove_targets", "events:put_targets"],
        "it does something else than wake the function",
    ),
    "rule untagged": (
        by("events", "untag_resource", ResourceARN=RULE_ARN, TagKeys=["dlbox:box"]),
        ["events:tag_resource"],
        "its tags differ",
    ),
    "rule deleted": (
        delete_rule,
        RULE_WRITES,
        "nothing would wake the function then",
    ),
    "extra rule": (extra_rule, ["events:remove_targets", "events:delete_rule"], "no line needs it"),
    "permission gone": (
        by("lambda", "remove_permission", FunctionName=FUNCTION, StatementId=RULE),
        ["lambda:add_permission"],
        "the rule may not wake the function",
    ),
    "permission of another": (
        allow_other,
        ["lambda:remove_permission", "lambda:add_permission"],
        "it allows something else than this rule",
    ),
    "permission for everyone": (allow_everyone, ["lambda:remove_permission"], "no rule of the box needs it"),
    "code": (recode, ["lambda:update_function_code"], "its code is not that of this dlbox and zone"),
    "instances": (
        lambda s: tell(s, instances=["i-0123456789abcdef0"]),
        [RECONFIGURE],
        "it would act on another instance",
    ),
    "lines": (lambda s: tell(s, lines=[["stop", "03:00", [1]]]), [RECONFIGURE], "box_stop_time differs"),
    "days": (lambda s: tell(s, lines=[["stop", "20:00", [1]]]), [RECONFIGURE], "box_stop_days differs"),
    "told nonsense": (
        lambda s: configure(s, Environment={"Variables": {"DLBOX": "{}"}}),
        [RECONFIGURE],
        "it is not told what to do",
    ),
    "environment": (
        lambda s: configure(s, Environment={"Variables": {"PYTHONPATH": "/tmp"}}),
        [RECONFIGURE],
        "it is not told what to do; its environment has other variables",
    ),
    "timeout": (lambda s: configure(s, Timeout=1), [RECONFIGURE], "its time limit differs"),
    "runtime": (lambda s: configure(s, Runtime="python3.9"), [RECONFIGURE], "its runtime differs"),
    "handler": (lambda s: configure(s, Handler="other.handler"), [RECONFIGURE], "it would run something else"),
    "layer": (layer, [RECONFIGURE], "a layer could replace its code"),
    "role of another": (rerole, [RECONFIGURE], "it runs with another role"),
    "throttled": (
        by("lambda", "put_function_concurrency", FunctionName=FUNCTION, ReservedConcurrentExecutions=0),
        ["lambda:delete_function_concurrency"],
        "nothing can wake it",
    ),
    "untagged": (
        by("lambda", "untag_resource", Resource=ARN, TagKeys=["dlbox:box"]),
        ["lambda:tag_resource"],
        "its tags differ",
    ),
    "retries": (
        by("lambda", "put_function_event_invoke_config", FunctionName=FUNCTION, MaximumEventAgeInSeconds=21600),
        ["lambda:put_function_event_invoke_config"],
        "the next working day",
    ),
    "retries unset": (
        by("lambda", "delete_function_event_invoke_config", FunctionName=FUNCTION),
        ["lambda:put_function_event_invoke_config"],
        "the next working day",
    ),
    "function deleted": (
        by("lambda", "delete_function", FunctionName=FUNCTION),
        ["lambda:create_function", "lambda:put_function_event_invoke_config", "lambda:add_permission"],
        "nothing would stop the box",
    ),
    "log deleted": (
        by("logs", "delete_log_group", logGroupName=GROUP),
        ["logs:create_log_group", "logs:put_retention_policy"],
        "Lambda would make one without tags",
    ),
    "log retention": (
        by("logs", "delete_retention_policy", logGroupName=GROUP),
        ["logs:put_retention_policy"],
        "it does not keep its lines for 30 days",
    ),
    "log untagged": (
        lambda s: s.client("logs").untag_resource(
            resourceArn=f"arn:aws:logs:{REGION}:000000000000:log-group:{GROUP}", tagKeys=["dlbox:box"]
        ),
        ["logs:tag_resource"],
        "its tags differ",
    ),
    "instance replaced": (replace, [PERMIT, RECONFIGURE], "does not allow exactly"),
    "policy widened": (widen, [PERMIT], "does not allow exactly"),
    "role untagged": (
        by("iam", "untag_role", RoleName=ROLE, TagKeys=["dlbox:box"]),
        ["iam:tag_role"],
        "its tags differ",
    ),
    "role deleted": (delete_role, ANEW, "the function needs it"),
}


def test_it_is_created_with_everything_around_it(here: Module, aws_server: Server) -> None:
    instance = launch(aws_server)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "")
    assert predicted(done) == CREATE
    found = aws_server.client("lambda").get_function(FunctionName=FUNCTION)["Configuration"]
    told = json.loads(found["Environment"]["Variables"]["DLBOX"])
    assert told == {
        "instances": [instance],
        "zone": "Asia/Shanghai",
        "lines": [["stop", "20:00", [1, 2, 3, 4, 5, 6, 7]]],
        "until": None,
    }
    kinds = {item["kind"] for item in aws_server.inventory("dlbox:box", "lab")}
    assert kinds >= {"role", "function", "log-group", "rule"}, kinds


@pytest.mark.parametrize("case", DRIFT)
def test_drift_is_predicted_mended_and_then_silent(here: Module, aws_server: Server, case: str) -> None:
    launch(aws_server)
    here()
    meddle, writes, reason = DRIFT[case]
    meddle(aws_server)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "")
    assert predicted(done) == writes
    assert reason in done["changes"][0]["reason"]


def test_other_times_change_the_function_and_its_rules(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here()
    aws_server.forget_calls()
    asked = {"stop_time": ["21:00"], "start_time": "07:30", "timezone": "America/New_York", "dead_letters": ""}
    done = check_apply_again(here, aws_server, "", **asked)
    assert predicted(done) == [
        *(PERMIT, *RULE_WRITES * 4, *["lambda:add_permission"] * 4),
        *("lambda:update_function_code", RECONFIGURE, "lambda:update_function_code"),
        *("events:remove_targets", "events:delete_rule", "lambda:remove_permission"),
    ]
    update = next(change for change in done["changes"] if change["thing"] == f"function {FUNCTION}")
    assert "box_timezone differs; box_stop_time differs; box_start_time differs" in update["reason"]


def test_a_dead_letter_queue_comes_and_goes(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    queue = f"arn:aws:sqs:{REGION}:000000000000:missed"
    here(dead_letters=queue)
    found = aws_server.client("lambda").get_function(FunctionName=FUNCTION)["Configuration"]
    assert found["DeadLetterConfig"] == {"TargetArn": queue}
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "")
    assert predicted(done) == [PERMIT, RECONFIGURE]


def test_a_silent_run_asks_each_thing_once(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here()
    aws_server.forget_calls()
    here()
    read = [call["action"] for call in aws_server.calls() if call["service"] not in ("ec2", "sts")]
    assert sorted(read) == [
        "DescribeLogGroups", "GetFunction", "GetFunctionEventInvokeConfig", "GetPolicy", "GetRole", "GetRole", "GetRolePolicy",
        "ListAttachedRolePolicies", "ListRules", "ListTagsForResource", "ListTagsForResource", "ListTargetsByRule",
    ]  # fmt: skip


def test_before_the_launch_check_mode_lists_it_and_a_run_says_why_not(here: Module, aws_server: Server) -> None:
    foreseen = here(check=True)
    assert predicted(foreseen) == CREATE
    create = next(one for one in foreseen["changes"] if one["thing"] == f"function {FUNCTION}")
    assert create["after"]["told"]["instances"] == ["the instance to be launched"]
    refused = here()
    assert "run site.yml" in refused["msg"]
    assert not aws_server.calls(writes=True)


def test_a_role_that_has_not_spread_is_waited_for(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    aws_server.post("knobs", {"role_delay_s": 1.5})
    assert "changes" in here()
    tries = aws_server.calls("CreateFunction")
    assert tries[-1]["status"] == 201
    assert len(tries) > 1


def test_a_permission_that_aws_does_not_show_is_waited_for(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here()
    aws_server.client("lambda").remove_permission(FunctionName=FUNCTION, StatementId=RULE)
    # The plan's own read, then one after the permission was given.
    aws_server.fault("GetPolicy", kind="stale", skip=1)
    aws_server.forget_calls()
    assert predicted(here()) == ["lambda:add_permission"]
    assert len(aws_server.calls("GetPolicy")) == 3


def test_a_target_that_eventbridge_does_not_take_is_no_success(here: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "LimitExceeded", "ErrorMessage": "no more"}]}
    monkeypatch.setattr(act, "plain", lambda *_: failed)
    with pytest.raises(DlboxError, match=r"did not take a target of rule r \(LimitExceeded: no more\)"):
        act.HANDLERS["events", "put_targets"](Aws(REGION), None, {}, Call("events", "put_targets"), {"Rule": "r"})


CREATES = ["CreateRole", "PutRolePolicy", "CreateLogGroup", "CreateFunction", "PutRule", "PutTargets", "AddPermission"]


@pytest.mark.parametrize("action", CREATES)
def test_a_lost_reply_leaves_one_of_each(here: Module, aws_server: Server, action: str) -> None:
    launch(aws_server)
    aws_server.fault(action, kind="drop", when="after")
    assert "changes" in here()
    assert not here()["changed"]
    policy = json.loads(aws_server.client("lambda").get_policy(FunctionName=FUNCTION)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == [RULE]


@pytest.mark.parametrize("write", [name.partition(":")[2] for name in dict.fromkeys(CREATE)])
def test_a_creation_that_broke_off_is_finished_and_can_be_removed(here: Module, aws_server: Server, write: str) -> None:
    launch(aws_server)
    action = "".join(word.title() for word in write.split("_"))
    aws_server.fault(action, code="AccessDeniedException", message="no", status=400, times=-1)
    assert "not allowed" in here()["msg"]
    aws_server.post("faults", [])
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "")
    here(state="absent")
    assert [item["kind"] for item in aws_server.inventory() if item["service"] not in ("ec2", "iam")] == []


def test_it_goes_and_leaves_its_neighbours(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    launch(aws_server, "lab-2")
    here()
    here(box="lab-2")
    aws_server.client("events").put_rule(Name=f"{PREFIX}-at-1200-mine", ScheduleExpression="rate(1 day)")
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "", state="absent", stop_time="nonsense")
    assert predicted(done) == REMOVE
    left = [item["id"] for item in aws_server.inventory() if item["service"] in ("iam", "lambda", "events", "logs")]
    assert [ident for ident in left if FUNCTION in ident or ident in (ROLE, RULE)] == []
    assert f"{PREFIX}-at-1200-mine" in left
    assert not here(box="lab-2")["changed"]


@pytest.mark.parametrize("write", [name.partition(":")[2] for name in REMOVE])
def test_a_removal_that_broke_off_is_finished(here: Module, aws_server: Server, write: str) -> None:
    launch(aws_server)
    here()
    action = "".join(word.title() for word in write.split("_"))
    aws_server.fault(action, code="AccessDeniedException", message="no", status=400, times=-1)
    assert "not allowed" in here(state="absent")["msg"]
    aws_server.post("faults", [])
    here(state="absent")
    assert [item for item in aws_server.inventory("dlbox:box", "lab") if item["kind"] != "instance"
            and item["kind"] not in ("volume", "network-interface")] == []  # fmt: skip


@pytest.fixture
def fired(aws_server: Server, tmp_path: Path) -> Callable[[datetime], list[str]]:
    """fired(moment): move the clock there, let what is due in that minute fire; how each firing went."""
    cloud = Cloud(aws_server.url)
    firing = Firing(cloud, Targets(cloud, tmp_path / "firings.jsonl"))

    def pass_to(moment: datetime) -> list[str]:
        path = firing.targets.record
        before = len(path.read_text().splitlines()) if path.exists() else 0
        aws_server.post("clock", {"now": moment.isoformat()})
        firing.pass_time([REGION], moment - timedelta(seconds=30), moment + timedelta(seconds=5))
        lines = path.read_text().splitlines()[before:] if path.exists() else []
        return [json.loads(line)["result"] for line in lines]

    return pass_to


def state(server: Server, instance: str) -> str:
    found = server.client("ec2").describe_instances(InstanceIds=[instance])
    return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])


def reach(server: Server, instance: str, wanted: str) -> None:
    """Until an instance is in a state."""
    end = time.monotonic() + 20
    while state(server, instance) != wanted:
        assert time.monotonic() < end, f"{instance} is not {wanted}"
        time.sleep(0.02)


def why(server: Server) -> list[str]:
    """What the last run of the function logged."""
    return [json.loads(line)["why"] for line in server.get("functions")[-1]["log"].splitlines()]


def tonight() -> datetime:
    """20:00 in Shanghai, two days after the tests' morning."""
    return datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_it_stops_the_box_when_it_is_time_and_says_so_in_its_log(here: Module, aws_server: Server, fired: Any) -> None:
    box, bystander = launch(aws_server), launch(aws_server, "lab-2")
    reach(aws_server, box, "running")
    here()
    assert fired(tonight() - timedelta(minutes=2)) == []
    assert fired(tonight()) == ["fired"]
    reach(aws_server, box, "stopped")
    assert state(aws_server, bystander) == "running"
    (call,) = aws_server.calls("StopInstances")
    assert call["role"] == ROLE
    logged = aws_server.client("logs").filter_log_events(logGroupName=GROUP)["events"]
    assert json.loads(logged[-1]["message"])["outcome"] == "asked"


def test_its_role_stops_no_other_instance_and_not_the_box_without_its_tag(
    here: Module, aws_server: Server, fired: Any
) -> None:
    box, bystander = launch(aws_server), launch(aws_server, "lab-2")
    reach(aws_server, bystander, "running")
    here()
    tell(aws_server, instances=[bystander, box])
    aws_server.client("ec2").delete_tags(Resources=[box], Tags=[{"Key": "dlbox:box"}])
    assert fired(tonight()) == ["failed"]
    assert [call["status"] for call in aws_server.calls("StopInstances")] == [403, 403]
    assert {state(aws_server, one) for one in (box, bystander)} == {"running"}


def test_one_dead_instance_does_not_keep_the_box_running(here: Module, aws_server: Server, fired: Any) -> None:
    box = launch(aws_server)
    reach(aws_server, box, "running")
    here()
    tell(aws_server, instances=["i-0123456789abcdef0", box])
    fired(tonight())
    reach(aws_server, box, "stopped")


def test_in_winter_and_in_summer_it_is_woken_twice_and_stops_once(here: Module, aws_server: Server, fired: Any) -> None:
    launch(aws_server)
    here(timezone="America/New_York", stop_time="20:00")
    for month, hour in ((1, 1), (7, 0)):
        for at in (0, 1):
            aws_server.forget_calls()
            assert fired(datetime(2027, month, 10, at, tzinfo=UTC)) == ["fired"]
            assert len(aws_server.calls("StopInstances")) == (at == hour), (month, at)


def test_an_event_that_comes_too_late_does_nothing(here: Module, aws_server: Server) -> None:
    box = launch(aws_server)
    reach(aws_server, box, "running")
    here()
    aws_server.post("clock", {"now": (tonight() + timedelta(hours=12)).isoformat()})
    event = json.dumps({"time": f"{tonight():%Y-%m-%dT%H:%M:%SZ}"}).encode()
    aws_server.client("lambda").invoke(FunctionName=FUNCTION, Payload=event)
    assert "too late" in why(aws_server)[0]
    assert aws_server.calls("StopInstances") == []


def test_it_stops_for_a_proof_of_now_and_not_for_one_that_was_given_up(here: Module, aws_server: Server) -> None:
    box = launch(aws_server)
    reach(aws_server, box, "running")
    here()
    moment = datetime.fromisoformat(aws_server.get("clock")["now"])
    for event, did in ((moment - timedelta(minutes=5), []), (moment, ["stop"])):
        payload = json.dumps({"prove": event.isoformat()}).encode()
        answer = aws_server.client("lambda").invoke(FunctionName=FUNCTION, Payload=payload)
        assert json.loads(answer["Payload"].read())["did"] == did
    reach(aws_server, box, "stopped")


def test_a_snooze_skips_the_stop_and_ends_with_one(here: Module, aws_server: Server, fired: Any) -> None:
    box = launch(aws_server)
    reach(aws_server, box, "running")
    here()
    aws_server.post("clock", {"now": (tonight() - timedelta(hours=1)).isoformat()})
    aws_server.forget_calls()
    done = here(snooze="23:15")
    assert predicted(done) == [*RULE_WRITES, "lambda:add_permission", RECONFIGURE]
    assert not here()["changed"]
    assert fired(tonight()) == ["fired"]
    assert "is skipped until" in why(aws_server)[0]
    assert fired(tonight() + timedelta(hours=3, minutes=15)) == ["fired"]
    reach(aws_server, box, "stopped")
    over = here()
    assert predicted(over) == ["events:remove_targets", "events:delete_rule", "lambda:remove_permission"]
    assert over["changes"][0]["reason"] == "no snooze ends then"
    assert not here()["changed"]


# The rule of the new end is made and may wake the function; then it would be told.
@pytest.mark.parametrize("action", ["PutTargets", "AddPermission", "UpdateFunctionConfiguration"])
def test_a_snooze_that_could_not_be_drawn_out_ends_as_it_would_have(
    here: Module, aws_server: Server, fired: Any, action: str
) -> None:
    box = launch(aws_server)
    reach(aws_server, box, "running")
    here()
    aws_server.post("clock", {"now": (tonight() - timedelta(hours=1)).isoformat()})
    here(snooze="23:15")
    aws_server.fault(action, code="AccessDeniedException", message="no", status=400, times=-1)
    assert "not allowed" in here(snooze="23:45")["msg"]
    end = f"{tonight() + timedelta(hours=3, minutes=15):%Y-%m-%dT%H:%M:%SZ}"
    assert here("dlbox_info")["next_stop"]["utc"] == end
    fired(tonight() + timedelta(hours=3, minutes=15))
    reach(aws_server, box, "stopped")


def test_it_tells_what_will_really_happen(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here(stop_days=["Mon"])
    aws_server.post("clock", {"now": "2027-01-01T00:00:00+00:00"})
    mondays = [f"Mon 2027-01-{day:02} 20:00 Asia/Shanghai" for day in (4, 11, 18, 25)]
    assert [one["local"] for one in here("dlbox_info")["firings"]][:4] == mondays


@pytest.mark.parametrize("case", ["disabled", "cron", "target gone", "target's input", "permission gone",
                                  "permission of another", "instances", "told nonsense", "throttled", "function deleted"])  # fmt: skip
def test_it_promises_no_stop_that_would_not_come(here: Module, aws_server: Server, case: str) -> None:
    launch(aws_server)
    here()
    assert len(here("dlbox_info")["firings"]) == 5
    DRIFT[case][0](aws_server)
    told = here("dlbox_info")
    assert (told["firings"], told["next_stop"]) == ([], None)


def test_changing_the_backend_removes_the_other_once_this_one_stands(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here(backend="scheduler", snooze="23:59")
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "")
    writes = predicted(done)
    assert (
        writes.index("lambda:add_permission")
        < writes.index("scheduler:delete_schedule")
        < writes.index("iam:delete_role")
    )
    assert done["snoozed_until"]
    kinds = {item["service"] for item in aws_server.inventory() if item["kind"] != "role"}
    assert {"lambda", "events", "logs"} <= kinds
    assert "scheduler" not in kinds
    aws_server.forget_calls()
    back = check_apply_again(here, aws_server, "", backend="scheduler")
    assert back["snoozed_until"] == done["snoozed_until"]
    assert predicted(back)[-1] == "iam:delete_role"
    left = {item["service"] for item in aws_server.inventory()}
    assert not left & {"lambda", "events", "logs"}


@pytest.mark.parametrize("action", ["PutTargets", "AddPermission", "DeleteScheduleGroup", "DeleteRole"])
def test_a_change_of_the_backend_that_broke_off_is_finished(here: Module, aws_server: Server, action: str) -> None:
    launch(aws_server)
    here(backend="scheduler")
    aws_server.fault(action, code="AccessDeniedException", message="no", status=400, times=-1)
    assert "not allowed" in here()["msg"]
    aws_server.post("faults", [])
    assert here()["changed"]
    assert not here()["changed"]
    assert [item["id"] for item in aws_server.inventory() if item["kind"] == "role"] == [ROLE]


def test_a_silent_run_of_the_other_backend_asks_for_one_role_more(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here(backend="scheduler")
    aws_server.forget_calls()
    here(backend="scheduler")
    assert {call["params"]["RoleName"] for call in aws_server.calls("GetRole")} == {f"{PREFIX}-stop", ROLE}
    assert not aws_server.calls("GetFunction", "ListRules")
