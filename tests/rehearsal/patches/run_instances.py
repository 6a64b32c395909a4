"""RunInstances: client tokens, the AMI's root volume merged in, a default subnet, and parameters that moto drops."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.responses.instances import InstanceResponse

from . import limits, market, spot
from .capacity import use_capacity
from .errors import refuse

NO_TOKEN = "ABCDE"  # what moto's response passes when the caller sent none


def merged_devices(given: list[dict[str, Any]], ami: Any) -> list[dict[str, Any]]:
    """The image's block devices with the caller's laid over them, as RunInstances takes them."""
    merged = {one["DeviceName"]: copy.deepcopy(one) for one in ami.block_device_mappings}
    for one in given:
        known = merged.setdefault(one["DeviceName"], {"DeviceName": one["DeviceName"], "Ebs": {}})
        known["Ebs"].update({k: v for k, v in (one.get("Ebs") or {}).items() if v is not None})
        known.update({k: v for k, v in one.items() if k != "Ebs" and v is not None})
    root = merged[ami.root_device_name]["Ebs"]
    need = ami.ebs_snapshot.volume.size
    if int(root["VolumeSize"]) < need:
        text = f"Volume of size {root['VolumeSize']}GB is smaller than snapshot '{root['SnapshotId']}', expect size>= {need}GB"
        raise refuse("InvalidBlockDeviceMapping", text)
    for one in merged.values():
        if not one["Ebs"].get("VolumeSize") and not one["Ebs"].get("SnapshotId") and one.get("NoDevice") != "":
            raise refuse("MissingParameter", "The request must contain the parameter size or snapshotId")
    return list(merged.values())


def finish_volumes(backend: Any, instance: Any, devices: list[dict[str, Any]]) -> None:
    """Store what moto drops of a launch's volumes."""
    wanted = {one["DeviceName"]: one["Ebs"] for one in devices}
    for name, device in instance.get_block_device_mapping:
        volume, ebs = backend.volumes[device.volume_id], wanted.get(name, {})
        volume.iops = ebs.get("Iops") or volume.iops
        volume.throughput = ebs.get("Throughput") or (125 if volume.volume_type == "gp3" else None)


def signature(image_id: str, count: int, user_data: Any, groups: list[str], options: dict[str, Any]) -> str:
    """A text that differs when two launches ask for different things."""
    # A token holds in one zone: elsewhere the same token may launch again.
    told = sorted((k, repr(v)) for k, v in options.items() if k not in ("subnet_id", "placement"))
    return repr((image_id, count, user_data, groups, told))


def zone_of(backend: Any, options: dict[str, Any]) -> str:
    """The zone that a launch names, "" where it leaves the choice to AWS."""
    subnet = options.get("subnet_id")
    return str(backend.get_subnet(subnet).availability_zone if subnet else options.get("placement") or "")


def apply() -> None:
    """Patch moto."""
    launch, respond = EC2Backend.run_instances, InstanceResponse.run_instances

    def launched(self: Any, image_id: str, user_data: Any, groups: list[str], count: int, **options: Any) -> Any:
        asked = market.read(options.get("instance_market_options") or {}, options.get("tags") or {})
        ami = self.describe_images(ami_ids=[image_id])[0]
        options["subnet_id"] = limits.place(self, ami, count, options, asked)
        devices = merged_devices(options.get("block_device_mappings") or [], ami)
        options["block_device_mappings"] = devices
        reservation = launch(self, image_id, count, user_data, groups, **options)
        for instance in reservation.instances:
            finish_volumes(self, instance, devices)
            instance.client_token = "" if instance.client_token == NO_TOKEN else instance.client_token
            use_capacity(self.region_name, instance.instance_type, instance.availability_zone, asked is not None)
            for nic in instance.nics.values():
                nic.delete_on_termination = True
        return reservation

    def run_instances(self: Any, image_id: str, count: int, user_data: Any, groups: list[str], **options: Any) -> Any:
        token = options.get("client_token", NO_TOKEN)
        key = token, zone_of(self, options)
        same = signature(image_id, count, user_data, groups, options)
        tokens = self.__dict__.setdefault("_launch_tokens", {})
        if token != NO_TOKEN and key in tokens:
            if tokens[key][0] != same:
                text = (
                    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
                )
                raise refuse("IdempotentParameterMismatch", text)
            return tokens[key][1]
        reservation = launched(self, image_id, user_data, groups, count, **copy.deepcopy(options))
        tags = options.get("tags") or {}
        asked = market.read(options.get("instance_market_options") or {}, tags)
        if asked:
            # The request keeps what to launch, not the tags of what it launched.
            bare = {**copy.deepcopy(options), "tags": {}, "client_token": NO_TOKEN}
            again = partial(launched, self, image_id, user_data, groups, 1, **bare)
            for instance in reservation.instances:
                spot.attach(self, instance, asked, tags.get("spot-instances-request", {}), again)
        if token != NO_TOKEN:
            tokens[key] = (same, reservation)
        return reservation

    def answer_run_instances(self: Any) -> Any:
        result = respond(self)
        for instance in result.result.instances:
            instance.disable_api_termination = bool(self._get_param("DisableApiTermination", False))
        return result

    def parse_block_device_mapping(self: Any) -> list[dict[str, Any]]:
        return copy.deepcopy([dict(one) for one in self._get_param("BlockDeviceMappings", [])])

    EC2Backend.run_instances = run_instances
    InstanceResponse.run_instances = answer_run_instances
    InstanceResponse._parse_block_device_mapping = parse_block_device_mapping
    # A repeated token answers the instance as it is now; a new one is pending by itself.
    transformers = InstanceResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER
    transformers.pop("RunInstances.Reservation.Instances.Instance.State", None)
