"""Who is calling: credentials that a service got for a role, and the verdict of the role's policies on each call."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from . import replies
from .iam_context import asks, policy
from .iam_judge import Ask, refusal, trust_refusal
from .replies import Reply
from .state import ACCOUNT, STATE
from .wire import Call


def role_named(arn: str) -> Any:
    """The role of an ARN, or None."""
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def cannot_assume(role_arn: str, service: str, source_arn: str, source_account: str = ACCOUNT) -> str | None:
    """Why a service cannot assume a role now, or None when it can."""
    role = role_named(role_arn)
    if role is None:
        return f"there is no role {role_arn}"
    if (utcnow() - role.create_date) / timedelta(seconds=1) < STATE.knobs.role_delay_s:
        return "the role is too new to be assumable"
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_account}
    return trust_refusal(policy(role.assume_role_policy_document), service, {k: v for k, v in context.items() if v})


def credentials(role_arn: str, session: str, region: str) -> dict[str, str]:
    """Temporary credentials of a role, known to moto's STS too."""
    made = sts_backends[ACCOUNT]["aws"].assume_role(
        region_name=region, role_session_name=session, role_arn=role_arn, policy="", duration=3600, external_id=""
    )
    return {
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "SessionToken": made.session_token,
        "Expiration": made.expiration.replace(tzinfo=UTC).isoformat(),
    }


def assume_for_service(body: Any, _: dict[str, str]) -> Any:
    """Let an AWS service (the clock, Lambda) assume a role, if the role trusts it."""
    service = body["service"]
    why = cannot_assume(body["role_arn"], service, body.get("source_arn", ""), body.get("source_account", ACCOUNT))
    if why:
        raise PermissionError(f"{service} cannot assume {body['role_arn']}: {why}")
    return credentials(body["role_arn"], service.split(".")[0], body.get("region", "us-west-2"))


def principal(access_key: str) -> tuple[str, str, list[dict[str, Any]]] | None:
    """Name, ARN and policies of the role or user behind an access key; None for a key that IAM never made."""
    iam = iam_backends[ACCOUNT]["aws"]
    assumed = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed:
        role = role_named(assumed.role_arn)
        attached = [*role.managed_policies.values()] if role else []
        inline = [*role.policies.values()] if role else []
        return (role.name if role else "a deleted role"), assumed.arn, _documents(inline, attached)
    for user in iam.users.values():
        if any(key.access_key_id == access_key for key in user.access_keys):
            inline = [one if isinstance(one, str) else one["policy_document"] for one in user.policies.values()]
            return user.name, user.arn, _documents(inline, [*user.managed_policies.values()])
    return None


def _documents(inline: list[Any], attached: list[Any]) -> list[dict[str, Any]]:
    """Policy documents, the default version of each attached policy."""
    return [policy(one) for one in inline] + [
        policy(version.document) for one in attached for version in one.versions if version.is_default
    ]


def cannot_do(role_arn: str, ask: Ask) -> str | None:
    """Why a role may not do something, or None when it may."""
    role = role_named(role_arn)
    inline, attached = ([*role.policies.values()], [*role.managed_policies.values()]) if role else ([], [])
    return refusal([*_documents(inline, attached)], ask)


def verdict(call: Call, entry: dict[str, Any]) -> Reply | None:
    """The denial of a call that its caller's policies do not allow; None lets it pass."""
    caller = principal(call.access_key)
    if caller is None:
        return None
    entry["role"], arn, policies = caller
    if call.service == "sts" and call.action == "GetCallerIdentity":
        return None
    for ask in asks(call):
        why = refusal(list(policies), ask)
        if why:
            text = f"User: {arn} is not authorized to perform: {ask.action} on resource: {ask.resource} {why}"
            if call.service == "ec2":
                return replies.error(
                    call, "UnauthorizedOperation", f"You are not authorized to perform this operation. {text}", 403
                )
            code = "AccessDenied" if call.protocol == "query" else "AccessDeniedException"
            return replies.error(call, code, text, 403 if call.protocol == "query" else 400)
    return None
