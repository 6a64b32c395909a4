"""Steps on the controller: the private key under ~/.ssh."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import DlboxError


def read_private_key(path: str) -> dict[str, Any] | None:
    """{"public_key": "ssh-ed25519 AAAA…", "mode": "600"} of a private key file, or None where there is none."""
    file = Path(path)
    if not file.exists():
        return None
    mode = f"{file.stat().st_mode & 0o777:o}"
    # Through standard input, because ssh-keygen refuses a file that others can read before it can be mended.
    command = ["ssh-keygen", "-y", "-P", "", "-f", "/dev/stdin"]
    shown = subprocess.run(command, input=file.read_text(), capture_output=True, text=True, check=False)  # noqa: S603
    if shown.returncode:
        raise DlboxError(
            f"{path} is not a usable private key without a passphrase: move it away or restore it, then run the same command"
        )
    return {"public_key": " ".join(shown.stdout.split()[:2]), "mode": mode}


def generate_key(path: str, comment: str) -> dict[str, str]:
    """Make an ED25519 key pair at path (0600) and path.pub; returns the public key."""
    file = Path(path)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path]
    # No input: where another run has just made the file, ssh-keygen would ask whether to overwrite it.
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode:
        raise DlboxError(
            f"ssh-keygen could not write {path} ({made.stderr.strip()}): install openssh-client or free the path"
        )
    return {"public_key": Path(f"{path}.pub").read_text().strip()}


def restrict_key(path: str) -> dict[str, str]:
    """Give the private key the mode 0600 that ssh insists on."""
    Path(path).chmod(0o600)
    return {}


STEPS: dict[str, Callable[..., dict[str, str]]] = {"generate_key": generate_key, "restrict_key": restrict_key}
