"""Calls what a schedule or rule points at, with the rights it really has; a refusal is recorded, not called."""

from __future__ import annotations

import json
import pathlib
import re
import urllib.error
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .cloud import MARK, Cloud

UNIVERSAL = re.compile(r"arn:aws[\w-]*:scheduler:::aws-sdk:(\w+):(\w+)$")


@dataclass(frozen=True)
class Due:
    """One thing that is to fire, once, at a moment; a schedule has a group, a rule has none."""

    at: datetime
    region: str
    arn: str
    target: dict[str, Any]
    group_arn: str = ""

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self.arn.split(":")[4]

    @property
    def moment(self) -> str:
        """Its time as AWS writes it."""
        return self.at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Refused(Exception):
    """The role or the function's policy does not allow the call."""


def fill(due: Due) -> str:
    """Return a schedule's input with the scheduler's context attributes put in."""
    text = str(due.target.get("Input") or "{}")
    return text.replace("<aws.scheduler.scheduled-time>", due.moment).replace("<aws.scheduler.schedule-arn>", due.arn)


def event(due: Due) -> str:
    """Return what a scheduled rule sends: its target's own input, or EventBridge's event."""
    head = {"version": "0", "id": f"{due.arn}@{due.moment}", "detail-type": "Scheduled Event", "source": "aws.events"}
    tail = {"account": due.account, "time": due.moment, "region": due.region, "resources": [due.arn], "detail": {}}
    return str(due.target.get("Input") or json.dumps(head | tail))


def may_invoke(policy: str, rule_arn: str) -> bool:
    """Tell whether a function's policy lets EventBridge invoke it for a rule."""
    for statement in json.loads(policy)["Statement"]:
        source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", rule_arn)
        service = statement.get("Principal", {}).get("Service")
        if statement["Effect"] == "Allow" and service == "events.amazonaws.com" and source == rule_arn:
            return True
    return False


class Targets:
    """Calls targets and keeps a record of every firing."""

    def __init__(self, cloud: Cloud, record: pathlib.Path) -> None:
        self.cloud = cloud
        self.record = record

    def fire(self, due: Due) -> None:
        """Fire once and record how it went; what it starts or stops ran from or until then, however far the clock jumped."""
        try:
            self.cloud.ask("clock", {"firing": due.at.isoformat()})
            self.call(due)
        except Refused as refused:
            self.write(due.at, due.arn, "denied", str(refused))
        except ClientError as problem:
            code = problem.response["Error"]["Code"]
            denied = code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
            self.write(due.at, due.arn, "denied" if denied else "failed", str(problem))
        except (BotoCoreError, ValueError, AttributeError) as problem:
            self.write(due.at, due.arn, "failed", f"{type(problem).__name__}: {problem}")
        else:
            self.write(due.at, due.arn, "fired", due.target["Arn"])
        finally:
            self.cloud.ask("clock", {"firing": None})

    def call(self, due: Due) -> None:
        """Call a target: a universal one through its service, a function through Lambda."""
        universal = UNIVERSAL.match(due.target["Arn"])
        if universal and due.group_arn:
            service, action = universal.groups()
            call = getattr(self.assumed(due, service), xform_name(action[0].upper() + action[1:]))
            call(**json.loads(fill(due)))
        elif ":lambda:" in due.target["Arn"]:
            self.invoke(due)
        else:
            raise ValueError(f"target {due.target['Arn']} is not known here: a universal target or a function is.")

    def invoke(self, due: Due) -> None:
        """Invoke a function: a schedule with its role, a rule by the function's own policy."""
        function = due.target["Arn"]
        if due.group_arn:
            client, payload = self.assumed(due, "lambda"), fill(due)
        else:
            client, payload = self.cloud.client("lambda", due.region), event(due)
            try:
                policy = client.get_policy(FunctionName=function)["Policy"]
            except client.exceptions.ResourceNotFoundException:
                policy = '{"Statement": []}'
            if not may_invoke(policy, due.arn):
                raise Refused(f"{function} has no permission for events.amazonaws.com with {due.arn}")
        answer = client.invoke(FunctionName=function, Payload=payload.encode())
        if answer.get("FunctionError"):
            raise ValueError(f"{function}: {answer['Payload'].read().decode()[:500]}")

    def assumed(self, due: Due, service: str) -> Any:
        """Return a client with the schedule's role, taken on as the scheduler does: for its group, in its account."""
        asked = {"role_arn": due.target["RoleArn"], "service": "scheduler.amazonaws.com"}
        try:
            keys = self.cloud.ask("assume", asked | {"source_arn": due.group_arn, "source_account": due.account})
        except urllib.error.HTTPError as refused:
            raise Refused(json.loads(refused.read())["error"]) from refused
        return self.cloud.session.client(
            service,
            region_name=due.region,
            endpoint_url=self.cloud.endpoint,
            config=Config(user_agent_extra=MARK, retries={"total_max_attempts": 1}),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def write(self, at: datetime, arn: str, result: str, detail: str) -> None:
        """Append one line to the record."""
        with self.record.open("a") as lines:
            lines.write(json.dumps({"at": at.isoformat(), "arn": arn, "result": result, "detail": detail}) + "\n")
