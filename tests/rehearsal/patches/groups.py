"""Security groups: one that is in use is not deleted; descriptions answer as AWS does; the console's prefix list."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.managed_prefixes import ManagedPrefixListBackend
from moto.ec2.responses.security_groups import SecurityGroups

from .errors import refuse


def users(backend: Any, group: Any) -> list[str]:
    """What keeps a security group from being deleted."""
    held = [i.id for i in backend.all_instances() if i.state != "terminated" and group in i.security_groups]
    held += [nic.id for nic in backend.enis.values() if group in nic.group_set and nic.instance is None]
    others = [g for groups in backend.groups.values() for g in groups.values() if g is not group]
    for other in others:
        rules = [*other.ingress_rules, *other.egress_rules]
        if any(source.get("GroupId") == group.id for rule in rules for source in [rule.source_group or {}]):
            held.append(other.id)
    return held


def apply() -> None:
    """Patch moto."""
    delete, prefixes = EC2Backend.delete_security_group, ManagedPrefixListBackend.create_default_pls
    ingress = SecurityGroups.update_security_group_rule_descriptions_ingress
    egress = SecurityGroups.update_security_group_rule_descriptions_egress

    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        group = self.get_security_group_by_name_or_id(group_id or name)
        if group is not None and group.name == "default":
            raise refuse(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if group is not None and users(self, group):
            raise refuse("DependencyViolation", f"resource {group.id} has a dependent object")
        delete(self, name=name, group_id=group_id)

    def create_default_pls(self: Any) -> None:
        prefixes(self)
        self._create_aws_managed_prefix_list(
            name=f"com.amazonaws.{self.region_name}.ec2-instance-connect",
            address_family="IPv4",
            entries=[{"Cidr": "198.51.100.0/29", "Description": "a documentation range, not AWS's"}],
        )

    def returns_true(original: Any) -> Any:
        def respond(self: Any) -> Any:
            original(self)
            return ActionResult({"Return": True})

        return respond

    EC2Backend.delete_security_group = delete_security_group
    ManagedPrefixListBackend.create_default_pls = create_default_pls
    SecurityGroups.update_security_group_rule_descriptions_ingress = returns_true(ingress)
    SecurityGroups.update_security_group_rule_descriptions_egress = returns_true(egress)
