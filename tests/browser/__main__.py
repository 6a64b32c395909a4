"""`python -m browser`: install what the tests need of this host beside the machines' own needs, saying so first."""

import sys

from rehearsal import needs
from rehearsal.podman import CommandError

from .chromium import NEEDED

# The stand-in for NVIDIA's driver library is built from C, and file systems are really made.
TOOLS = {**NEEDED, "gcc": "gcc", "mkfs.ext4": "e2fsprogs", "mkfs.xfs": "xfsprogs"}

if needs.missing(TOOLS):
    needs.become_root([], module="browser")
    try:
        needs.install(TOOLS)
    except CommandError as problem:
        sys.exit(f"browser: {problem}")
