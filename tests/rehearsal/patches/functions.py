"""Lambda: a role must be usable, changes take time and refuse the next one, what was set is told, and code really runs."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction

from ..iam_judge import Ask
from ..iam_session import cannot_assume, cannot_do
from ..lambda_run import run
from ..state import STATE


class Conflict(LambdaClientError):  # type: ignore[misc]
    """AWS's ResourceConflictException."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


class Throttled(LambdaClientError):  # type: ignore[misc]
    """A function whose reserved concurrency is used up, as one of 0 always is."""

    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


def usable(role: str, arn: str, queue: str) -> None:
    """Refuse a role that Lambda cannot assume, or that may not send to the dead-letter queue."""
    if cannot_assume(role, "lambda.amazonaws.com", arn):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
    if queue and cannot_do(role, Ask("sqs:SendMessage", queue)):
        text = "The provided execution role does not have permissions to call SendMessage on SQS"
        raise InvalidParameterValueException(text)


def busy(function: Any) -> bool:
    """Whether the function's last change, or its creation, is still under way."""
    return bool(time.monotonic() - function.__dict__.get("_changed", 0.0) < STATE.knobs.transition_s)


def change(function: Any) -> None:
    """Begin a change, which is refused while another is under way."""
    if busy(function):
        text = "The operation cannot be performed at this time. An update is in progress for resource: "
        raise Conflict(text + function.function_arn)
    function.__dict__.update(_changed=time.monotonic(), _made=True)
    function.last_modified = f"{STATE.now():%Y-%m-%dT%H:%M:%S.000+0000}"


def state(function: Any) -> dict[str, str]:
    """State and LastUpdateStatus as they are by now."""
    if not busy(function):
        return {"State": "Active", "LastUpdateStatus": "Successful"}
    made = function.__dict__.get("_made", False)
    return {"State": "Active" if made else "Pending", "LastUpdateStatus": "InProgress"}


def apply() -> None:
    """Patch moto."""
    create, add = LambdaBackend.create_function, LambdaBackend.add_permission
    configure, recode = LambdaFunction.update_configuration, LambdaBackend.update_function_code
    describe, tell, put_retries = (
        LambdaFunction.get_configuration,
        LambdaFunction.get_code,
        LambdaBackend.put_function_event_invoke_config,
    )
    invoke = LambdaFunction.invoke

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        arn = f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{spec.get('FunctionName')}"
        queue = (spec.get("DeadLetterConfig") or {}).get("TargetArn", "")
        usable(spec.get("Role", ""), arn, queue)
        function = create(self, spec)
        change(function)
        function.__dict__.update(_dead_letters=queue, _made=False)
        return function

    def update_configuration(self: Any, body: dict[str, Any]) -> Any:
        queue = (body.get("DeadLetterConfig") or {}).get("TargetArn", self.__dict__.get("_dead_letters", ""))
        usable(body.get("Role", self.role), self.function_arn, queue)
        change(self)
        self.__dict__["_dead_letters"] = queue
        configure(self, body)
        return self.get_configuration()

    def update_function_code(self: Any, name: str, qualifier: str, body: dict[str, Any]) -> Any:
        function = self.get_function(name, qualifier)
        change(function)
        function.architectures = body.get("Architectures", function.architectures)
        return recode(self, name, qualifier, body)

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        queue = self.__dict__.get("_dead_letters", "")
        letters = {"DeadLetterConfig": {"TargetArn": queue}} if queue else {}
        return {**describe(self, on_create), **letters, **state(self)}

    def get_code(self: Any) -> dict[str, Any]:
        reserved = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return {**tell(self), **({"Concurrency": reserved} if self.reserved_concurrency is not None else {})}

    def invoke_function(self: Any, *args: Any) -> Any:
        if self.reserved_concurrency == 0:
            raise Throttled
        return invoke(self, *args)

    def put_function_event_invoke_config(self: Any, name: str, config: dict[str, Any]) -> Any:
        self.get_function(name).event_invoke_config.clear()
        return put_retries(self, name, config)

    def add_permission(self: Any, name: str, qualifier: str, raw: str) -> Any:
        asked = json.loads(raw).get("StatementId")
        if any(one["Sid"] == asked for one in self.get_function(name, qualifier).policy.statements):
            raise Conflict(f"The statement id ({asked}) provided already exists.")
        return add(self, name, qualifier, raw)

    LambdaBackend.create_function = create_function
    LambdaBackend.add_permission = add_permission
    LambdaBackend.put_function_event_invoke_config = put_function_event_invoke_config
    LambdaFunction.update_configuration = update_configuration
    LambdaBackend.update_function_code = update_function_code
    LambdaFunction.get_configuration = get_configuration
    LambdaFunction.get_code = get_code
    LambdaFunction.invoke = invoke_function
    LambdaFunction._invoke_lambda = run
