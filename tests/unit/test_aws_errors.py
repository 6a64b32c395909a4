"""Whatever AWS or boto3 says becomes one sentence that names what was asked and a way out."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from dlbox import aws_errors
from dlbox.errors import AwsError
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import is_sentence


def said(code: str, message: str = "Something went wrong.", status: int = 400) -> boto.ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(response, "RunInstances")


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        pytest.param(said("ExpiredToken"), ["credentials (profile work) have expired", "aws sso login"], id="expired"),
        pytest.param(said("RequestExpired"), ["have expired", "found again by its tags"], id="expired mid-run"),
        pytest.param(said("AuthFailure"), ["does not accept the credentials (profile work)", "aws configure"], id="wrong key"),
        pytest.param(said("SignatureDoesNotMatch"), ["does not accept", "make up"], id="wrong secret"),
        pytest.param(said("UnauthorizedOperation"), ["ec2:RunInstances is not allowed", "policies/operator.json"], id="denied by EC2"),
        pytest.param(said("AccessDenied"), ["ec2:RunInstances is not allowed", "(Something went wrong)"], id="denied by IAM"),
        pytest.param(said("ThrottlingException"), ["ec2:RunInstances was refused with ThrottlingException", "run the same command again"], id="throttled to the end"),
        pytest.param(said("VcpuLimitExceeded"), ["vCPU quota is used up"], id="quota"),
        pytest.param(said("InsufficientInstanceCapacity"), ["another box_instance_type"], id="capacity"),
        pytest.param(said("AddressLimitExceeded"), ["L-0263D0A3"], id="addresses"),
        pytest.param(said("PendingVerification"), ["at most 4 hours"], id="new account"),
        pytest.param(said("OptInRequired"), ["enable the region"], id="opt-in"),
        pytest.param(said("NeverHeardOf"), ["ec2:RunInstances was refused with NeverHeardOf: Something went wrong;", "run the same command again"], id="unknown"),
        pytest.param(said("", ""), ["refused with an error"], id="nothing said"),
        pytest.param(said("InternalError", "Line one.\nLine two."), ["Line one. Line two;"], id="two lines"),
        pytest.param(boto.ConnectTimeoutError(endpoint_url="x"), ["ec2:RunInstances got no answer (ConnectTimeoutError)", "check the network"], id="no answer"),
    ],
)  # fmt: skip
def test_a_sentence_with_a_way_out(error: Exception, parts: list[str]) -> None:
    text = aws_errors.sentence("ec2", "run_instances", error, "work")
    assert all(part in text for part in parts), text
    assert "\n" not in text
    assert not text.endswith(".")


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (boto.ProfileNotFound(profile="wrok"), "box_profile or AWS_PROFILE names a profile that does not exist"),
        (boto.NoCredentialsError(), "no AWS credentials were found"),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), "no AWS credentials were found"),
        (boto.UnauthorizedSSOTokenError(), "the AWS sign-in is not usable"),
        (boto.SSOTokenLoadError(error_msg="x"), "the AWS sign-in is not usable"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "the AWS sign-in is not usable"),
        (boto.NoRegionError(), "AWS could not be asked"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_before_any_call_left(error: Exception, part: str) -> None:
    text = aws_errors.credential_advice(error)
    assert part in text
    assert "aws configure" in text or "check the profile and the region" in text
    assert "\n" not in text


@given(st.text(max_size=30), st.text(max_size=60))
def test_no_code_and_no_message_breaks_the_sentence(code: str, message: str) -> None:
    text = aws_errors.sentence("iam", "create_role", said(code, message))
    assert "\n" not in text.replace(code, "")
    assert "; " in text or ": " in text


@pytest.mark.parametrize(
    ("code", "text", "is_so"),
    [
        ("ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.", True),
        ("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", True),
        ("ValidationException", "Invalid Schedule Expression cron(x).", False),
        ("AccessDeniedException", "not authorized to assume", False),
    ],
)  # fmt: skip
def test_a_role_that_has_not_spread_yet(code: str, text: str, is_so: bool) -> None:
    assert aws_errors.unassumable(AwsError(text, code)) is is_so


def test_the_advice_is_a_sentence_for_every_known_code() -> None:
    for code in aws_errors._ADVICE:
        assert is_sentence(aws_errors.sentence("ec2", "x", said(code)))
