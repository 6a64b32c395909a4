"""The machine images and SSM public parameters that the rehearsal's regions hold.

Names and owners are those of AWS. Snapshot sizes, build dates and the PyTorch lines beyond the ones AWS's pages showed
(2.7 on 22.04, 2.9) are assumptions: a box must read them, never know them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

DLAMI, CANONICAL, AMAZON = "898082745236", "099720109477", "137112412989"
BUILT = "20261107"
GPUS = "G4dn, G5, G6, Gr6, G6e, P4, P4de, P5, P5e, P5en, P6-B200"
GPUS_ARM = "G5g, P6e-GB200"


@dataclass(frozen=True)
class Image:
    """One AMI of a region, with the public parameter that names it."""

    parameter: str
    name: str
    description: str
    owner: str
    arch: str
    snapshot_gib: int
    root: str = "/dev/sda1"

    def id_in(self, region: str) -> str:
        """The image's id: the same at every start, another in every region."""
        return "ami-" + hashlib.sha256(f"{region} {self.parameter}".encode()).hexdigest()[:17]


def _dlami(arch: str, parameter: str, title: str, gib: int, root: str = "/dev/sda1") -> Image:
    """A Deep Learning AMI; its description lists the instance types whose GPU its driver supports."""
    chips = GPUS if arch == "x86_64" else GPUS_ARM
    return Image(
        f"/aws/service/deeplearning/ami/{arch}/{parameter}/latest/ami-id",
        f"Deep Learning {title} {BUILT}",
        f"Supported EC2 instances: {chips}. Release notes: https://docs.aws.amazon.com/dlami/latest/devguide/",
        DLAMI, arch, gib, root,
    )  # fmt: skip


def _ubuntu(version: str, code: str, cpu: str, volume: str) -> Image:
    """A Canonical Ubuntu server image."""
    return Image(
        f"/aws/service/canonical/ubuntu/server/{version}/stable/current/{cpu}/hvm/ebs-{volume}/ami-id",
        f"ubuntu/images/hvm-ssd{'-gp3' if volume == 'gp3' else ''}/ubuntu-{code}-{version}-{cpu}-server-{BUILT}",
        f"Canonical, Ubuntu, {version} LTS, {cpu} {code} image build on {BUILT}",
        CANONICAL, "x86_64" if cpu == "amd64" else "arm64", 8,
    )  # fmt: skip


def images() -> Iterator[Image]:
    """Every image of a region."""
    for arch in ("x86_64", "arm64"):
        tag = "" if arch == "x86_64" else "ARM64 "
        for torch, line in (
            ("2.7", "22.04"),
            ("2.9", "24.04"),
            ("2.10", "24.04"),
            ("2.12", "24.04"),
            ("2.13", "26.04"),
        ):
            yield _dlami(
                arch,
                f"oss-nvidia-driver-gpu-pytorch-{torch}-ubuntu-{line}",
                f"{tag}OSS Nvidia Driver AMI GPU PyTorch {torch} (Ubuntu {line})",
                75,
            )
        for line in ("22.04", "24.04"):
            title = f"{tag}Base OSS Nvidia Driver GPU AMI (Ubuntu {line})"
            yield _dlami(arch, f"base-oss-nvidia-driver-gpu-ubuntu-{line}", title, 60)
            title = f"{tag}Base AMI with Single CUDA (Ubuntu {line})"
            yield _dlami(arch, f"base-with-single-cuda-ubuntu-{line}", title, 35)
        title = f"{tag}Base AMI with Single CUDA (Amazon Linux 2023)"
        yield _dlami(arch, "base-with-single-cuda-amazon-linux-2023", title, 35, "/dev/xvda")
    for cpu in ("amd64", "arm64"):
        yield _ubuntu("22.04", "jammy", cpu, "gp2")
        yield _ubuntu("24.04", "noble", cpu, "gp3")


def by_parameter() -> dict[str, Image]:
    """The images under the name of their parameter."""
    return {image.parameter: image for image in images()}
