"""When the machine stops: looks over time in, verdicts out, as tables and as properties of any sequence of looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dlbox_idle.decide import Memory, Reading, Settings, Verdict, decide
from hypothesis import given
from hypothesis import strategies as st

MINUTE = 60.0
SETTINGS = Settings(limit=60 * MINUTE, warn=5 * MINUTE, last=MINUTE, grace=20 * MINUTE, blind=120 * MINUTE, gap=600.0)
LONG_UP = 30 * 86400.0
BUSY, IDLE, BLIND = True, False, None
LOOK = dict[str, bool | None]


def readings(look: LOOK) -> dict[str, Reading]:
    """Readings from busy, idle or unreadable by name."""
    return {name: Reading(busy, "as seen") for name, busy in look.items()}


def run(
    looks: list[tuple[float, LOOK]], settings: Settings = SETTINGS, booted: float = -LONG_UP
) -> list[tuple[float, Verdict]]:
    """The verdict of each look, until one says stop."""
    memory, found = Memory(), []
    for at, look in looks:
        memory, verdict = decide(settings, memory, at, at - booted, readings(look))
        found.append((at, verdict))
        if verdict.kind == "stop":
            break
    return found


def every_minute(*parts: tuple[int, LOOK], start: float = 1000.0) -> list[tuple[float, LOOK]]:
    """Looks a minute apart: so many with this, then so many with that."""
    looks = [look for count, look in parts for _ in range(count)]
    return [(start + MINUTE * index, look) for index, look in enumerate(looks)]


def stopped(found: list[tuple[float, Verdict]], start: float = 1000.0) -> float | None:
    """After how many minutes it stopped."""
    at, verdict = found[-1]
    return (at - start) / MINUTE if verdict.kind == "stop" else None


IDLE_LOOK: LOOK = {"gpu": IDLE, "ssh": IDLE}
ROWS: dict[str, tuple[list[tuple[float, LOOK]], float | None]] = {
    "idle_from_the_first_look": (every_minute((200, IDLE_LOOK)), 60),
    "used_for_ten_minutes": (every_minute((10, {"gpu": BUSY, "ssh": IDLE}), (200, IDLE_LOOK)), 69),
    "used_once_in_the_middle": (every_minute((40, IDLE_LOOK), (1, {"gpu": IDLE, "ssh": BUSY}), (200, IDLE_LOOK)), 100),
    "always_used": (every_minute((500, {"gpu": BUSY, "ssh": IDLE})), None),
    "used_and_partly_unreadable": (every_minute((500, {"gpu": BUSY, "ssh": BLIND})), None),
    "one_never_readable": (every_minute((500, {"gpu": BLIND, "ssh": IDLE})), 180),
    "one_unreadable_for_half_an_hour": (
        every_minute((10, IDLE_LOOK), (30, {"gpu": BLIND, "ssh": IDLE}), (200, IDLE_LOOK)),
        90,
    ),
    "none_ever_readable": (every_minute((5000, {"gpu": BLIND, "ssh": BLIND})), None),
    "asleep_for_a_night": (
        [*every_minute((50, IDLE_LOOK)), *every_minute((100, IDLE_LOOK), start=1000.0 + 600 * MINUTE)],
        660,
    ),
    "looks_half_a_minute_late_each": ([(1000 + 90.0 * index, IDLE_LOOK) for index in range(100)], 61.5),
}


@pytest.mark.parametrize(("looks", "minutes"), ROWS.values(), ids=ROWS)
def test_when_it_stops(looks: list[tuple[float, LOOK]], minutes: float | None) -> None:
    assert stopped(run(looks)) == minutes


def test_it_does_not_stop_in_the_first_part_of_its_uptime() -> None:
    short = replace(SETTINGS, limit=5 * MINUTE)
    assert stopped(run(every_minute((100, IDLE_LOOK)), short, booted=1000.0)) == 20
    assert stopped(run(every_minute((100, IDLE_LOOK)), short, booted=1000.0 - 10 * MINUTE)) == 10
    assert stopped(run(every_minute((100, IDLE_LOOK)), short)) == 5


def test_it_warns_twice_and_then_stops() -> None:
    found = run(every_minute((100, IDLE_LOOK)))
    warned = [((at - 1000) / MINUTE, verdict.left) for at, verdict in found if verdict.warn]
    assert warned == [(55, 300.0), (59, 60.0)]


def test_use_after_a_warning_begins_it_all_anew() -> None:
    found = run(every_minute((58, IDLE_LOOK), (1, {"gpu": BUSY}), (100, IDLE_LOOK)))
    assert [(at - 1000) / MINUTE for at, verdict in found if verdict.warn] == [55, 113, 117]
    assert stopped(found) == 118


def test_a_limit_made_shorter_warns_before_it_stops() -> None:
    memory = Memory(at=1000.0, idle=50 * MINUTE)
    for at, kind, warn in [(1060.0, "idle", True), (1120.0, "stop", False)]:
        memory, verdict = decide(replace(SETTINGS, limit=5 * MINUTE), memory, at, LONG_UP, readings(IDLE_LOOK))
        assert (verdict.kind, verdict.warn) == (kind, warn)


def test_what_was_announced_is_announced_again_after_a_pause() -> None:
    found = run(every_minute((60, IDLE_LOOK), (30, {"gpu": BLIND, "ssh": IDLE}), (100, IDLE_LOOK)))
    assert [(at - 1000) / MINUTE for at, verdict in found if verdict.warn] == [55, 59, 90]
    assert stopped(found) == 91


def test_the_reasons_name_the_signals() -> None:
    _, busy = decide(SETTINGS, Memory(), 1.0, LONG_UP, readings({"gpu": BUSY, "ssh": IDLE, "load": BUSY}))
    assert busy == Verdict("busy", "in use: gpu (as seen), load (as seen)")
    _, held = decide(SETTINGS, Memory(), 1.0, LONG_UP, readings({"gpu": BLIND, "ssh": IDLE}))
    assert "gpu (as seen)" in held.reason
    spent = Memory(at=1.0, held=SETTINGS.blind)
    _, left_out = decide(SETTINGS, spent, 2.0, LONG_UP, readings({"gpu": BLIND, "ssh": IDLE}))
    assert left_out.kind == "idle"
    assert "left out" in left_out.reason
    assert "gpu (as seen)" in left_out.reason


# Any sequence: steps of whole seconds, some of them long or backwards (another boot), and any mix of readings.
STEPS = st.one_of(st.integers(1, 120), st.integers(1, 5000), st.integers(-5000, 0))
LOOKS = st.fixed_dictionaries(
    {name: st.sampled_from([BUSY, IDLE, IDLE, IDLE, BLIND]) for name in ("gpu", "ssh", "load")}
)
SMALL = Settings(limit=600.0, warn=300.0, last=60.0, grace=900.0, blind=400.0, gap=200.0)


@given(st.lists(st.tuples(STEPS, LOOKS), max_size=80), st.integers(0, 3000))
def test_it_stops_only_after_the_limit_and_a_minutes_warning(steps: list[tuple[int, LOOK]], up: int) -> None:
    at, looks = 100_000.0, []
    for step, look in steps:
        at += step
        looks.append((at, look))
    found = run(looks, SMALL, booted=100_000.0 - up)
    if not found or found[-1][1].kind != "stop":
        return
    # Back to the last sign of use, or to where nothing was known: each step between two looks may count, no other time.
    idle, last, index = 0.0, found[-1][0], len(found) - 1
    while index > 0:
        step = looks[index][0] - looks[index - 1][0]
        if not 0 <= step <= SMALL.gap or BUSY in looks[index][1].values():
            break
        if found[index][1].kind != "held":
            idle += step
        index -= 1
    slack = 0.1 * SMALL.last
    assert idle >= SMALL.limit - slack
    assert last - (100_000.0 - up) >= SMALL.grace - slack
    finals = [
        when for when, verdict in found if verdict.warn and verdict.left is not None and verdict.left <= SMALL.last
    ]
    assert finals
    assert last - finals[0] >= SMALL.last - slack


@given(
    st.lists(
        st.fixed_dictionaries({"gpu": st.sampled_from([IDLE, BLIND]), "load": st.just(IDLE)}), min_size=1, max_size=40
    ),
    st.integers(1, 60),
)
def test_without_use_it_stops_whatever_cannot_be_read(looks: list[LOOK], step: int) -> None:
    far = [(1000.0 + step * index, looks[index % len(looks)]) for index in range(3000 // step + 2)]
    found = run(far, SMALL)
    assert found[-1][1].kind == "stop"
    # Unreadable time is bounded, and a warning that it put off costs another look each time.
    assert found[-1][0] - 1000.0 <= SMALL.limit + 2 * SMALL.blind + SMALL.last + 3 * step


@given(st.lists(st.tuples(st.integers(1, 150), LOOKS), max_size=60), st.lists(st.integers(0, 59), max_size=3))
def test_a_state_that_was_lost_only_makes_it_later(steps: list[tuple[int, LOOK]], lost: list[int]) -> None:
    at, memory, kept = 1000.0, Memory(), Memory()
    for index, (step, look) in enumerate(steps):
        at += step
        memory, verdict = decide(SMALL, Memory() if index in lost else memory, at, LONG_UP, readings(look))
        kept, before = decide(SMALL, kept, at, LONG_UP, readings(look))
        if verdict.kind == "stop":
            assert before.kind == "stop"
        if before.kind == "stop":
            break
