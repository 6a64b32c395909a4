"""What makes the server quick without changing what it answers."""

from __future__ import annotations

from rehearsal.patches.speed import remembered


def test_what_never_changes_is_worked_out_once() -> None:
    asked: list[int] = []

    def slow(number: int) -> list[int]:
        asked.append(number)
        return [number, number]

    quick = remembered(slow)
    assert [quick(1), quick(1), quick(2)] == [(1, 1), (1, 1), (2, 2)]
    assert asked == [1, 2]
