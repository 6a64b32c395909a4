"""The table that users read. Nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLOURS = {"fail": "\033[31m", "warn": "\033[33m", "pass": "\033[32m", "skip": "\033[2m"}
PLAIN = "\033[0m"


def table(report: Mapping[str, Any], colours: bool) -> str:
    """One line for each check, its fix below it."""
    rows = [(f"{one['check']} {one['about']}".strip(), one) for one in report["findings"]]
    wide = max(len(name) for name, _ in rows)
    kind = report["facts"]["expected"]["instance_type"] or "this machine"
    counts = ", ".join(f"{number} {status}" for status, number in report["counts"].items() if number)
    lines = [f"GPU check of {kind}: {report['verdict']} ({counts})", f"  {report['sentence']}", ""]
    for name, one in rows:
        status = f"{COLOURS[one['status']]}{one['status']}{PLAIN}" if colours else one["status"]
        lines.append(f"  {name:<{wide}}  {status}  {one['says']}")
        if one["fix"]:
            lines.append(f"  {'':<{wide}}        fix: {one['fix']}")
    return "\n".join(lines)
