"""A user's inventory folder of its own, and instances on the rehearsal AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsal.testing import REGION, Server

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Project:
    """Inventory files that point at one rehearsal, and Ansible's commands run on them with the project's ansible.cfg."""

    home: Path
    env: dict[str, str]

    def write(self, name: str, content: Any) -> None:
        """Write one YAML file of the project."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))

    def boxes(self, **boxes: dict[str, Any] | None) -> None:
        """Declare boxes; `_` in a keyword stands for `-`."""
        self.write("boxes.yml", {"boxes": {"hosts": {name.replace("_", "-"): own for name, own in boxes.items()}}})

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run an Ansible command on both inventory files."""
        sources = ["-i", str(self.home / "boxes.yml"), "-i", str(self.home / "dlbox.yml")]
        line = [str(BIN / command[0]), *sources, *command[1:]]
        return subprocess.run(line, cwd=self.home, env=self.env | env, capture_output=True, text=True, check=False)

    def list(self, *more: str, **env: str) -> dict[str, Any]:
        """`ansible-inventory --list`, parsed; it must succeed."""
        ended = self.run("ansible-inventory", "--list", *more, **env)
        assert ended.returncode == 0, ended.stderr
        self.warnings = ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found


@pytest.fixture
def project(tmp_path: Path, aws_server: Server) -> Project:
    """One box, `lab`, in the rehearsal's region."""
    own = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "HOME": str(tmp_path / "home"),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    (tmp_path / "home").mkdir()
    made = Project(tmp_path, kept | aws_server.env | own)
    made.write("group_vars/all.yml", {"box_region": REGION})
    made.write("dlbox.yml", {"plugin": "dlbox"})
    made.boxes(lab=None)
    return made


def wait(ec2: Any, ids: list[str], state: str) -> None:
    """Until all these instances are in a state; the rehearsal takes 0.3 s, so poll faster than boto3's waiters do."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        if {one["State"]["Name"] for reservation in found for one in reservation["Instances"]} == {state}:
            return
        time.sleep(0.1)
    raise TimeoutError(f"{ids} did not become {state}")


@pytest.fixture
def launch(aws_server: Server) -> Callable[..., str]:
    """Launch a tagged instance, wait until it runs unless told not to, return its id."""

    def launch(box: str, region: str = REGION, settled: bool = True) -> str:
        aws_server.post("quota", {"region": region, "code": "L-1216C47A", "value": 10_000})
        ec2 = aws_server.client("ec2", region)
        images = ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])
        tags = [{"Key": "dlbox:box", "Value": box}, {"Key": "Name", "Value": box}]
        made = ec2.run_instances(
            ImageId=images["Images"][0]["ImageId"],
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
        instance = str(made["Instances"][0]["InstanceId"])
        if settled:
            wait(ec2, [instance], "running")
        return instance

    return launch
