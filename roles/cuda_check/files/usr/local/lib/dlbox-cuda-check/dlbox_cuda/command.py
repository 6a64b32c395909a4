"""The command `dlbox-cuda-check`: reads, judges, writes the report, shows the table."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import tempfile
from typing import Any

from . import facts, report, show

SETTINGS = pathlib.Path("/etc/dlbox/cuda-check.json")
REPORT = pathlib.Path("/var/lib/dlbox/cuda.json")
EXPECTED = {"instance_type": "", "name": "", "count": 0, "rehearsal": False}


def load(path: pathlib.Path) -> dict[str, Any]:
    """The object in a file; empty where there is none, or it holds something else."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(path: pathlib.Path, content: dict[str, Any]) -> None:
    """Replace a file in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
    os.chmod(name, 0o644)  # noqa: PTH101
    os.replace(name, path)  # noqa: PTH105


def main() -> None:
    """Check; ends with 1 where a check failed."""
    parser = argparse.ArgumentParser(
        prog="dlbox-cuda-check", description="Checks the NVIDIA GPUs, and the environments' torch."
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON, for scripts")
    parser.add_argument("--reuse", action="store_true", help="ask no torch again that answered since the last boot")
    parser.add_argument("--dry-run", action="store_true", help=f"leave {REPORT} as it is")
    given = parser.parse_args()
    last = load(REPORT)
    answers = last.get("facts", {}).get("environments", {}) if given.reuse else {}
    found = report.make(facts.read({**EXPECTED, **load(SETTINGS)}, answers))
    news = report.essence(found) != report.essence(last)
    # The report is root's; others get the table alone.
    if not given.dry_run and os.access(REPORT.parent, os.W_OK):
        save(REPORT, found)
    plain = {**found, "news": news, "table": show.table(found, colours=False)}
    print(json.dumps(plain) if given.json else show.table(found, sys.stdout.isatty()))
    sys.exit(found["verdict"] == "failed")
