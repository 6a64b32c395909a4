"""AMIs with their true root sizes, and the SSM public parameters that name them."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ssm.models import Parameter, ParameterDict

from .. import images


def load_images(backend: Any) -> None:
    """Fill a region with the rehearsal's images."""
    for image in images.images():
        ami = Ami(
            backend,
            image.id_in(backend.region_name),
            name=image.name,
            description=image.description,
            owner_id=image.owner,
            owner_alias="amazon",
            public=True,
            virtualization_type="hvm",
            architecture=image.arch,
            image_location=f"amazon/{image.name}",
            hypervisor="xen",
            root_device_type="ebs",
            root_device_name=image.root,
            region_name=f"{backend.region_name}a",
        )
        ami.ebs_snapshot.volume.size = image.snapshot_gib
        backend.amis[ami.id] = ami


def root_mapping(ami: Any) -> list[dict[str, Any]]:
    """The image's own block devices: its root volume, which instances delete with themselves."""
    snapshot = ami.ebs_snapshot
    volume = {"SnapshotId": snapshot.id, "VolumeSize": snapshot.volume.size, "VolumeType": "gp3"}
    return [{"DeviceName": ami.root_device_name, "Ebs": {**volume, "DeleteOnTermination": True, "Encrypted": False}}]


def load_parameters(store: Any) -> None:
    """Fill a region's parameter store with the public parameters, once."""
    if getattr(store, "public_images_loaded", False):
        return
    store.public_images_loaded = True
    for name, image in images.by_parameter().items():
        parameter = Parameter(
            account_id="",
            name=name,
            value=image.id_in(store.region_name),
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow(),
            version=1,
            data_type="aws:ec2:image" if image.owner == images.CANONICAL else "text",
        )
        dict.__setitem__(store, name, [parameter])


def apply() -> None:
    """Patch moto."""
    check = ParameterDict._check_loading_status

    def check_loading_status(self: Any, key: str) -> None:
        if str(key or "").startswith(("/aws/service/deeplearning", "/aws/service/canonical")):
            load_parameters(self)
        check(self, key)

    AmiBackend._load_amis = load_images
    Ami.block_device_mappings = property(root_mapping)
    ParameterDict._check_loading_status = check_loading_status
