"""Contracts of Lambda: code runs, in its role."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import datetime
from typing import Any

import pytest

from .world import World, code, setup, trust

ECHO = (
    "import os\ndef go(event, context):\n    print('hello')\n    return {'got': event, 'name': context.function_name}\n"
)
STOP = (
    "import boto3\ndef go(event, context):\n"
    "    return boto3.client('ec2').stop_instances(InstanceIds=[event['id']])['StoppingInstances'][0]['InstanceId']\n"
)


def packed(source: str) -> bytes:
    """A deployment package."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        box.writestr("main.py", source)
    return out.getvalue()


@setup
def made(aws: World, source: str, *statements: Any) -> None:
    """A function f with a role of its own."""
    role = aws.role(trust("lambda.amazonaws.com"), *statements)
    what = {"Runtime": "python3.13", "Role": role, "Handler": "main.go", "Timeout": 20}
    aws.client("lambda").create_function(FunctionName="f", Code={"ZipFile": packed(source)}, **what)


def invoked(aws: World, event: Any) -> tuple[Any, bool]:
    """What a call of f returned, and whether it failed."""
    answer = aws.client("lambda").invoke(FunctionName="f", Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read()), "FunctionError" in answer


def test_the_code_runs_and_its_output_is_logged(aws: World) -> None:
    made(aws, ECHO, {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    assert invoked(aws, {"a": 1}) == ({"got": {"a": 1}, "name": "f"}, False)
    logs = aws.client("logs")
    stream = logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName="/aws/lambda/f", logStreamName=stream)["events"]
    assert "hello\n" in [one["message"] for one in events]


def test_an_exception_is_the_functions_error(world: World) -> None:
    made(world, "def go(event, context):\n    raise ValueError('no')\n")
    assert invoked(world, {}) == ({"errorType": "ValueError", "errorMessage": "no"}, True)


def test_a_role_that_lambda_may_not_assume_is_refused(aws: World) -> None:
    role = aws.role(trust("scheduler.amazonaws.com"))
    what = {"Runtime": "python3.13", "Role": role, "Handler": "main.go", "Code": {"ZipFile": packed(ECHO)}}
    assert code(aws.client("lambda").create_function, FunctionName="f", **what) == "InvalidParameterValueException"


@pytest.mark.parametrize("allowed", [True, False])
def test_it_may_do_what_its_role_may(world: World, allowed: bool) -> None:
    mine = world.launched()
    resource = f"arn:aws:ec2:us-west-2:000000000000:instance/{mine if allowed else 'i-0123456789abcdef0'}"
    made(world, STOP, {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": resource})
    answer, failed = invoked(world, {"id": mine})
    assert failed is not allowed
    if allowed:
        assert answer == mine
        world.settled(mine, "stopped")
    else:
        assert "UnauthorizedOperation" in answer["errorMessage"]
        assert world.instance(mine)["State"]["Name"] == "running"
    stop = world.server.calls("StopInstances")[-1]
    assert stop["role"] == "stop"


QUEUE = "arn:aws:sqs:us-west-2:000000000000:missed"
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}


def settled(aws: World) -> dict[str, Any]:
    """The function once nothing is under way, as GetFunction tells it."""
    for _ in range(100):
        found: dict[str, Any] = aws.client("lambda").get_function(FunctionName="f")
        if found["Configuration"]["LastUpdateStatus"] == "Successful":
            return found
        time.sleep(0.05)
    raise TimeoutError("the function stayed busy")


def test_a_function_is_pending_first_and_refuses_changes_meanwhile(aws: World) -> None:
    made(aws, ECHO)
    client = aws.client("lambda")
    assert client.get_function(FunctionName="f")["Configuration"]["State"] == "Pending"
    assert code(client.update_function_code, FunctionName="f", ZipFile=packed(STOP)) == "ResourceConflictException"
    assert settled(aws)["Configuration"]["State"] == "Active"
    client.update_function_code(FunctionName="f", ZipFile=packed(STOP))


def test_a_change_takes_time_and_refuses_the_next(aws: World) -> None:
    made(aws, ECHO)
    settled(aws)
    client = aws.client("lambda")
    assert client.update_function_configuration(FunctionName="f", Timeout=9)["LastUpdateStatus"] == "InProgress"
    assert code(client.update_function_configuration, FunctionName="f", Timeout=8) == "ResourceConflictException"
    assert settled(aws)["Configuration"]["Timeout"] == 9


def test_the_rehearsals_clock_tells_when_it_was_changed(aws: World) -> None:
    aws.server.post("clock", {"now": "2031-05-06T07:08:09+00:00"})
    made(aws, ECHO)
    assert settled(aws)["Configuration"]["LastModified"].startswith("2031-05-06T07:08:")
    aws.server.post("clock", {"now": "2031-06-07T08:09:10+00:00"})
    aws.client("lambda").update_function_configuration(FunctionName="f", Timeout=9)
    assert settled(aws)["Configuration"]["LastModified"].startswith("2031-06-07T08:09:")


def test_a_change_of_the_architecture_is_told(aws: World) -> None:
    made(aws, ECHO)
    settled(aws)
    aws.client("lambda").update_function_code(FunctionName="f", ZipFile=packed(ECHO), Architectures=["arm64"])
    assert settled(aws)["Configuration"]["Architectures"] == ["arm64"]


def test_a_dead_letter_queue_is_told_and_taken_away(aws: World) -> None:
    role = aws.role(trust("lambda.amazonaws.com"), SEND)
    what = {"Runtime": "python3.13", "Role": role, "Handler": "main.go", "Code": {"ZipFile": packed(ECHO)}}
    client = aws.client("lambda")
    client.create_function(FunctionName="f", **what, DeadLetterConfig={"TargetArn": QUEUE})
    assert settled(aws)["Configuration"]["DeadLetterConfig"] == {"TargetArn": QUEUE}
    client.update_function_configuration(FunctionName="f", Timeout=9)
    assert settled(aws)["Configuration"]["DeadLetterConfig"] == {"TargetArn": QUEUE}
    client.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in settled(aws)["Configuration"]


def test_a_role_that_may_not_send_dead_letters_is_refused(aws: World) -> None:
    role = aws.role(trust("lambda.amazonaws.com"))
    what = {"Runtime": "python3.13", "Role": role, "Handler": "main.go", "Code": {"ZipFile": packed(ECHO)}}
    with pytest.raises(Exception, match="does not have permissions to call SendMessage on SQS"):
        aws.client("lambda").create_function(FunctionName="f", **what, DeadLetterConfig={"TargetArn": QUEUE})


def test_a_change_to_a_role_that_lambda_may_not_assume_is_refused(aws: World) -> None:
    made(aws, ECHO)
    settled(aws)
    other = aws.role(trust("scheduler.amazonaws.com"), name="other")
    with pytest.raises(Exception, match="cannot be assumed by Lambda"):
        aws.client("lambda").update_function_configuration(FunctionName="f", Role=other)


def test_a_fresh_role_is_not_assumable_yet(aws: World) -> None:
    aws.server.post("knobs", {"role_delay_s": 60})
    role = aws.role(trust("lambda.amazonaws.com"))
    what = {"Runtime": "python3.13", "Role": role, "Handler": "main.go", "Code": {"ZipFile": packed(ECHO)}}
    assert code(aws.client("lambda").create_function, FunctionName="f", **what) == "InvalidParameterValueException"
    aws.server.post("knobs", {"role_delay_s": 0})
    aws.client("lambda").create_function(FunctionName="f", **what)


def test_a_function_without_concurrency_is_told_as_such_and_runs_no_more(aws: World) -> None:
    made(aws, ECHO)
    client = aws.client("lambda")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert client.get_function(FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    assert code(client.invoke, FunctionName="f", Payload=b"{}") == "TooManyRequestsException"
    client.delete_function_concurrency(FunctionName="f")
    assert "Concurrency" not in client.get_function(FunctionName="f")


def test_its_retries_are_those_that_were_set_last(aws: World) -> None:
    made(aws, ECHO)
    client = aws.client("lambda")
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    client.put_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=900)
    found = client.get_function_event_invoke_config(FunctionName="f")
    assert (found["MaximumEventAgeInSeconds"], found.get("MaximumRetryAttempts")) == (900, None)


def test_a_statement_of_its_policy_has_an_id_of_its_own(aws: World) -> None:
    made(aws, ECHO)
    asked = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    client = aws.client("lambda")
    client.add_permission(**asked, Principal="events.amazonaws.com")
    assert code(client.add_permission, **asked, Principal="s3.amazonaws.com") == "ResourceConflictException"
    assert len(json.loads(client.get_policy(FunctionName="f")["Policy"])["Statement"]) == 1


def test_the_permission_of_a_rule_is_written_as_lambda_writes_it(world: World) -> None:
    made(world, ECHO)
    rule = "arn:aws:events:us-west-2:000000000000:rule/r"
    client = world.client("lambda")
    asked = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    client.add_permission(**asked, Principal="events.amazonaws.com", SourceArn=rule)
    (statement,) = json.loads(client.get_policy(FunctionName="f")["Policy"])["Statement"]
    assert statement == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-west-2:000000000000:function:f",
        "Condition": {"ArnLike": {"AWS:SourceArn": rule}},
    }


@pytest.mark.parametrize(
    ("actions", "logged"),
    [
        ([], None),
        (["logs:CreateLogStream", "logs:PutLogEvents"], None),
        (["logs:CreateLogGroup"], []),
        (["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], ["hello"]),
    ],
)
def test_it_logs_what_its_role_may_log(world: World, actions: list[str], logged: list[str] | None) -> None:
    resource = "arn:aws:logs:us-west-2:000000000000:log-group:/aws/lambda/f"
    made(world, ECHO, {"Effect": "Allow", "Action": actions or "s3:GetObject", "Resource": [resource, f"{resource}:*"]})
    invoked(world, {})
    logs = world.client("logs")
    if logged is None:
        assert logs.describe_log_groups()["logGroups"] == []
        return
    found = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert [one["message"].rstrip() for one in found] == logged


def test_its_log_has_the_rehearsals_time(world: World) -> None:
    made(world, ECHO, {"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    world.server.post("clock", {"now": "2031-05-06T07:08:00+00:00"})
    invoked(world, {})
    begin = int(datetime.fromisoformat("2031-05-06T07:08:00+00:00").timestamp() * 1000)
    found = world.client("logs").filter_log_events(logGroupName="/aws/lambda/f", startTime=begin)["events"]
    assert [one["message"] for one in found] == ["hello\n"]
    assert 0 <= found[0]["timestamp"] - begin < 60_000


def test_its_clock_is_the_rehearsals(world: World) -> None:
    made(world, "import time\ndef go(event, context):\n    return time.time()\n")
    world.server.post("clock", {"now": "2031-05-06T07:08:00+00:00"})
    answer, _ = invoked(world, {})
    assert 0 <= answer - datetime.fromisoformat("2031-05-06T07:08:00+00:00").timestamp() < 60


def test_a_rule_is_tagged_when_it_is_made_and_no_more(aws: World) -> None:
    events = aws.client("events")
    rule = {"Name": "r", "ScheduleExpression": "rate(1 day)"}
    arn = events.put_rule(**rule, Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
    events.put_rule(**rule, Tags=[{"Key": "a", "Value": "2"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
