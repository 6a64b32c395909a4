"""What the machines need of this host: root, and a few Debian packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from .podman import CommandError, run

PACKAGES = {
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
    "ip": "iproute2",
    "ssh": "openssh-client",
}
KEPT = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "PYTHONPATH")
WHY = "podman, iptables and a network of its own"


def become_root(arguments: list[str], module: str = "rehearsal") -> None:
    """Say why root is needed and go on through sudo; without sudo, say what to do."""
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        sys.exit(f"The rehearsal's machines need root ({WHY}) and there is no sudo here: run this as root.")
    print(f"The rehearsal's machines need root ({WHY}): going on through sudo.", file=sys.stderr, flush=True)
    from .host import VARIABLES

    kept = ",".join(sorted({name for name in (*KEPT, *VARIABLES) if name in os.environ}))
    os.execvp("sudo", ["sudo", f"--preserve-env={kept}", sys.executable, "-m", module, *arguments])


def missing(packages: dict[str, str]) -> list[str]:
    """List the packages whose command is not here."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [package for command, package in packages.items() if shutil.which(command, path=search) is None]


def install(packages: dict[str, str] = PACKAGES) -> None:
    """Install what is missing with apt, saying so first."""
    wanted = missing(packages)
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise CommandError(f"Missing here: {', '.join(wanted)}; install them with this system's package manager.")
    print(f"installing with apt: {', '.join(wanted)}", file=sys.stderr, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-q", "update"], stdout=sys.stderr, check=False)
    subprocess.run(["apt-get", "-q", "-y", "install", *wanted], stdout=sys.stderr, env=environment, check=False)
    if lacking := missing(packages):
        raise CommandError(
            f"apt could not install {', '.join(lacking)}: read its lines above, mend them, run this again."
        )
    if "podman" in packages:
        run(["podman", "info", "--format", "{{.Host.OCIRuntime.Name}}"])
