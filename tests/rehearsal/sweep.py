"""Looking over everything the rehearsal holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.scheduler.models import scheduler_backends
from moto.servicequotas.models import servicequotas_backends
from moto.sns.models import sns_backends

from . import spot
from .state import ACCOUNT

Found = dict[str, Any]
REGIONAL: tuple[Any, ...] = (
    cloudwatch_backends, ec2_backends, events_backends, lambda_backends, logs_backends, scheduler_backends, servicequotas_backends, sns_backends,
)  # fmt: skip


def empty_moto() -> None:
    """Forget every resource of every service."""
    BackendDict.reset()


def _found(service: str, kind: str, ident: str, region: str, tags: dict[str, str], **more: Any) -> Found:
    """One line of the inventory."""
    return {"service": service, "kind": kind, "id": ident, "region": region, "tags": tags, **more}


def _pairs(tags: Any) -> dict[str, str]:
    """AWS's list of Key and Value as a dict."""
    return {one["Key"]: one["Value"] for one in tags or []}


def _ec2(region: str, ec2: Any) -> Iterator[Found]:
    """What a region's EC2 holds beside its defaults; terminated instances hold nothing."""
    for one in ec2.all_instances():
        if one.state != "terminated":
            yield _found("ec2", "instance", one.id, region, dict(ec2.tags.get(one.id, {})), state=one.state)
    for request, state in spot.live(ec2):
        yield _found("ec2", "spot-request", request.id, region, dict(ec2.tags.get(request.id, {})), state=state)
    listed = {
        "volume": ec2.volumes.values(),
        "address": ec2.addresses,
        "network-interface": ec2.enis.values(),
        "key-pair": ec2.key_pairs.values(),
        "security-group": [g for groups in ec2.groups.values() for g in groups.values() if g.name != "default"],
        "snapshot": [s for s in ec2.snapshots.values() if not getattr(s, "from_ami", None)],
    }
    for kind, things in listed.items():
        for one in things:
            name = getattr(one, "key_name", None) or getattr(one, "name", None) or getattr(one, "public_ip", None)
            yield _found("ec2", kind, one.id, region, dict(ec2.tags.get(one.id, {})), name=name)


def _others(region: str) -> Iterator[Found]:
    """What the other regional services hold in a region."""
    scheduler = scheduler_backends[ACCOUNT][region]
    for group in scheduler.schedule_groups.values():
        tags = _pairs(scheduler.list_tags_for_resource(group.arn).get("Tags"))
        if group.name != "default":
            yield _found("scheduler", "schedule-group", group.name, region, tags)
        for one in group.schedules.values():
            yield _found("scheduler", "schedule", f"{group.name}/{one.name}", region, {}, state=one.state)
    events = events_backends[ACCOUNT][region]
    for bus in events.event_buses.values():
        for rule in bus.rules.values():
            yield _found("events", "rule", rule.name, region, events.tagger.get_tag_dict_for_resource(rule.arn))
    for function in lambda_backends[ACCOUNT][region].list_functions():
        yield _found("lambda", "function", function.function_name, region, dict(function.tags))
    logs = logs_backends[ACCOUNT][region]
    for name, group in logs.groups.items():
        yield _found("logs", "log-group", name, region, dict(logs.list_tags_for_resource(group.arn)))
    sns, cloudwatch = sns_backends[ACCOUNT][region], cloudwatch_backends[ACCOUNT][region]
    for topic in sns.topics.values():
        yield _found("sns", "topic", topic.arn, region, dict(getattr(topic, "_tags", {})))
    for one in sns.subscriptions.values():
        pending = bool(one.attributes.get("PendingConfirmation"))
        yield _found("sns", "subscription", one.arn, region, {}, topic=one.topic_arn, to=one.endpoint, pending=pending)
    for alarm in cloudwatch.alarms.values():
        tags = cloudwatch.tagger.get_tag_dict_for_resource(alarm.alarm_arn)
        yield _found("cloudwatch", "alarm", alarm.name, region, tags, state=alarm.state_value)
    for request in servicequotas_backends[ACCOUNT][region].requests:
        yield _found("service-quotas", "request", request["Id"], region, {}, status=request["Status"])


def _iam() -> Iterator[Found]:
    """IAM's roles, users and the account's own policies."""
    iam = iam_backends[ACCOUNT]["aws"]
    for role in iam.roles.values():
        yield _found("iam", "role", role.name, "aws-global", _tags(role))
    for user in iam.users.values():
        yield _found("iam", "user", user.name, "aws-global", _tags(user))
    for policy in iam.managed_policies.values():
        if f":{ACCOUNT}:" in policy.arn:
            yield _found("iam", "policy", policy.name, "aws-global", _tags(policy))


def _tags(thing: Any) -> dict[str, str]:
    """IAM tags, which moto keeps as a list or as a dict of pairs."""
    kept = getattr(thing, "tags", None) or []
    return _pairs(kept.values() if isinstance(kept, dict) else kept)


def inventory(_: Any = None, __: Any = None) -> list[Found]:
    """Every resource of every service used, in every region that was touched."""
    found = [*_iam()]
    for region in sorted({region for kept in REGIONAL for region in kept[ACCOUNT]}):
        found += [*_ec2(region, ec2_backends[ACCOUNT][region]), *_others(region)]
    return found


def status(_: Any = None, __: Any = None) -> dict[str, Any]:
    """How much each region holds, by kind."""
    counts: dict[str, Counter[str]] = {}
    for one in inventory():
        counts.setdefault(one["region"], Counter())[one["kind"]] += 1
    return {"account": ACCOUNT, "regions": counts}
