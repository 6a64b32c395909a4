"""Broken files are replaced, never fatal."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict

import pytest
from dlbox_idle import state
from dlbox_idle.decide import Memory, Reading, Settings, decide
from dlbox_idle.look import compare, topic
from dlbox_idle.show import clock, show
from dlbox_idle.signals import JUDGES, Levels
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from([*asdict(Memory()), *JUDGES]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
SETTINGS = Settings(limit=3600, warn=300, last=60, grace=0, blind=7200, gap=600)
FACTS = {
    "gpu": {"gpus": []}, "jupyter": {"kernels": {"k": {"state": "idle", "last": "x"}}}, "terminals": {"read": {"pts/0": 1}},
    "ssh": {"connections": {"a": 1}, "pages": {"b": 1}}, "code-server": {"beat": 1}, "desktop": {"started": 1, "input": 9.0},
    "load": {"load": 0.0, "cores": 2},
    "packages": {"found": []}, "transfers": {"bytes": {"rsync 1 2": 3}}, "ansible": {"found": []}, "keep": {"left": 0.0},
}  # fmt: skip


@given(JSON)
def test_whatever_a_memory_file_holds_it_can_be_decided_with(found: object) -> None:
    memory = state.memory(found)
    _, verdict = decide(SETTINGS, memory, 10_000.0, 10_000.0, {"gpu": Reading(False, "")})
    assert verdict.kind in ("idle", "stop")


@given(
    st.none() | st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.integers(0, 2),
    st.none() | st.floats(0, 1e9),
)
def test_a_memory_survives_the_file(
    at: float | None, idle: float, held: float, announced: int, final: float | None
) -> None:
    memory = Memory(at or 0.0, idle, held, announced, final)
    assert state.memory(json.loads(json.dumps(asdict(memory)))) == memory


@given(
    st.dictionaries(
        st.sampled_from([*JUDGES]),
        st.dictionaries(
            st.sampled_from(["kernels", "read", "bytes", "pages", "beat", "connections", "started", "input"]), JSON
        ),
    )
)
def test_whatever_the_last_facts_were_this_look_can_be_judged(before: dict[str, dict[str, object]]) -> None:
    found = compare(state.facts(before), FACTS, 60.0, Levels(0.2, 20_000))
    assert set(found) == set(FACTS)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "\x00\xff"])
def test_a_file_that_is_no_object_counts_as_none(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "state").write_text(text)
    assert state.load(tmp_path / "state") == state.load(tmp_path / "missing") == {}


def test_a_file_is_replaced_and_readable_by_all(tmp_path: pathlib.Path) -> None:
    for content in ({"a": 1}, {"b": 2}):
        state.save(tmp_path / "deep/state.json", content)
        assert state.load(tmp_path / "deep/state.json") == content
    assert (tmp_path / "deep/state.json").stat().st_mode & 0o777 == 0o644
    assert len([*(tmp_path / "deep").iterdir()]) == 1


def test_the_journal_hears_of_a_change_and_not_of_every_number() -> None:
    def said(**found: bool | None) -> str:
        readings = {name: Reading(busy, "any number") for name, busy in found.items()}
        return topic(decide(SETTINGS, Memory(at=1.0), 2.0, 99.0, readings)[1], readings)

    assert said(gpu=True, ssh=False) == "busy gpu"
    assert said(gpu=True, ssh=True) == "busy gpu ssh"
    assert said(gpu=None, ssh=False) == "held gpu"
    assert said(gpu=False, ssh=False) == "idle"


def shown(kind: str, left: float | None, kept: float = 0.0, wall: float = 1000.0) -> str:
    """The status with one signal of each kind."""
    signals = {"gpu": (True, "80 %"), "ssh": (False, "silent"), "jupyter": (None, "HTTP 403")}
    status = {
        "wall": 1000.0, "idle_since": 400.0, "limit": 3600, "verdict": {"kind": kind, "left": left},
        "signals": {name: {"busy": busy, "value": value} for name, (busy, value) in signals.items()},
    }  # fmt: skip
    return show(status, {"wall": 5.0, "idle": 3600.0, "reason": "nothing is in use"}, kept, wall)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (shown("busy", None), f"In use now: no power-off; if use ended now, at {clock(4600.0)} at the earliest."),
        (shown("idle", 3000.0), "Not in use since"),
        (shown("held", 3000.0), "some signals cannot be read"),
        (shown("idle", 3000.0, kept=7200.0), "Kept: no power-off by itself before"),
        (shown("idle", 3000.0, wall=9000.0), "That is long ago"),
        (shown("busy", None), "nothing is in use for 60 minutes"),
        (show({}, {}, 0.0, 1000.0), "No look was taken"),
    ],
)
def test_the_status_says(text: str, words: str) -> None:
    assert words in text
    assert "dlbox keep 2h" in text


def test_the_status_shows_each_signal() -> None:
    lines = shown("busy", None).splitlines()
    assert [line.split() for line in lines[2:5]] == [
        ["gpu", "in", "use", "80", "%"],
        ["ssh", "idle", "silent"],
        ["jupyter", "unreadable", "HTTP", "403"],
    ]
