"""What AWS and boto3 say when they refuse, as one sentence with a way out."""

from __future__ import annotations

from botocore import exceptions as boto

from .errors import AwsError

# The profile that the rehearsal writes while it is up.
REHEARSAL = "dlbox-rehearsal"
THROTTLED = frozenset(
    [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
    ]
)
# CloudWatch; SNS; Scheduler, Lambda, EventBridge, Logs; IAM; Service Quotas. EC2's codes name the thing, and stay with who asks for it.
ABSENT = frozenset(
    {"ResourceNotFound", "NotFound", "ResourceNotFoundException", "NoSuchEntity", "NoSuchResourceException"}
)
# The codes under which Scheduler and Lambda say that they cannot assume a role; they stand for much else too.
_INVALID = frozenset({"ValidationException", "InvalidParameterValueException"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnauthorizedException"})
_WRONG_KEY = frozenset({"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})
DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
LOGIN = "run `aws configure` or `aws sso login`, or set AWS_PROFILE or box_profile (or try the rehearsal, which needs no account: `make up`)"
_ADVICE = {
    "VcpuLimitExceeded": "the account's vCPU quota is used up: see the quota line of this run, or stop another instance of that family",
    "InsufficientInstanceCapacity": "AWS has none of this type free there now: run the same command later or set another box_instance_type",
    "InvalidRegion": "write box_region as in us-west-2",
    "OptInRequired": "enable the region or the service in the AWS console first",
    "AddressLimitExceeded": "release an Elastic IP that you do not use, or ask for more under Service Quotas, code L-0263D0A3",
    "MaxSpotInstanceCountExceeded": "the account's Spot quota is used up",
    "PendingVerification": "AWS is still verifying the new account: it says so by mail, usually within minutes, at most 4 hours",
    "QuotaExceededException": "AWS takes two open requests in a region and twenty in an account: wait until one is decided",
    "DependencyAccessDeniedException": "attach policies/operator.json to the user or role",
    "AuthFailure.ServiceLinkedRoleCreationNotPermitted": "attach policies/operator.json, or run `aws iam create-service-linked-role "
    "--aws-service-name spot.amazonaws.com` once",
    "InvalidKeyPair.NotFound": "run the same command again: it imports the key pair",
}


def throttled(error: boto.ClientError) -> bool:
    """Whether AWS turned a call away unread, so that any call may be made again."""
    return error.response["Error"]["Code"] in THROTTLED


def refused(error: boto.ClientError) -> bool:
    """Whether AWS's answer is final; a lack of capacity is, although its HTTP status is 500."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    short = error.response["Error"]["Code"].startswith("Insufficient")
    return short or (not throttled(error) and (status < 500 or status == 501))


def sentence(service: str, operation: str, error: Exception, profile: str = "") -> str:
    """What was asked, what AWS said, what to do next."""
    asked = f"{service}:{''.join(word.title() for word in operation.split('_'))}"
    if not isinstance(error, boto.ClientError):
        return f"{asked} got no answer ({type(error).__name__}): check the network and box_region, then run the same command again"
    code = error.response["Error"]["Code"]
    said = str(error.response["Error"].get("Message", "")).strip().rstrip(".").replace("\n", " ")
    who = f" (profile {profile})" if profile else ""
    if code in _EXPIRED:
        return f"the AWS credentials{who} have expired: {LOGIN}; what was made so far is found again by its tags"
    if code in _WRONG_KEY:
        return f"AWS does not accept the credentials{who} ({code}): {LOGIN}"
    if "Free Tier" in said:
        return f"{asked} was refused ({said}): the account is on AWS's free plan; upgrade it to the paid plan under Billing, or set a free-tier box_instance_type"
    if code in DENIED:
        return f"{asked} is not allowed for these credentials{who}: attach policies/operator.json to the user or role ({said[:300]})"
    advice = _ADVICE.get(code, "run the same command again once that is put right; what exists is found by its tags")
    return f"{asked} was refused with {code or 'an error'}: {said}; {advice}"


def credential_advice(error: Exception, profile: str = "") -> str:
    """A failure before any call left this machine."""
    if isinstance(error, boto.ProfileNotFound) and REHEARSAL in str(error):
        return "the rehearsal is down: `make up` brings it up, and a new shell without its settings is for AWS"
    if isinstance(error, boto.ProfileNotFound):
        return f"box_profile or AWS_PROFILE names a profile that does not exist ({error}): {LOGIN}"
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return f"no AWS credentials were found: {LOGIN}"
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return f"the AWS sign-in is not usable ({str(error).rstrip('.')}): {LOGIN}"
    return f"AWS could not be asked ({str(error).rstrip('.')}): check the profile and the region, then run the same command again"


def unassumable(error: AwsError) -> bool:
    """Whether a service refused because it cannot use the role: usual for seconds after the role or its policy was made."""
    early = ("assume", "does not have permissions to call SendMessage")
    return error.code in _INVALID and any(said in str(error) for said in early)
