"""Puts the host's program on the path, as its command does there, and leaves no compiled files beside it."""

import sys

from unit.roles_loader import ROOT

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "roles/idle_stop/files/usr/local/lib/dlbox-idle"))
