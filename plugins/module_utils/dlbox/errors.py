"""How a run ends early: every message is one sentence with a way out."""

from __future__ import annotations


class DlboxError(Exception):
    """What the user reads; `str(error)` is the whole sentence."""


class Refused(DlboxError):
    """The input or the state found forbids the plan; nothing was written for it."""


class AwsError(DlboxError):
    """AWS said no: `code` is its error code, `operation` what was asked."""

    def __init__(self, sentence: str, code: str = "", operation: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.operation = operation


class StateMoved(DlboxError):
    """A write met another state than the plan was made on: read again and plan again."""


class UnknownOutcome(StateMoved):
    """The reply of a create was lost: it may exist, so look by tag or name before asking again."""
