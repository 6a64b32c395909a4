"""Fields that AWS answers and moto leaves out or names otherwise: zones, tag types, key fingerprints, filters."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from moto.ec2 import utils
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import Zone
from moto.ec2.models.instances import Instance


def openssh_sha256(public_key: bytes | str) -> str:
    """AWS's fingerprint of an ED25519 key: padded base64 of the SHA-256 of the key's blob."""
    text = public_key.decode() if isinstance(public_key, bytes) else public_key
    blob = base64.b64decode(text.split()[1])
    return base64.b64encode(hashlib.sha256(blob).digest()).decode()


def apply() -> None:
    """Patch moto."""
    import_key = EC2Backend.import_key_pair

    def import_key_pair(self: Any, key_name: str, public_key_material: bytes, tags: dict[str, str]) -> Any:
        pair = import_key(self, key_name, public_key_material, tags)
        if pair.key_type == "ed25519":
            pair.key_fingerprint = openssh_sha256(public_key_material)
        return pair

    EC2Backend.import_key_pair = import_key_pair
    utils.EC2_PREFIX_TO_RESOURCE["eipalloc"] = "elastic-ip"
    # DescribeInstances filters by these too.
    utils.filter_dict_attribute_mapping |= {
        "client-token": "client_token",
        "instance-lifecycle": "lifecycle",
        "spot-instance-request-id": "spot_instance_request_id",
    }
    Instance.spot_instance_request_id = None
    Zone.opt_in_status = "opt-in-not-required"
    Zone.group_name = property(lambda zone: f"{zone.region_name}-zg-1")
    Zone.network_border_group = property(lambda zone: zone.region_name)
