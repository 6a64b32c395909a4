"""The drift matrix: for each thing that can drift, check mode predicts exactly the writes of the real run, and a third run is silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from modules.conftest import made
from rehearsal.testing import Server

from .drifts import DRIFTS, REFUSALS, World
from .provision import Provision

Row = tuple[str, str, str]


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    """What was found, printed at the end: thing, writes, reason."""
    rows: list[Row] = []
    yield rows
    width = [max((len(row[n]) for row in rows), default=0) for n in (0, 1)]
    print("\n" + "\n".join(f"{thing:{width[0]}}  {writes:{width[1]}}  {why}" for thing, writes, why in rows))


@pytest.fixture(scope="module")
def built(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provision]:
    """A box, built once: each case's own runs restore it."""
    with pytest.MonkeyPatch.context() as patch:
        home: Path = tmp_path_factory.mktemp("home")
        provision = Provision(server, home, patch)
        rebuild(provision)
        yield provision


@pytest.fixture
def provision(built: Provision) -> Provision:
    """The box as the settings ask for it; built anew after a case that failed half way."""
    run = built()
    if run.said or run.changed:
        rebuild(built)
    built.server.forget_calls()
    return built


def rebuild(provision: Provision) -> None:
    """An empty rehearsal, and the box in it."""
    provision.server.reset()
    provision.server.post("knobs", {"transition_s": 0.05})
    for key in (provision.home / ".ssh").glob("*"):
        key.unlink()
    provision.settings.clear()
    assert provision().said == ""


def test_a_silent_run_makes_fourteen_calls(provision: Provision) -> None:
    provision()
    assert len(provision.server.calls()) == 14


@pytest.mark.parametrize("thing", DRIFTS)
def test_drift_is_predicted_mended_and_then_silent(provision: Provision, table: list[Row], thing: str) -> None:
    case, server = DRIFTS[thing], provision.server
    if case.settings:
        # The run after the next case's must still want it.
        provision.settings.update(case.settings)
    case.by_hand(World(server, provision.home))
    if thing == "port no longer asked for":
        provision.settings.pop("box_extra_ports")
    server.forget_calls()
    foreseen = provision(check=True)
    assert (foreseen.said, made(server)) == ("", []), "check mode failed or wrote"
    done = provision()
    assert done.said == ""
    assert foreseen.changed
    assert done.writes == foreseen.writes
    assert made(server) == foreseen.writes
    assert sorted(foreseen.writes) == sorted(case.writes)
    assert case.reason in foreseen.changes[0]["reason"]
    assert all(change["reason"] for change in foreseen.changes)
    assert [one["before"] != one["after"] for one in foreseen.diffs] == [True] * len(foreseen.changes)
    server.forget_calls()
    again = provision()
    assert (again.changed, again.said, made(server)) == (False, "", []), again.changes
    table.append((thing, " ".join(case.writes) or "(this machine only)", foreseen.changes[0]["reason"]))


@pytest.mark.parametrize("thing", REFUSALS)
def test_what_is_not_mended_is_refused_before_any_write(provision: Provision, table: list[Row], thing: str) -> None:
    case, server, world = REFUSALS[thing], provision.server, World(provision.server, provision.home)
    kept = case.by_hand(world)
    server.forget_calls()
    for check in (True, False, False):
        run = provision(check=check, **case.settings)
        assert case.said in run.said
        assert made(server) == []
    case.put_right(world, kept)
    assert provision().said == ""
    table.append((thing, "(refused)", run.said))
