"""Security group rules from a prefix list keep their description, which moto drops."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule


def described(views: list[Any], rules: list[Any]) -> list[Any]:
    """The grouped rules with the descriptions of their prefix lists."""
    texts = {
        (r.from_port, r.to_port, r.ip_protocol, r.prefix_list_id): r.prefix_text for r in rules if r.prefix_list_id
    }
    for view in views:
        for one in view.prefix_list_ids:
            text = texts.get((view.from_port, view.to_port, view.ip_protocol, one["PrefixListId"]))
            if text:
                one["Description"] = text
    return views


def apply() -> None:
    """Patch moto."""
    create, group, update = (
        SecurityGroupRule.__init__,
        SecurityGroup._flattened_rules,
        EC2Backend._sg_update_description,
    )

    def init(self: Any, *args: Any, **options: Any) -> None:
        create(self, *args, **options)
        given = options.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
        self.prefix_text = given.get("Description")

    def flattened_rules(self: Any, rules: list[Any]) -> list[Any]:
        return described(group(self, rules), rules)

    def update_description(self: Any, wanted: Any, rule: Any) -> None:
        update(self, wanted, rule)
        if wanted.prefix_list_id and wanted.prefix_text:
            rule.prefix_text = wanted.prefix_text

    SecurityGroupRule.__init__ = init
    SecurityGroupRule.description = property(lambda self: self.ip_range.get("Description") or self.prefix_text)
    SecurityGroup._flattened_rules = flattened_rules
    EC2Backend._sg_update_description = update_description
