"""Puts the small conda and its channel into the machine image, at /opt/conda as on many a real host."""

import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

from . import channel

WHEELS = ("numpy", "tqdm")
SUBDIRS = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}


def python_version(rootfs: pathlib.Path) -> str:
    """The full version of the image's python3, from dpkg's own record."""
    minor = (rootfs / "usr/bin/python3").readlink().name
    status = (rootfs / "var/lib/dpkg/status").read_text()
    found = re.search(rf"^Package: {re.escape(minor)}\n(?:\S.*\n| .*\n)*?Version: ([0-9.]+)", status, re.MULTILINE)
    if found is None:
        raise SystemExit(f"The image has no package {minor}: add python3 to it, the rehearsal's conda links it.")
    return found[1]


def pip(*arguments: str) -> None:
    """Run this interpreter's pip for the image's Python."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


def install(rootfs: pathlib.Path) -> None:
    """Install the command, py-rattler for it, and a channel with the image's Python and WHEELS."""
    version = python_version(rootfs)
    minor = ".".join(version.split(".")[:2])
    root = rootfs / "opt/conda"
    for folder in ("bin", "condabin", "conda-meta", "envs", "pkgs", "channels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "conda-meta/history").touch()
    shutil.copyfile(pathlib.Path(__file__).with_name("command.py"), root / "bin/conda")
    (root / "bin/conda").chmod(0o755)
    (root / "condabin/conda").symlink_to("../bin/conda")
    only = ("--only-binary=:all:", f"--python-version={minor}")
    pip("install", *only, f"--target={root / 'lib/rattler'}", "--upgrade", "py-rattler>=0.28,<0.29")
    with tempfile.TemporaryDirectory() as folder:
        pip("download", *only, "--no-deps", f"--dest={folder}", *WHEELS)
        wheels = sorted(pathlib.Path(folder).glob("*.whl"))
        packages = [channel.python_package(version), *(channel.wheel_package(wheel, minor) for wheel in wheels)]
    channel.write(root / "channels/conda-forge", SUBDIRS[platform.machine()], packages)
