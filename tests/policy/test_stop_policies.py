"""What the stop's roles may do, as two linters of others judge it; that they are denied a bystander is tested with the modules."""

from __future__ import annotations

import json
from typing import Any

import parliament
import pytest
from cloudsplaining.scan.policy_document import PolicyDocument
from dlbox import function_role, plan_schedule, stop_role

SEEN = {"account": {"account": "123456789012", "partition": "aws"}}
ASKED = {"box": "lab", "region": "us-west-2"}
MORE = {"start_time": "08:00", "dead_letters": "arn:aws:sqs:us-west-2:123456789012:missed"}
RISKS = (
    "all_allowed_unrestricted_actions",
    "allows_data_exfiltration_actions",
    "allows_privilege_escalation",
    "credentials_exposure",
    "permissions_management_without_constraints",
    "service_wildcard",
    "tagging_actions_without_constraints",
    "write_actions_without_constraints",
)


def risks(document: dict[str, Any]) -> dict[str, Any]:
    """What cloudsplaining finds, by kind."""
    policy = PolicyDocument(document)
    return {kind: found for kind in RISKS if (found := getattr(policy, kind))}


@pytest.mark.parametrize("role", [stop_role, function_role], ids=["schedule", "function"])
@pytest.mark.parametrize("more", [{}, MORE], ids=["stop alone", "starts and dead letters"])
def test_both_linters_find_nothing(role: Any, more: dict[str, str]) -> None:
    document = role.permission(plan_schedule.want(ASKED | more), SEEN, "i-0123456789abcdef0")
    assert parliament.analyze_policy_string(json.dumps(document)).findings == []
    assert risks(document) == {}


def test_they_would_find_what_the_post_does() -> None:
    post = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Stop*", "Resource": "*"}]}
    assert risks(post)["write_actions_without_constraints"] == ["ec2:StopInstances"]
