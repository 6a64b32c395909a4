"""Pauses between tries, and what a call repeats: with a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto
from dlbox import aws, retry
from dlbox.errors import AwsError, UnknownOutcome
from hypothesis import given
from hypothesis import strategies as st

THROTTLED = {"Error": {"Code": "RequestLimitExceeded", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 503}}
BROKEN = {"Error": {"Code": "InternalError", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 500}}
MISSING = {"Error": {"Code": "NoSuchEntity", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 404}}
UNBUILT = {"Error": {"Code": "NotImplemented", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 501}}


class Clock:
    """Time that passes only while something sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(retry, "time", ticking)
    monkeypatch.setattr(aws, "time", ticking)
    return ticking


@given(total=st.floats(0, 900), longest=st.floats(0.5, 60))
def test_pauses_end_before_the_deadline(total: float, longest: float) -> None:
    ticking = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "time", ticking)
        for pause in retry.backoff(total, longest):
            assert 0 < pause <= longest
            ticking.sleep(pause)
    assert sum(ticking.slept) <= total
    # They grow, so that a busy AWS is asked rarely: 900 s at half a second each would be 1,800 calls.
    assert len(ticking.slept) <= 8 + 2 * total / longest


def test_slow_calls_count_against_the_deadline(clock: Clock) -> None:
    tries = 0
    for pause in retry.backoff(total=60):
        tries += 1
        clock.sleep(20 + pause)
    assert tries == 3


class Client:
    """A boto3 client whose every method raises the listed failures, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = [*failures]
        self.asked = 0

    def __getattr__(self, operation: str) -> Any:
        def method(**params: Any) -> str:
            self.asked += 1
            if self.failures:
                raise self.failures.pop(0)
            return "done"

        return method


def asking(monkeypatch: pytest.MonkeyPatch, operation: str, *failures: Exception) -> tuple[Client, Any]:
    """The client, and a call of an operation on it."""
    client, cloud = Client(*failures), aws.Aws("us-west-2")
    monkeypatch.setattr(cloud, "client", lambda service, region=None: client)
    return client, lambda: cloud.call("ec2", operation)


def client_error(response: dict[str, Any]) -> boto.ClientError:
    return boto.ClientError(response, "X")


LOST = boto.ReadTimeoutError(endpoint_url="x")


@pytest.mark.parametrize(
    ("operation", "failure"),
    [
        ("describe_instances", client_error(THROTTLED)),
        ("describe_instances", client_error(BROKEN)),
        ("describe_instances", LOST),
        ("run_instances", LOST),
        ("create_tags", LOST),
        ("create_schedule", client_error(BROKEN)),
        ("release_address", client_error(BROKEN)),
        ("allocate_address", client_error(THROTTLED)),
    ],
)
def test_what_is_harmless_is_repeated(clock: Clock, monkeypatch: pytest.MonkeyPatch, operation: str, failure: Exception) -> None:  # fmt: skip
    client, ask = asking(monkeypatch, operation, failure, failure)
    assert ask() == "done"
    assert client.asked == 3
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "operation",
    [
        "allocate_address",
        "create_role",
        "import_key_pair",
        "request_service_quota_increase",
        "authorize_security_group_ingress",
    ],
)
@pytest.mark.parametrize("failure", [LOST, client_error(BROKEN)], ids=["lost", "500"])
def test_a_create_whose_reply_is_lost_is_not_repeated(clock: Clock, monkeypatch: pytest.MonkeyPatch, operation: str, failure: Exception) -> None:  # fmt: skip
    client, ask = asking(monkeypatch, operation, failure)
    with pytest.raises(UnknownOutcome):
        ask()
    assert client.asked == 1


@pytest.mark.parametrize("response", [MISSING, UNBUILT], ids=["missing", "501"])
def test_a_clear_no_is_not_repeated(clock: Clock, monkeypatch: pytest.MonkeyPatch, response: dict[str, Any]) -> None:
    client, ask = asking(monkeypatch, "describe_instances", client_error(response))
    with pytest.raises(AwsError) as refused:
        ask()
    assert refused.value.code == response["Error"]["Code"]
    assert client.asked == 1


def test_a_failure_that_lasts_ends_within_the_deadline(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    client, ask = asking(monkeypatch, "describe_instances", *[client_error(THROTTLED)] * 1000)
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        ask()
    assert sum(clock.slept) <= retry.DEADLINE_S
    assert 5 < client.asked < 40


def test_a_role_that_never_spreads_ends_within_its_deadline(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    unspread = {"Error": {"Code": "ValidationException", "Message": "must allow Scheduler to assume the role"}, "ResponseMetadata": {"HTTPStatusCode": 400}}  # fmt: skip
    said: list[str] = []
    client, cloud = Client(*[client_error(unspread)] * 1000), aws.Aws("us-west-2", say=said.append)
    monkeypatch.setattr(cloud, "client", lambda service, region=None: client)
    with pytest.raises(AwsError):
        cloud.until_propagated("scheduler", "create_schedule")
    assert 600 < sum(clock.slept) <= 900
    assert len(said) == client.asked - 1


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("NoSuchEntity", True),
        ("NotFound", True),
        ("ResourceNotFound", True),
        ("ResourceNotFoundException", True),
        ("NoSuchResourceException", True),
        ("AccessDenied", False),
        ("ValidationError", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("read", ["call", "pages"])
def test_only_what_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch, read: str, code: str, absent: bool) -> None:
    """A read that was refused says nothing of what is there: taken for None, it would be made a second time."""
    cloud = aws.Aws("us-west-2")
    failure = client_error({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}})
    monkeypatch.setattr(cloud, "client", lambda service, region=None: Client(failure))
    args = ("iam", "list_roles", *(["Roles"] if read == "pages" else []))
    if absent:
        assert aws.if_there(getattr(cloud, read), *args) is None
    else:
        with pytest.raises(AwsError):
            aws.if_there(getattr(cloud, read), *args)
