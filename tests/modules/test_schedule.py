"""The daily stop against the rehearsal: created, every drift mended with exactly what was predicted, removed again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rehearsal.testing import Server

from .conftest import Module, check_apply_again, made, predicted
from .in_process import in_process

GROUP = "dlbox-us-west-2-lab"
ROLE = "dlbox-us-west-2-lab-stop"


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process."""
    return in_process(aws_server, monkeypatch)


def launch(server: Server, box: str = "lab") -> str:
    """An instance with a box's tag; returns its id."""
    ec2 = server.client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "dlbox:box", "Value": box}]}]
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=tags)
    return str(made["Instances"][0]["InstanceId"])


def change(server: Server, **fields: Any) -> None:
    """Change the schedule by hand."""
    scheduler = server.client("scheduler")
    now = scheduler.get_schedule(Name="stop", GroupName=GROUP)
    kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target")
    write = scheduler.create_schedule if "Name" in fields else scheduler.update_schedule
    write(**{"Name": "stop", "GroupName": GROUP} | {key: now[key] for key in kept} | fields)


def target(server: Server, **fields: Any) -> None:
    """Change the schedule's target by hand."""
    now = server.client("scheduler").get_schedule(Name="stop", GroupName=GROUP)["Target"]
    change(server, Target=now | fields)


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


def allow(server: Server, **fields: Any) -> None:
    """Change the role's policy by hand."""
    iam = server.client("iam")
    document = iam.get_role_policy(RoleName=ROLE, PolicyName="stop")["PolicyDocument"]
    document["Statement"][0].update(fields)
    iam.put_role_policy(RoleName=ROLE, PolicyName="stop", PolicyDocument=json.dumps(document))


def trust(server: Server, document: dict[str, Any]) -> None:
    """Replace the role's trust policy by hand."""
    server.client("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


def trust_without_condition(server: Server) -> None:
    document = server.client("iam").get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    document["Statement"][0].pop("Condition")
    trust(server, document)


UPDATE, PERMIT = "scheduler:update_schedule", "iam:put_role_policy"
DRIFT: dict[str, tuple[Callable[[Server], Any], list[str], str]] = {
    "cron": (lambda s: change(s, ScheduleExpression="cron(0 3 * * ? *)"), [UPDATE], "box_stop_time differs"),
    "days": (lambda s: change(s, ScheduleExpression="cron(0 20 ? * MON,TUE *)"), [UPDATE], "box_stop_days differs"),
    "begins": (lambda s: change(s, StartDate=datetime(2035, 1, 1)), [UPDATE], "it would not begin before a date"),
    "a schedule of nobody's": (
        lambda s: change(s, Name="start"),
        ["scheduler:delete_schedule"],
        "no setting asks for it",
    ),
    "zone": (lambda s: change(s, ScheduleExpressionTimezone="UTC"), [UPDATE], "box_timezone differs"),
    "disabled": (lambda s: change(s, State="DISABLED"), [UPDATE], "it is disabled"),
    "window": (
        lambda s: change(s, FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}),
        [UPDATE],
        "it may fire late",
    ),
    "ends": (lambda s: change(s, EndDate=datetime(2030, 1, 1)), [UPDATE], "it would end on a date"),
    "target": (
        lambda s: target(s, Arn="arn:aws:scheduler:::aws-sdk:ec2:rebootInstances"),
        [UPDATE],
        "it does something else than stop an instance",
    ),
    "input": (lambda s: target(s, Input='{"InstanceIds": ["i-0123456789abcdef0"]}'), [UPDATE], "another instance"),
    "input is no JSON": (lambda s: target(s, Input="stop it"), [UPDATE], "another instance"),
    "retries": (
        lambda s: target(s, RetryPolicy={"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}),
        [UPDATE],
        "the next working day",
    ),
    "instance replaced": (replace, [PERMIT, UPDATE], "does not allow exactly"),
    "policy widened": (lambda s: allow(s, Resource="*"), [PERMIT], "does not allow exactly what the schedules do"),
    "policy without condition": (lambda s: allow(s, Condition={}), [PERMIT], "does not allow exactly"),
    "policy detached": (
        lambda s: s.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="stop"),
        [PERMIT],
        "the role has no policy of this name",
    ),
    "trust widened": (trust_without_condition, ["iam:update_assume_role_policy"], "not trusted to the box's"),
    "role untagged": (
        lambda s: s.client("iam").untag_role(RoleName=ROLE, TagKeys=["dlbox:box"]),
        ["iam:tag_role"],
        "its tags differ",
    ),
    "role deleted": (delete_role, ["iam:create_role", PERMIT], "the schedule needs it"),
    "schedule deleted": (
        lambda s: s.client("scheduler").delete_schedule(Name="stop", GroupName=GROUP),
        ["scheduler:create_schedule"],
        "nothing would stop the box",
    ),
    "group deleted": (
        lambda s: s.client("scheduler").delete_schedule_group(Name=GROUP),
        ["scheduler:create_schedule_group", "scheduler:create_schedule"],
        "there is none of this name",
    ),
}


def test_it_is_created_with_its_role(here: Module, aws_server: Server) -> None:
    instance = launch(aws_server)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule")
    assert done["firings"][0]["local"].endswith(" 20:00 Asia/Shanghai")
    assert done["firings"][0]["utc"].endswith("T12:00:00Z")
    found = aws_server.client("scheduler").get_schedule(Name="stop", GroupName=GROUP)
    assert json.loads(found["Target"]["Input"]) == {"InstanceIds": [instance]}
    assert (found["ScheduleExpression"], found["State"]) == ("cron(0 20 * * ? *)", "ENABLED")
    kinds = {item["kind"] for item in aws_server.inventory("dlbox:box", "lab")}
    assert kinds >= {"role", "schedule-group"}, kinds


@pytest.mark.parametrize("case", DRIFT)
def test_drift_is_predicted_mended_and_then_silent(here: Module, aws_server: Server, case: str) -> None:
    launch(aws_server)
    here("dlbox_schedule")
    meddle, writes, reason = DRIFT[case]
    meddle(aws_server)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule")
    assert predicted(done) == writes
    assert reason in done["changes"][0]["reason"]


def test_a_silent_run_reads_seven_things_of_the_stop(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here("dlbox_schedule")
    aws_server.forget_calls()
    here("dlbox_schedule")
    read = sorted(call["action"] for call in aws_server.calls())
    assert read == [
        "DescribeInstances",
        "GetCallerIdentity",
        "GetRole",
        "GetRole",
        "GetRolePolicy",
        "GetSchedule",
        "GetScheduleGroup",
        "ListAttachedRolePolicies",
        "ListSchedules",
    ]


def test_before_the_launch_check_mode_lists_it_and_a_run_says_why_not(here: Module, aws_server: Server) -> None:
    foreseen = here("dlbox_schedule", check=True)
    assert predicted(foreseen) == [
        "iam:create_role",
        PERMIT,
        "scheduler:create_schedule_group",
        "scheduler:create_schedule",
    ]
    assert foreseen["changes"][-1]["after"]["input"] == {"InstanceIds": ["the instance to be launched"]}
    refused = here("dlbox_schedule")
    assert "run site.yml" in refused["msg"]
    assert not aws_server.calls(writes=True)


def test_a_role_that_has_not_spread_is_waited_for(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    aws_server.post("knobs", {"role_delay_s": 1.5})
    here("dlbox_schedule")
    tries = aws_server.calls("CreateSchedule")
    assert [call["status"] for call in tries][-1] == 200
    assert len(tries) > 1
    assert len({call["params"]["ClientToken"] for call in tries}) == 1


def test_another_refusal_of_the_schedule_is_not_repeated(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    said = "Invalid Schedule Expression."
    aws_server.fault("CreateSchedule", code="ValidationException", message=said, status=400, times=-1)
    failed = here("dlbox_schedule")
    assert "ValidationException: Invalid Schedule Expression" in failed["msg"]
    assert len(aws_server.calls("CreateSchedule")) == 1


@pytest.mark.parametrize("action", ["CreateRole", "CreateScheduleGroup", "CreateSchedule", "PutRolePolicy"])
def test_a_lost_reply_leaves_one_of_each(here: Module, aws_server: Server, action: str) -> None:
    launch(aws_server)
    aws_server.fault(action, kind="drop", when="after")
    assert "changes" in here("dlbox_schedule")
    assert not here("dlbox_schedule")["changed"]


def test_it_goes_and_leaves_its_neighbour(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    launch(aws_server, "lab-2")
    here("dlbox_schedule")
    here("dlbox_schedule", box="lab-2")
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule", state="absent", stop_time="nonsense")
    assert predicted(done) == [
        "scheduler:delete_schedule",
        "scheduler:delete_schedule_group",
        "iam:delete_role_policy",
        "iam:delete_role",
    ]
    assert done["firings"] == []
    assert not here("dlbox_schedule", box="lab-2")["changed"]


BY_HAND = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}


def give(server: Server, role: str) -> str:
    """Give a role more than its own policy, in both ways; returns the managed policy's ARN."""
    iam = server.client("iam")
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(BY_HAND))
    made = iam.create_policy(PolicyName="by-hand", PolicyDocument=json.dumps(BY_HAND))["Policy"]
    iam.attach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    return str(made["Arn"])


@pytest.mark.parametrize("backend", ["scheduler", "lambda"])
def test_a_policy_attached_by_hand_is_taken_off(here: Module, aws_server: Server, backend: str) -> None:
    launch(aws_server)
    here("dlbox_schedule", backend=backend)
    arn = give(aws_server, ROLE if backend == "scheduler" else ROLE.removesuffix("stop") + "function")
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule", backend=backend)
    assert predicted(done) == ["iam:detach_role_policy"]
    assert done["changes"][0]["before"] == arn
    assert aws_server.client("iam").get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


@pytest.mark.parametrize("backend", ["scheduler", "lambda"])
def test_what_a_role_was_given_by_hand_does_not_keep_it(here: Module, aws_server: Server, backend: str) -> None:
    launch(aws_server)
    here("dlbox_schedule", backend=backend)
    arn = give(aws_server, ROLE if backend == "scheduler" else ROLE.removesuffix("stop") + "function")
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule", state="absent")
    assert predicted(done)[-4:] == [*["iam:delete_role_policy"] * 2, "iam:detach_role_policy", "iam:delete_role"]
    assert BY_HAND in [one["before"] for one in done["changes"]]
    assert aws_server.client("iam").get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_a_role_without_the_tag_is_left_alone(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here("dlbox_schedule")
    aws_server.client("iam").untag_role(RoleName=ROLE, TagKeys=["dlbox:box"])
    aws_server.forget_calls()
    here("dlbox_schedule", state="absent")
    assert made(aws_server) == ["scheduler:delete_schedule", "scheduler:delete_schedule_group"]


def test_a_failed_read_deletes_nothing(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    here("dlbox_schedule")
    aws_server.forget_calls()
    aws_server.fault("GetScheduleGroup", code="AccessDeniedException", message="no", status=403, times=-1)
    assert "is not allowed" in here("dlbox_schedule", state="absent")["msg"]
    assert not aws_server.calls(writes=True)


def test_what_yaml_makes_of_a_bare_time_is_refused_before_any_call(here: Module, aws_server: Server) -> None:
    assert 'if you mean 20:00, write it in quotes, "20:00"' in here("dlbox_schedule", stop_time=1200)["msg"]
    assert not aws_server.calls()


WORKDAY = {"stop_time": ["12:30", "20:00"], "start_time": ["08:00", "13:30"], "stop_days": "weekdays"}


def test_a_list_of_times_is_a_schedule_each_and_a_shorter_one_removes_what_is_left_over(
    here: Module, aws_server: Server
) -> None:
    launch(aws_server)
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_schedule", **WORKDAY)
    aws_server.forget_calls()
    done = check_apply_again(here, aws_server, "dlbox_schedule")
    listed = aws_server.client("scheduler").list_schedules(GroupName=GROUP)["Schedules"]
    assert [one["Name"] for one in listed] == ["stop"]
    assert sorted(predicted(done)) == [PERMIT, *["scheduler:delete_schedule"] * 3, UPDATE]


def test_a_snooze_skips_tonight_stays_over_a_rerun_and_ends_by_itself(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    aws_server.post("clock", {"now": "2026-11-20T18:00:00+08:00"})
    here("dlbox_schedule")
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_schedule", snooze="tonight")
    told = here("dlbox_schedule")
    assert not told["changed"]
    assert told["firings"][0]["local"] == "Sat 2026-11-21 20:00 Asia/Shanghai" == told["snoozed_until"]["local"]
    aws_server.post("clock", {"now": "2026-11-22T00:00:00+08:00"})
    over = here("dlbox_schedule")
    assert (over["changed"], over["snoozed_until"]) == (False, None)


def test_a_snooze_until_a_time_stops_the_box_then(here: Module, aws_server: Server) -> None:
    instance = launch(aws_server)
    aws_server.post("clock", {"now": "2026-11-20T18:00:00+08:00"})
    here("dlbox_schedule")
    aws_server.forget_calls()
    check_apply_again(here, aws_server, "dlbox_schedule", snooze="23:30")
    once = aws_server.client("scheduler").get_schedule(Name="stop-once", GroupName=GROUP)
    assert (once["ScheduleExpression"], once["ActionAfterCompletion"]) == ("at(2026-11-20T15:30:00)", "DELETE")
    assert json.loads(once["Target"]["Input"]) == {"InstanceIds": [instance]}
    aws_server.forget_calls()
    drawn_out = check_apply_again(here, aws_server, "dlbox_schedule", snooze="23:45")
    assert drawn_out["changes"][0]["reason"] == "the snooze ends at another time"
    aws_server.forget_calls()
    ended = check_apply_again(here, aws_server, "dlbox_schedule", snooze="off")
    assert predicted(ended) == [UPDATE, "scheduler:delete_schedule"]
    assert here("dlbox_schedule")["firings"][0]["local"] == "Fri 2026-11-20 20:00 Asia/Shanghai"


def test_a_snooze_of_nothing_is_refused_before_any_write(here: Module, aws_server: Server) -> None:
    launch(aws_server)
    aws_server.post("clock", {"now": "2026-11-20T21:00:00+08:00"})
    here("dlbox_schedule")
    aws_server.forget_calls()
    said = here("dlbox_schedule", snooze="tonight")["msg"]
    assert said.startswith("no stop is left today: the next is Sat 2026-11-21 20:00 Asia/Shanghai")
    assert not aws_server.calls(writes=True)
