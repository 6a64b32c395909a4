"""The machine image: a bootable Linux with what a cloud image carries, built once and cached in root's podman store."""

from __future__ import annotations

import hashlib
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import time

from . import host
from .podman import CommandError, alone, limits, podman, run

HERE = pathlib.Path(__file__).parent
FILES = HERE / "image"
PACKAGES = (FILES / "packages").read_text().split()
UBUNTU = "docker.io/library/ubuntu:24.04"


def say(text: str) -> None:
    """Show progress on standard error."""
    print(f"image: {text}", file=sys.stderr, flush=True)


def digest(*parts: str | bytes) -> str:
    """Return a short hash of the given parts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()[:12]


def base_name() -> str:
    """Name the base image by what decides its content."""
    return f"localhost/dlbox-base:{digest(' '.join(PACKAGES), host.release().get('VERSION_CODENAME', ''))}"


def machine_name() -> str:
    """Name the machine image by its recipe: these files, the conda command and the host's package settings."""
    kept = [path for folder in (FILES, HERE / "conda") for path in sorted(folder.rglob("*")) if path.is_file()]
    recipe = [HERE / "image.py", HERE / "host.py", *(path for path in kept if "__pycache__" not in path.parts)]
    content = [part for path in recipe for part in (str(path.relative_to(HERE)), path.read_bytes())]
    return f"localhost/dlbox-machine:{digest(base_name(), host.settings(), *content)}"


def exists(name: str) -> bool:
    """Tell whether the image is in the store."""
    return subprocess.run(["podman", "image", "exists", name], check=False).returncode == 0


def pulled() -> bool:
    """Try for a few seconds to get Ubuntu from a container registry."""
    try:
        run(["timeout", "--kill-after=1", "10", "podman", "pull", "--quiet", UBUNTU])
    except CommandError:
        return False
    return True


def build_from_ubuntu(name: str) -> None:
    """Add the packages of a cloud image to the registry's Ubuntu."""
    say("installing packages into Ubuntu 24.04 from the registry")
    install = f"apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y {' '.join(PACKAGES)}"
    container = podman("create", "--network", "host", *limits(), UBUNTU, "sh", "-c", install).strip()
    try:
        podman("start", "--attach", container, timeout=1800)
        podman("commit", "--quiet", container, name)
    finally:
        podman("rm", "--force", container)


def build_from_host(name: str) -> None:
    """Bootstrap the host's own distribution with mmdebstrap."""
    codename = host.release()["VERSION_CODENAME"]
    say(f"no registry answered: bootstrapping {codename} with mmdebstrap (about two minutes, once)")
    options = [f"--aptopt={line.rstrip(';')}" for line in host.apt_settings().splitlines()]
    command = ["mmdebstrap", "--variant=apt", f"--include={','.join(PACKAGES)}", "--skip=cleanup/apt/lists", *options]
    with subprocess.Popen([*command, codename, "-", *host.apt_sources()], stdout=subprocess.PIPE) as bootstrap:
        subprocess.run(
            ["podman", "import", "--quiet", "-", name], stdin=bootstrap.stdout, stdout=subprocess.DEVNULL, check=False
        )
    if bootstrap.returncode != 0:
        podman("rmi", "--force", name)
        raise CommandError("mmdebstrap could not build the image: read its lines above, then run `make up` again.")


def customise(rootfs: pathlib.Path) -> None:
    """Turn a plain system into a machine: the ubuntu user, host keys made at first boot, the host's package sources."""
    shutil.copytree(FILES / "root", rootfs, dirs_exist_ok=True, symlinks=True)
    shutil.copy("/etc/resolv.conf", rootfs / "etc/resolv.conf")
    authorities = rootfs / "usr/local/share/ca-certificates"
    authorities.mkdir(parents=True, exist_ok=True)
    for name, content in host.certificates().items():
        (authorities / name).write_bytes(content)
    (rootfs / "etc/apt/apt.conf.d/90host").write_text(host.apt_settings())
    if pathlib.Path("/etc/apt/auth.conf.d").is_dir():
        shutil.copytree("/etc/apt/auth.conf.d", rootfs / "etc/apt/auth.conf.d", dirs_exist_ok=True)
    (rootfs / "etc/pip.conf").write_text(host.pip_settings())
    variables = {"UV_LINK_MODE": "copy"} | host.environment()
    (rootfs / "etc/environment").write_text("".join(f'{key}="{value}"\n' for key, value in variables.items()))
    words = " ".join(f'"{key}={value.replace("%", "%%")}"' for key, value in host.environment().items())
    manager = rootfs / "etc/systemd/system.conf.d/90-host.conf"
    manager.parent.mkdir(exist_ok=True)
    manager.write_text(f"[Manager]\nDefaultEnvironment={words}\n")
    run(["chroot", str(rootfs), "sh", "/usr/local/sbin/dlbox-prepare"])
    (rootfs / "usr/local/sbin/dlbox-prepare").unlink()
    if importlib.util.find_spec("rehearsal.conda") is not None:
        say("adding the conda command")
        importlib.import_module("rehearsal.conda").install(rootfs)


def build(name: str) -> None:
    """Build the machine image from the base image."""
    if not exists(base_name()):
        (build_from_ubuntu if pulled() else build_from_host)(base_name())
    container = podman("create", base_name(), "/sbin/init").strip()
    try:
        customise(pathlib.Path(podman("mount", container).strip()))
        changes = ("--change", 'CMD ["/sbin/init"]', "--change", "STOPSIGNAL SIGRTMIN+3")
        podman("commit", "--quiet", *changes, container, name)
    finally:
        podman("rm", "--force", container)


def ensure() -> str:
    """Return the machine image's name, building it when this recipe has none yet."""
    name = machine_name()
    if exists(name):
        return name
    with alone():
        began = time.monotonic()
        if not exists(name):
            build(name)
            say(f"{name} built in {time.monotonic() - began:.0f} s")
    return name
