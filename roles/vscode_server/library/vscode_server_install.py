#!/usr/bin/python
"""Install code-server from one of its release archives."""

from __future__ import annotations

import errno
import hashlib
import http.client
import pathlib
import platform
import shutil
import subprocess
import tempfile
import urllib.request
from contextlib import nullcontext
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.alone import alone

DOCUMENTATION = r"""
module: vscode_server_install
short_description: Install code-server from one of its release archives
description:
  - The archive brings its own Node; nothing else is needed on the host. The old installation stays until the new one is whole.
options:
  source: {description: "URL of the archive, with {arch} for amd64 or arm64; or its path on the host, which is trusted as it is.", type: str, required: true}
  sha256: {description: The archive's SHA-256 by architecture., type: dict, required: true}
  path: {description: Where to install it., type: path, default: /opt/dlbox/code-server}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- vscode_server_install:
    source: https://mirror.example.org/code-server-4.139.1-linux-{arch}.tar.gz
    sha256: {amd64: 53029be6…, arm64: 0edb4b60…}
"""
RETURN = r"""
missing: {description: Whether the path on the host has no archive., type: bool, returned: success}
"""
SPEC: dict[str, Any] = {
    "source": {"type": "str", "required": True},
    "sha256": {"type": "dict", "required": True},
    "path": {"type": "path", "default": "/opt/dlbox/code-server"},
}
# An archive of 240 MB and its 750 MB of files, beside the installation that it replaces.
NEED_MB = 1100
# A server that says nothing for so long has gone.
SECONDS = 60
UNPACKED = ".code-server-"
ARCHES = {"x86_64": "amd64", "aarch64": "arm64"}


class Refused(Exception):
    """One sentence for the user."""


def identity(source: str, sha256: str) -> str:
    """What tells one archive from another; a file on the host by its size and age."""
    if source.startswith("/"):
        state = pathlib.Path(source).stat()
        return f"{source} {state.st_size} {int(state.st_mtime)}\n"
    return f"{source} {sha256}\n"


def full(folder: pathlib.Path) -> str:
    """The sentence for a disk that has too little room."""
    free = shutil.disk_usage(folder).free // 1_000_000
    return (
        f"The disk is full: code-server needs {NEED_MB} MB in {folder}, and {free} are free, so {max(NEED_MB - free, 1)} MB are "
        "missing: raise box_disk_gib, or make room (`conda clean --all`, `uv cache clean`), then run again."
    )


def fetch(url: str, sha256: str, file: pathlib.Path) -> None:
    """Download the archive and hold it against its checksum."""
    total = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer, file.open("wb") as out:  # noqa: S310 - a checksum follows
            while block := answer.read(1 << 20):
                total.update(block)
                out.write(block)
            if missing := max(int(answer.headers.get("Content-Length") or 0) - out.tell(), 0):
                raise http.client.IncompleteRead(b"", missing)
    except (OSError, http.client.HTTPException) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(full(file.parent)) from error
        raise Refused(
            f"{url} could not be had ({error or type(error).__name__}): nothing was installed; run this again, or put the archive on the box and write its path into"
            " vscode_server_source."
        ) from error
    if total.hexdigest() != sha256:
        raise Refused(
            f"{url} has the SHA-256 {total.hexdigest()}, and {sha256} is wanted: nothing was installed; a proxy may have"
            " altered it, or vscode_server_sha256 is another version's."
        )


def install(source: str, sha256: str, path: pathlib.Path, marker: str) -> None:
    """Unpack beside the old installation, without what a killed run left there, then take its place."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    for left in path.parent.glob(f"{UNPACKED}*"):
        shutil.rmtree(left)
    if shutil.disk_usage(path.parent).free // 1_000_000 < NEED_MB:
        raise Refused(full(path.parent))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=UNPACKED) as folder:
        archive, new = pathlib.Path(folder, "archive"), pathlib.Path(folder, "new")
        if not source.startswith("/"):
            fetch(source, sha256, archive)
        new.mkdir(mode=0o755)
        command = ["tar", "--extract", "--gzip", "--strip-components=1", "--no-same-owner"]
        command += ["--file", source if source.startswith("/") else str(archive), "--directory", str(new)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if "No space left" in done.stderr:
            raise Refused(full(path.parent))
        if done.returncode or not (new / "bin/code-server").exists():
            raise Refused(
                f"{source} is no archive of code-server ({done.stderr.strip()[:200] or 'no bin/code-server'})."
            )
        (new / ".archive").write_text(marker)
        if path.exists():
            path.rename(pathlib.Path(folder, "old"))
        new.rename(path)


def main() -> None:
    """Compare the installation with the archive, and replace it where they differ."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, path = module.params, pathlib.Path(module.params["path"])
    arch = ARCHES.get(platform.machine(), "")
    source, sha256 = given["source"].replace("{arch}", arch), str(given["sha256"].get(arch, ""))
    if source.startswith("/") and not pathlib.Path(source).exists():
        module.exit_json(changed=False, missing=True)
    if not source.startswith("/") and not sha256:
        module.fail_json(msg=f"vscode_server_sha256 has no {arch or platform.machine()}: add that of {source}.")
    marker, note = identity(source, sha256), path / ".archive"
    try:
        with nullcontext() if module.check_mode else alone(path):
            changed = not note.exists() or note.read_text() != marker
            if changed and not module.check_mode:
                install(source, sha256, path, marker)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, str(path)))
    module.exit_json(changed=changed, missing=False)


if __name__ == "__main__":
    main()
