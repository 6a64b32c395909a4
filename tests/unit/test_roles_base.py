"""Which packages the base role holds: the driver's, and no other of NVIDIA's."""

import re

import pytest
import yaml
from unit.roles_loader import ROOT

DRIVERS = yaml.safe_load((ROOT / "roles/base/vars/main.yml").read_text())["__base_drivers"]


@pytest.mark.parametrize(
    ("package", "held"),
    [
        ("nvidia-driver-570-server", True),
        ("nvidia-driver-580-open", True),
        ("nvidia-dkms-570-server-open", True),
        ("nvidia-open-570", True),
        ("nvidia-kernel-common-570-server", True),
        ("nvidia-firmware-570-server-570.211.01", True),
        ("nvidia-utils-570-server", True),
        ("nvidia-fabricmanager-570", True),
        ("libnvidia-compute-570-server", True),
        ("linux-modules-nvidia-570-server-6.8.0-1021-aws", True),
        ("cuda-drivers-580", True),
        ("nvidia-container-toolkit", False),
        ("nvidia-cuda-toolkit", False),
        ("cuda-toolkit-12-8", False),
        ("libcudnn9-cuda-12", False),
        ("linux-image-6.8.0-1021-aws", False),
    ],
)
def test_what_is_held(package: str, held: bool) -> None:
    assert bool(re.search(DRIVERS, package)) is held
