"""Running a Lambda function for real: its zip in a subprocess of its own, with its role's credentials, against this server."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import Any

from .iam_judge import Ask
from .iam_session import cannot_assume, cannot_do, credentials
from .state import STATE

# The smallest runtime that a handler notices: event and context in, the result as the last line of the result file.
BOOTSTRAP = """
import importlib, json, os, sys, time, types
clock, moved = time.time, float(os.environ["CLOCK_MOVED_S"])
time.time = lambda: clock() + moved
module, name = os.environ["_HANDLER"].rsplit(".", 1)
context = types.SimpleNamespace(
    function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"], aws_request_id=os.environ["REQUEST_ID"],
    invoked_function_arn=os.environ["FUNCTION_ARN"], get_remaining_time_in_millis=lambda: 1000)
event = json.load(sys.stdin)
result = getattr(importlib.import_module(module), name)(event, context)
with open(os.environ["RESULT"], "w") as out:
    json.dump(result, out)
"""


def environment(function: Any, folder: Path, secret: dict[str, str]) -> dict[str, str]:
    """What a function finds in its environment: Lambda's variables, its own, and nothing of this machine's AWS set-up."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **{k: str(v) for k, v in function.environment_vars.items()},
        "PYTHONPATH": str(folder / "code"),
        "RESULT": str(folder / "result.json"),
        "REQUEST_ID": folder.name,
        "CLOCK_MOVED_S": str(STATE.clock_offset_s),
        "FUNCTION_ARN": function.function_arn,
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": STATE.endpoint,
        "AWS_ACCESS_KEY_ID": secret["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": secret["SecretAccessKey"],
        "AWS_SESSION_TOKEN": secret["SessionToken"],
    }


def failure(kind: str, message: str) -> str:
    """A function's error as Lambda reports it."""
    return json.dumps({"errorType": kind, "errorMessage": message})


def outcome(done: subprocess.CompletedProcess[str], result: Path) -> tuple[str, bool]:
    """What a finished run answers, and whether that is an error."""
    if done.returncode == 0 and result.exists():
        return result.read_text(), False
    last = (done.stderr.strip().splitlines() or ["the function ended without a result"])[-1]
    kind, _, message = last.partition(": ")
    return failure(kind, message or last), True


def keep_log(function: Any, text: str) -> None:
    """Write a run's log, by the rehearsal's clock, as far as the function's role may: into its log group, which it may have to make."""
    group = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{function.logs_group_name}"
    if function.logs_group_name not in function.logs_backend.groups:
        if cannot_do(function.role, Ask("logs:CreateLogGroup", group)):
            return
        function.logs_backend.ensure_log_group(function.logs_group_name)
    stream = f"{group}:log-stream:{function.version}"
    asks = (Ask("logs:CreateLogStream", stream), Ask("logs:PutLogEvents", stream))
    if not any(cannot_do(function.role, ask) for ask in asks):
        stream = f"{STATE.moment():%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        function.logs_backend.create_log_stream(function.logs_group_name, stream)
        at = int(STATE.moment().timestamp() * 1000)
        lines = [{"timestamp": at, "message": f"{line}\n"} for line in text.splitlines()]
        # Past moto's own call, which refuses what the moved clock calls the present.
        function.logs_backend.groups[function.logs_group_name].put_log_events(stream, lines)


def run(function: Any, event: Any = None) -> tuple[str, bool, str]:
    """Run a function once; answer its result, whether it failed, and its log."""
    why = cannot_assume(function.role, "lambda.amazonaws.com", function.function_arn)
    if why:
        return failure("AccessDeniedException", f"The role of the function cannot be assumed: {why}"), True, why
    text = event if isinstance(event, str) else json.dumps(event or {})
    secret = credentials(function.role, function.function_name, function.region)
    with tempfile.TemporaryDirectory(prefix="rehearsal-lambda-") as name:
        folder = Path(name)
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(folder / "code")
        try:
            done = subprocess.run(
                [sys.executable, "-c", BOOTSTRAP],
                input=text, cwd=folder / "code", env=environment(function, folder, secret),
                capture_output=True, text=True, timeout=int(function.timeout), check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            message = f"Task timed out after {int(function.timeout)}.00 seconds"
            keep_log(function, message)
            return failure("Sandbox.Timedout", message), True, message
        answer, failed = outcome(done, folder / "result.json")
    log = done.stdout + done.stderr
    keep_log(function, log)
    STATE.functions_run.append(
        {"function": function.function_name, "event": text, "answer": answer, "failed": failed, "log": log}
    )
    return answer, failed, log
