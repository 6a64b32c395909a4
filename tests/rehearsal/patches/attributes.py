"""ModifyInstanceAttribute and ModifyVolume: what they refuse, and parameters that moto misses."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.responses.instances import InstanceResponse

from .errors import refuse

NEEDS_STOPPED = ("instance_type", "user_data", "kernel")


def apply() -> None:
    """Patch moto."""
    modify, answer = EC2Backend.modify_instance_attribute, InstanceResponse.modify_instance_attribute
    grow = EC2Backend.modify_volume
    groups, metadata = EC2Backend.modify_instance_security_groups, EC2Backend.modify_instance_metadata_options

    def modify_instance_attribute(self: Any, instance_id: str, key: str, value: Any) -> Any:
        instance = self.get_instance(instance_id)
        if key in NEEDS_STOPPED and instance.state != "stopped":
            raise refuse("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
        if key == "instance_type" and value not in INSTANCE_TYPES:
            raise refuse("InvalidInstanceAttributeValue", f"Invalid value '{value}' for InstanceType.")
        return modify(self, instance_id, key, value)

    def answer_modify(self: Any) -> Any:
        behaviour = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behaviour is None:
            return answer(self)
        # moto would take this for an empty list of security groups.
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        self.error_on_dryrun()
        instance.instance_initiated_shutdown_behavior = behaviour
        return EmptyResult()

    def modify_groups(self: Any, instance_id: str, group_ids: list[str]) -> Any:
        instance = groups(self, instance_id, group_ids)
        instance.nics[0]._group_set = list(instance.security_groups)
        return instance

    def modify_metadata(self: Any, instance_id: str, **given: Any) -> Any:
        now = self.get_instance(instance_id).metadata_options
        given["http_tokens"] = given.get("http_tokens") or now.http_tokens
        given["hop_limit"] = given.get("hop_limit") or now.http_put_response_hop_limit
        given["http_endpoint"] = given.get("http_endpoint") or now.http_endpoint
        given["http_protocol"] = given.get("http_protocol") or now.http_protocol_ipv6
        given["metadata_tags"] = given.get("metadata_tags") or now.instance_metadata_tags
        return metadata(self, instance_id, **given)

    def modify_volume(self: Any, volume_id: str, target_size: int | None = None, *more: Any) -> Any:
        size = self.get_volume(volume_id).size
        if target_size is not None and int(target_size) < size:
            raise refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
        return grow(self, volume_id, target_size, *more)

    EC2Backend.modify_volume = modify_volume
    EC2Backend.modify_instance_attribute = modify_instance_attribute
    EC2Backend.modify_instance_security_groups = modify_groups
    EC2Backend.modify_instance_metadata_options = modify_metadata
    InstanceResponse.modify_instance_attribute = answer_modify
