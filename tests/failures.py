"""`python -m failures LOG...`: of each log that a test run left, why it failed, for a reader who sees the end of it all first."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LINES = 70
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Molecule draws a frame around what a playbook printed, and its status below.
FRAME, ENDED = re.compile(r"^ +[│┌] ?"), re.compile(r"└─ Return code: (\d+)")
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (?!   )|\b[1-9]\d* (?:failed|errors?)\b|^INTERNALERROR")
FAILED_RUN = re.compile(r"Idempotence test failed|\[[1-9]\d* failed\]|\([1-9]\d* failed\)")


def why(text: str) -> list[str]:
    """The last lines of the task with which a playbook ended, or of a pytest run that failed; empty where all went well."""
    lines = ANSI.sub("", text).splitlines()
    task = 0
    for number, line in enumerate(lines):
        if FRAME.sub("", line).startswith("TASK ["):
            task = number
        ended = ENDED.search(line)
        if ended and ended[1] != "0":
            return [FRAME.sub("", one) for one in lines[max(task, number - LINES) : number]]
    bad = [number for number, line in enumerate(lines) if FAILED_TEST.search(line) or FAILED_RUN.search(line)]
    return lines[max(0, bad[-1] - LINES) :] if bad else []


def main(logs: list[str]) -> None:
    """Print what is found."""
    for log in map(Path, logs):
        if found := why(log.read_text(errors="replace")):
            print(f"\n===== {log.stem} failed ({log} has all of it) =====", *found, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
