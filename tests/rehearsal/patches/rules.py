"""Rules: security group rules are canonical and all or nothing; EventBridge rules have a valid expression, and tags from their birth."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.security_groups import SecurityGroups
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend

from .schedule_rules import expression_ok


def canonical(ranges: Any) -> Any:
    """The ranges as AWS keeps them: 10.0.0.7/8 is 10.0.0.0/8; what is no network is left to moto to refuse."""
    if not isinstance(ranges, list):
        return ranges
    kept = []
    for one in ranges:
        for key in ("CidrIp", "CidrIpv6"):
            try:
                one = {**one, key: str(ipaddress.ip_network(one[key], strict=False))}
            except (KeyError, TypeError, ValueError):
                continue
        kept.append(one)
    return kept


def whole(direction: str) -> Any:
    """AuthorizeSecurityGroup… that opens everything it is asked to, or nothing."""

    def respond(self: Any) -> ActionResult:
        self.error_on_dryrun()
        added, asked = [], list(self._process_rules_from_querystring())
        group = self.ec2_backend.get_security_group_by_name_or_id(asked[0]["group_name_or_id"]) if asked else None
        before = list(getattr(group, f"{direction}_rules", []))
        try:
            for one in asked:
                rules, _ = getattr(self.ec2_backend, f"authorize_security_group_{direction}")(**one)
                added += rules
        except Exception:
            if group is not None:
                setattr(group, f"{direction}_rules", before)
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": added})

    return respond


def apply() -> None:
    """Patch moto."""
    read, put = SecurityGroups._process_rules_from_querystring, EventsBackend.put_rule

    def process_rules(self: Any) -> Iterator[Any]:
        for one in read(self):
            yield {**one, "ip_ranges": canonical(one["ip_ranges"])}

    def put_rule(self: Any, name: str, **given: Any) -> Any:
        expression = given.get("scheduled_expression")
        if expression and (expression.startswith("at(") or not expression_ok(expression)):
            raise ValidationException("Parameter ScheduleExpression is not valid.")
        bus = self._get_event_bus(self._normalize_event_bus_arn(given.get("event_bus_arn")))
        return put(self, name, **given | ({"tags": None} if name in bus.rules else {}))

    SecurityGroups._process_rules_from_querystring = process_rules
    SecurityGroups.authorize_security_group_ingress = whole("ingress")
    SecurityGroups.authorize_security_group_egress = whole("egress")
    EventsBackend.put_rule = put_rule
