"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass

PASS, WARN, FAIL, SKIP = "pass", "warn", "fail", "skip"


@dataclass(frozen=True)
class Finding:
    """A check's outcome; `about` names an environment, a GPU or a path where there are several, `fix` is one line."""

    check: str
    status: str
    says: str
    fix: str = ""
    about: str = ""
