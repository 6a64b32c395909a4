"""What a failed test run says last."""

import failures
import pytest

FRAMED = """INFO     box ➜ {part}: Executing
  ┌──────────
  │ \x1b[33mTASK\x1b[0m [Look]
  │ ok: [box]
  │
  │ TASK [As a user does]
  │ fatal: [box]: FAILED! =>
  │         E       TimeoutError: the browser saw no cell
  │
  └─ Return code: {code} ─────
"""
CHANGED = """  └─ Return code: 0 ────
ERROR    box ➜ idempotence: Executed: Failed
CRITICAL Idempotence test failed because of the following tasks:
* [box] => Look
"""
PYTEST = (
    "....F\n=== FAILURES ===\nE   assert 1 == 2\nFAILED tests/test_one.py::test_one\n1 failed, 118 passed in 78.80s\n"
)


def test_the_task_that_failed_is_shown_without_its_frame() -> None:
    said = failures.why(FRAMED.format(part="converge", code=0) + FRAMED.format(part="verify", code=2))
    assert said[0] == "TASK [As a user does]"
    assert "        E       TimeoutError: the browser saw no cell" in said
    assert not [line for line in said if "│" in line or "\x1b" in line]


def test_of_a_pytest_run_the_end_is_shown() -> None:
    assert failures.why(PYTEST) == PYTEST.splitlines()


@pytest.mark.parametrize("log", [CHANGED, "INTERNALERROR> Traceback\n"])
def test_what_fails_without_a_failed_task_is_shown_too(log: str) -> None:
    assert log.splitlines()[-1] in failures.why(log)


@pytest.mark.parametrize(
    "log",
    [
        "ERROR    box: nothing\n118 passed, 0 failed\n",
        "",
        "118 passed in 78.80s\n",
        FRAMED.format(part="verify", code=0),
    ],
)
def test_of_what_went_well_nothing_is(log: str) -> None:
    assert failures.why(log) == []
