"""Does what machines.py decided: creates, starts, stops and removes the containers of one rehearsal."""

from __future__ import annotations

import json
import os
import pathlib
from dataclasses import asdict, dataclass

from . import code_server, host
from .cloud import Instance
from .machines import Boot, Container, address, hardware_address, hostname
from .podman import limits, podman

# systemd's own sandboxing and dynamic users need SYS_ADMIN; a rented machine's root has all of these too.
CAPABILITIES = "SYS_ADMIN,NET_ADMIN,SYS_PTRACE"
CACHES = {"root": "/root/.cache", "ubuntu": "/home/ubuntu/.cache"}
UBUNTU_ID = 1000


@dataclass
class Yard:
    """Where one rehearsal's machines live."""

    label: str
    image: str
    network: str
    subnet: str
    notes: pathlib.Path
    cache: pathlib.Path
    devices: tuple[str, ...] = ()

    def listing(self) -> dict[str, Container]:
        """Return the containers of this rehearsal by instance id."""
        raw = json.loads(podman("ps", "--all", "--filter", f"label={self.label}", "--format", "json"))
        found = [
            Container(one["Labels"]["dlbox.instance"], one["State"], one.get("ExitCode", 0), one.get("Pid", 0))
            for one in raw
        ]
        return {one.instance_id: one for one in found}

    def boots(self) -> dict[str, Boot]:
        """Return what the driver last did with each machine."""
        return {path.stem: Boot(**json.loads(path.read_text())) for path in self.notes.glob("*.json")}

    def note(self, instance_id: str, boot: Boot) -> None:
        """Keep what the driver did with a machine."""
        path = self.notes / f"{instance_id}.json"
        path.with_suffix(".new").write_text(json.dumps(asdict(boot)))
        path.with_suffix(".new").rename(path)

    def create(self, one: Instance, public_key: str) -> None:
        """Make an instance's machine, with the key that AWS puts there, and boot it; a failure leaves none behind."""
        name, place = machine(one.id), address(one.private_ip, self.subnet, one.region)
        podman(
            *("create", "--name", name, "--label", self.label, "--label", f"dlbox.instance={one.id}"),
            *("--systemd=always", "--cap-add", CAPABILITIES, *limits(), "--hostname", hostname(one.private_ip)),
            *("--network", self.network, "--ip", place, "--mac-address", hardware_address(place)),
            *self.mounts(),
            *self.disks(),
            *code_server.mounts(),
            self.image,
        )
        try:
            if public_key:
                self.authorize(name, public_key)
            self.start(one)
        except Exception:
            podman("rm", "--force", "--time", "0", "--volumes", name)
            raise

    def authorize(self, name: str, public_key: str) -> None:
        """Put a key pair's public half where sshd looks for it."""
        keys = pathlib.Path(podman("mount", name).strip()) / "home/ubuntu/.ssh/authorized_keys"
        keys.write_text(f"{public_key.strip()}\n")
        keys.chmod(0o600)
        os.chown(keys, UBUNTU_ID, UBUNTU_ID)
        podman("umount", name)

    def mounts(self) -> list[str]:
        """Mount the host's package folders read-only, and a download cache per user that outlives machines."""
        volumes = [f"{path}:{path}:ro" for path in host.package_folders()]
        for user, home in CACHES.items():
            for tool in ("uv", "pip"):
                folder = self.cache / user / tool
                folder.mkdir(parents=True, exist_ok=True)
                if user == "ubuntu":
                    os.chown(folder, UBUNTU_ID, UBUNTU_ID)
                volumes.append(f"{folder}:{home}/{tool}")
        return [word for volume in volumes for word in ("--volume", volume)]

    def disks(self) -> list[str]:
        """Hand over block devices of this host; lsblk sees them only where podman does not cover /sys/dev/block."""
        seen = ["--security-opt", "unmask=/sys/dev/block"] if self.devices else []
        return [*seen, *(word for device in self.devices for word in ("--device", device))]

    def start(self, one: Instance) -> None:
        """Boot a machine from its disk."""
        podman("start", machine(one.id))
        self.note(one.id, Boot(one.launched, up=True))

    def stop(self, one: Instance) -> None:
        """Shut a machine down and keep its disk."""
        podman("stop", "--time", "20", machine(one.id))
        self.note(one.id, Boot(one.launched, up=False))

    def remove(self, instance_id: str) -> None:
        """Remove a machine with its disk."""
        podman("rm", "--force", "--time", "0", "--volumes", machine(instance_id))
        (self.notes / f"{instance_id}.json").unlink(missing_ok=True)


def machine(instance_id: str) -> str:
    """Name the container of an instance."""
    return f"dlbox-machine-{instance_id}"
