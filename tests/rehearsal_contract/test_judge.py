"""The policy judge: statement and request in, verdict out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rehearsal.iam_judge import Ask, arn_like, like, refusal, trust_refusal

from .world import trust

MINE = "arn:aws:ec2:us-west-2:000000000000:instance/i-0aaaaaaaaaaaaaaaa"
TAGGED = {"aws:ResourceTag/dlbox:box": "lab", "ec2:ResourceTag/dlbox:box": "lab"}


def says(allow: dict[str, Any], *denies: dict[str, Any]) -> list[dict[str, Any]]:
    """A policy of one Allow and some Denies."""
    base = {"Action": "ec2:StopInstances", "Resource": "*"}
    statements = [{"Effect": "Allow", **base, **allow}] + [{"Effect": "Deny", **base, **one} for one in denies]
    return [{"Statement": statements}]


ROWS: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("no policy", [], False),
    ("the action", says({}), True),
    ("the action in another case", says({"Action": "EC2:stopinstances"}), True),
    ("a wildcard", says({"Action": "ec2:St*"}), True),
    ("another action", says({"Action": ["ec2:StartInstances", "s3:*"]}), False),
    ("this resource", says({"Resource": MINE}), True),
    ("another resource", says({"Resource": MINE[:-1] + "b"}), False),
    ("a pattern of it", says({"Resource": "arn:aws:ec2:*:*:instance/*"}), True),
    ("its tag", says({"Condition": {"StringEquals": {"aws:ResourceTag/dlbox:box": "lab"}}}), True),
    ("its tag by EC2's key", says({"Condition": {"StringEquals": {"ec2:resourcetag/dlbox:box": ["x", "lab"]}}}), True),
    ("another tag", says({"Condition": {"StringEquals": {"aws:ResourceTag/dlbox:box": "lab-2"}}}), False),
    ("a tag it lacks", says({"Condition": {"StringEquals": {"aws:ResourceTag/owner": "me"}}}), False),
    ("a tag it may lack", says({"Condition": {"StringEqualsIfExists": {"aws:ResourceTag/owner": "me"}}}), True),
    ("a tag that must be absent", says({"Condition": {"Null": {"aws:ResourceTag/dlbox:box": "true"}}}), False),
    ("not another", says({"Condition": {"StringNotEquals": {"aws:ResourceTag/dlbox:box": "lab-2"}}}), True),
    ("a pattern of the tag", says({"Condition": {"StringLike": {"aws:ResourceTag/dlbox:box": "l?b"}}}), True),
    ("an operator nobody knows", says({"Condition": {"DateLessThan": {"aws:CurrentTime": "x"}}}), False),
    ("a deny", says({}, {"Resource": MINE}), False),
    ("a deny of another", says({}, {"Resource": MINE[:-1] + "b"}), True),
    ("all but one action", [{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}], True),
    ("all but this resource", says({"NotResource": MINE}), False),
]


@pytest.mark.parametrize(("policies", "allowed"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_verdicts(policies: list[dict[str, Any]], allowed: bool) -> None:
    assert (refusal(list(policies), Ask("ec2:StopInstances", MINE, TAGGED)) is None) is allowed


def test_wildcards() -> None:
    assert like("i-*", "i-1")
    assert not like("i-?", "i-12")
    assert not like("a.c", "abc")
    assert not arn_like("arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x")


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (trust("scheduler.amazonaws.com"), True),
        (trust("lambda.amazonaws.com"), False),
        (trust("scheduler.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "1"}}), True),
        (trust("scheduler.amazonaws.com", Condition={"StringEquals": {"aws:SourceAccount": "2"}}), False),
        (trust("scheduler.amazonaws.com", Action="sts:TagSession"), False),
        (trust("scheduler.amazonaws.com", Effect="Deny"), False),
        (trust("x", Principal={"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}), True),
        (trust("x", Principal={"AWS": "*"}), False),
    ],
)
def test_trust(document: str, allowed: bool) -> None:
    context = {"aws:SourceAccount": "1"}
    assert (trust_refusal(json.loads(document), "scheduler.amazonaws.com", context) is None) is allowed
