"""code-server for rehearsal machines: its releases lie in no package registry, so npm builds an archive like them, once."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time

from . import host, image
from .podman import limits, podman, run

SCRIPT = pathlib.Path(__file__).with_name("code-server.sh")
VERSION = "4.139.1"
# Where a machine finds the archive; the vscode_server role looks there on a rehearsal.
PLACE = "/srv/dlbox"


def name() -> str:
    """Name the image by what decides its content."""
    return f"localhost/dlbox-code-server:{image.digest(VERSION, SCRIPT.read_bytes(), image.base_name())}"


def mounts() -> list[str]:
    """Give a machine the archive where it was built: the mount of an image takes neither time nor disk."""
    return ["--mount", f"type=image,source={name()},destination={PLACE}"] if image.exists(name()) else []


def build() -> None:
    """Run the recipe in a machine of its own and keep the archive alone, as an image beside the machines'."""
    registry = [f"--env={key}={value}" for key, value in os.environ.items() if key.lower() == "npm_config_registry"]
    folders = [word for path in host.package_folders() for word in ("--volume", f"{path}:{path}:ro")]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as out:
        shared = ["--volume", f"{SCRIPT}:/code-server.sh:ro", "--volume", f"{out}:/out"]
        settings = ["--network", "host", *limits(), *registry, *folders, *shared]
        podman("run", "--rm", *settings, image.ensure(), "sh", "/code-server.sh", VERSION, "/out", timeout=3600)
        run(["tar", "--create", "--file", f"{out}/image.tar", "--directory", out, "code-server.tar.gz"])
        podman("import", "--quiet", f"{out}/image.tar", name())


def ensure() -> str:
    """Return the image's name, building it when this recipe has none yet."""
    if not image.exists(name()):
        began = time.monotonic()
        image.say(f"building code-server {VERSION} with npm (about eight minutes, once)")
        build()
        image.say(f"{name()} built in {time.monotonic() - began:.0f} s")
    return name()
