"""Contracts of Lambda: code runs, in its role."""

from __future__ import annotations

import io
import json
import zipfile
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
    made(aws, ECHO)
    assert invoked(aws, {"a": 1}) == ({"got": {"a": 1}, "name": "f"}, False)
    logs = aws.client("logs")
    stream = logs.describe_log_streams(logGroupName="/aws/lambda/f")["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName="/aws/lambda/f", logStreamName=stream)["events"]
    assert "hello" in [one["message"] for one in events]


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
