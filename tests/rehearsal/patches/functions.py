"""Lambda: the role must be assumable, and a function's code really runs."""

from __future__ import annotations

from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction

from ..iam_session import cannot_assume
from ..lambda_run import run


def apply() -> None:
    """Patch moto."""
    create = LambdaBackend.create_function

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        arn = f"arn:aws:lambda:{self.region_name}:{self.account_id}:function:{spec.get('FunctionName')}"
        if cannot_assume(spec.get("Role", ""), "lambda.amazonaws.com", arn):
            raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
        return create(self, spec)

    LambdaBackend.create_function = create_function
    LambdaFunction._invoke_lambda = run
