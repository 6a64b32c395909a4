"""`python -m browser`: install what the browser tests need of this host, saying so first."""

import sys

from rehearsal import needs
from rehearsal.podman import CommandError

from .chromium import NEEDED

if needs.missing(NEEDED):
    needs.become_root([], module="browser")
    try:
        needs.install(NEEDED)
    except CommandError as problem:
        sys.exit(f"browser: {problem}")
