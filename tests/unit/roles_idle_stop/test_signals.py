"""What two looks side by side say of each signal."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from dlbox_idle import signals
from dlbox_idle.signals import Levels, carry, readings
from hypothesis import given
from hypothesis import strategies as st

LEVELS = Levels(load_per_core=0.2, bytes_per_minute=20_000)
Payload = dict[str, Any]


def kernel(state: str, last: str) -> Payload:
    """One kernel as /api/kernels has it."""
    return {"state": state, "last": last}


ONE = {"kernels": {"k1": kernel("idle", "10:00")}}
SSH = {"connections": {"a": 10_000}, "pages": {}}
ROWS: dict[str, tuple[str, Payload, Payload, bool]] = {
    "gpu_none": ("gpu", {}, {"gpus": []}, False),
    "gpu_idle_with_memory_held": ("gpu", {}, {"gpus": [[0, 0, 0, 0, 0]]}, False),
    "gpu_woken_by_the_question": ("gpu", {}, {"gpus": [[97, 0, 0, 0, 0]]}, False),
    "gpu_in_use": ("gpu", {}, {"gpus": [[0, 0, 60, 80, 0]]}, True),
    "gpu_second_one_in_use": ("gpu", {}, {"gpus": [[0] * 5, [9] * 5]}, True),
    "gpu_a_little": ("gpu", {}, {"gpus": [[4, 4, 4, 4, 4]]}, False),
    "jupyter_off": ("jupyter", ONE, {"kernels": None}, False),
    "jupyter_open_tab": ("jupyter", ONE, ONE, False),
    "jupyter_first_look": ("jupyter", {}, ONE, False),
    "jupyter_executing_silently": ("jupyter", {"kernels": {"k1": kernel("busy", "10:00")}}, {"kernels": {"k1": kernel("busy", "10:00")}}, True),
    "jupyter_executing_at_the_first_look": ("jupyter", {}, {"kernels": {"k1": kernel("busy", "10:00")}}, True),
    "jupyter_ran_a_cell_between": ("jupyter", ONE, {"kernels": {"k1": kernel("idle", "10:01")}}, True),
    "jupyter_a_clock_set_back": ("jupyter", ONE, {"kernels": {"k1": kernel("idle", "03:00")}}, True),
    "jupyter_new_kernel": ("jupyter", ONE, {"kernels": {**ONE["kernels"], "k2": kernel("starting", "10:01")}}, True),
    "jupyter_first_kernel_after_its_start": ("jupyter", {"kernels": None}, ONE, True),
    "jupyter_kernel_closed": ("jupyter", {"kernels": {**ONE["kernels"], "k2": kernel("idle", "9")}}, ONE, False),
    "jupyter_never_ready": ("jupyter", {"kernels": {"k1": kernel("starting", "9")}}, {"kernels": {"k1": kernel("starting", "9")}}, False),
    "terminal_first_look": ("terminals", {}, {"read": {"pts/0": 5}}, False),
    "terminal_silent": ("terminals", {"read": {"pts/0": 5}}, {"read": {"pts/0": 5}}, False),
    "terminal_typed_in": ("terminals", {"read": {"pts/0": 5}}, {"read": {"pts/0": 61}}, True),
    "terminal_opened": ("terminals", {"read": {}}, {"read": {"pts/0": 61}}, True),
    "terminal_closed": ("terminals", {"read": {"pts/0": 5}}, {"read": {}}, False),
    "ssh_none": ("ssh", {"connections": {}, "pages": {}}, {"connections": {}, "pages": {}}, False),
    "ssh_silent": ("ssh", SSH, SSH, False),
    "ssh_keepalives": ("ssh", SSH, {"connections": {"a": 16_000}, "pages": {}}, False),
    "ssh_moves": ("ssh", SSH, {"connections": {"a": 31_000}, "pages": {}}, True),
    "ssh_new_connections_handshake": ("ssh", SSH, {"connections": {"a": 10_000, "b": 900_000}, "pages": {}}, False),
    "ssh_port_used_again": ("ssh", {"connections": {"a": 900_000}, "pages": {}}, {"connections": {"a": 30_000}, "pages": {}}, True),
    # Measured: JupyterLab open in Chromium through a tunnel, a minute apart.
    "ssh_tunnel_with_an_open_tab": (
        "ssh",
        {"connections": {"a": 6_117_121}, "pages": {"p": 3_176_586, "q": 723_120, "r": 13_516, "s": 11_295}},
        {"connections": {"a": 6_239_101}, "pages": {"p": 3_254_849, "q": 751_725, "r": 18_077, "s": 15_856}},
        False,
    ),
    "ssh_tunnel_and_a_copy": (
        "ssh",
        {"connections": {"a": 0, "b": 0}, "pages": {"p": 0}},
        {"connections": {"a": 121_000, "b": 50_000}, "pages": {"p": 115_000}},
        True,
    ),
    "ssh_pages_without_a_tunnel": ("ssh", {**SSH, "pages": {"p": 0}}, {**SSH, "pages": {"p": 900_000}}, False),
    "transfer_first_seen": ("transfers", {"bytes": {}}, {"bytes": {"rsync 7 100": 9_000_000}}, False),
    "transfer_runs": ("transfers", {"bytes": {"rsync 7 100": 9_000_000}}, {"bytes": {"rsync 7 100": 9_900_000}}, True),
    "transfer_stands_still": ("transfers", {"bytes": {"sftp-server 7 100": 90}}, {"bytes": {"sftp-server 7 100": 95}}, False),
    "transfer_number_used_again": ("transfers", {"bytes": {"curl 7 100": 9}}, {"bytes": {"curl 7 200": 900_000}}, False),
    "heart_none": ("code-server", {"beat": None}, {"beat": None}, False),
    "heart_old": ("code-server", {"beat": 5}, {"beat": 5}, False),
    "heart_first_look": ("code-server", {}, {"beat": 5}, False),
    "heart_beats": ("code-server", {"beat": 5}, {"beat": 65}, True),
    "heart_first_beat": ("code-server", {"beat": None}, {"beat": 65}, True),
    "desktop_none": ("desktop", {"started": None}, {"started": None}, False),
    "desktop_first_look": ("desktop", {}, {"started": 1, "input": 5.0}, False),
    "desktop_untouched": ("desktop", {"started": 1, "input": 5.0}, {"started": 1, "input": 5.4}, False),
    "desktop_used": ("desktop", {"started": 1, "input": 5.0}, {"started": 1, "input": 61.0}, True),
    "desktop_just_started": ("desktop", {"started": None}, {"started": 1, "input": 50.0}, False),
    "desktop_started_anew": ("desktop", {"started": 1, "input": 5.0}, {"started": 2, "input": 50.0}, False),
    "load_none": ("load", {}, {"load": 0.02, "cores": 4}, False),
    "load_one_process_on_four_cores": ("load", {}, {"load": 0.95, "cores": 4}, True),
    "load_one_process_on_many_cores": ("load", {}, {"load": 0.95, "cores": 192}, True),
    "load_on_one_core": ("load", {}, {"load": 0.25, "cores": 1}, True),
    "packages_unlocked": ("packages", {}, {"found": []}, False),
    "packages_locked": ("packages", {}, {"found": ["/var/lib/dpkg/lock is locked"]}, True),
    "playbook": ("ansible", {}, {"found": ["a playbook runs"]}, True),
    "no_playbook": ("ansible", {}, {"found": []}, False),
    "kept": ("keep", {}, {"left": 30.0}, True),
    "not_kept": ("keep", {}, {"left": 0.0}, False),
}  # fmt: skip


@pytest.mark.parametrize(("name", "before", "now", "busy"), ROWS.values(), ids=ROWS)
def test_reading(name: str, before: Payload, now: Payload, busy: bool) -> None:
    found = readings({name: before} if before else {}, {name: now}, 60.0, LEVELS)
    assert found[name].busy is busy, found[name].value


def test_every_signal_has_both_kinds_of_rows() -> None:
    assert {(row[0], row[3]) for row in ROWS.values()} == set(product(signals.JUDGES, (True, False)))


@pytest.mark.parametrize("name", signals.JUDGES)
def test_what_cannot_be_read_says_why(name: str) -> None:
    found = readings({}, {name: {"error": "HTTP 403"}}, 60.0, LEVELS)[name]
    assert (found.busy, found.value) == (None, "HTTP 403")


@pytest.mark.parametrize(("name", "before", "now", "busy"), ROWS.values(), ids=ROWS)
def test_a_look_that_could_not_read_hides_no_use(name: str, before: Payload, now: Payload, busy: bool) -> None:
    facts = {name: before} if before else {}
    between = carry(facts, {name: {"error": "timed out"}})
    assert readings(between, {name: now}, 60.0, LEVELS)[name].busy is busy


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**12))


@given(COUNTS, COUNTS)
def test_bytes_never_go_backwards(old: dict[str, int], new: dict[str, int]) -> None:
    assert 0 <= signals.grown(old, new) <= sum(new.values())
    assert signals.grown(None, new) == signals.grown(new, new) == 0
