"""Answers the rehearsal gives in AWS's own form: errors in every protocol, and empty results for stale reads."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from moto.core.model import OperationModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from .wire import Call

Reply = tuple[int, list[tuple[str, str]], bytes]

# What AWS answers to a question about an id that it does not (yet) know.
NOT_FOUND = {
    "InstanceId": "InvalidInstanceID.NotFound",
    "AllocationId": "InvalidAllocationID.NotFound",
    "GroupId": "InvalidGroup.NotFound",
    "GroupName": "InvalidGroup.NotFound",
    "KeyName": "InvalidKeyPair.NotFound",
    "VolumeId": "InvalidVolume.NotFound",
    "SpotInstanceRequestId": "InvalidSpotInstanceRequestID.NotFound",
}


def error(call: Call, code: str, message: str, status: int = 400) -> Reply:
    """An AWS error that botocore can parse, in the protocol of the call."""
    if call.protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
            "<RequestID>00000000-rehearsal</RequestID></Response>"
        )
        return status, [("Content-Type", "text/xml")], text.encode()
    if call.protocol in ("query", "rest-xml"):
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>00000000-rehearsal</RequestId></ErrorResponse>"
        )
        return status, [("Content-Type", "text/xml")], text.encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", code)]
    return status, headers, json.dumps({"__type": code, "message": message, "Message": message}).encode()


def empty(call: Call) -> Reply:
    """What a read answers before its resource is visible: not found for an id or a name, else an empty list."""
    for prefix, code in NOT_FOUND.items() if call.service == "ec2" else ():
        asked = [v for k, v in call.params.items() if k.split(".")[0] == prefix]
        if asked:
            return error(call, code, f"The {prefix} '{asked[0]}' does not exist", 400)
    if call.action.startswith("Get"):
        code = "NoSuchEntity" if call.service == "iam" else "ResourceNotFoundException"
        return error(call, code, "The resource does not exist.", 404)
    service = get_service_model(call.service)
    operation: Any = service.operation_model(call.action)
    return serialize(call, operation, empty_result(operation))


def empty_result(operation: Any) -> dict[str, Any]:
    """Every list of an operation's answer, empty."""
    members = operation.output_shape.members if operation.output_shape else {}
    return {name: [] for name, shape in members.items() if shape.type_name == "list"}


def serialize(call: Call, operation: OperationModel, result: dict[str, Any]) -> Reply:
    """A result in the form that the protocol of the call wants."""
    made = get_serializer_class(call.service, call.protocol)(operation_model=operation).serialize(result)
    body = made["body"]
    return made["status_code"], list(made["headers"].items()), body if isinstance(body, bytes) else body.encode()
