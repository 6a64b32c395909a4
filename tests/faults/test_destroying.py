"""Row 25: a destroy that is killed, and what keeps AWS from deleting."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from dlbox.converge import run_noun
from dlbox.errors import DlboxError
from dlbox.nouns import NOUNS
from drift.provision import ROOT, Provision, Run, validated
from rehearsal.testing import REGION

from .lab import killed_before_write, kinds

WRITES = 8
ALARM: dict[str, Any] = {"box_alarm_hours": 10, "box_alarm_email": "you@example.org"}
WRITES_WITH_ALARM = WRITES + 3


def modules() -> list[str]:
    """The modules that destroy.yml runs to make something absent, in its order."""
    plays = yaml.safe_load((ROOT / "playbooks/destroy.yml").read_text())
    made = {name for name, given in plays[0]["module_defaults"].items() if given.get("state") == "absent"}
    return [name for task in plays[0]["tasks"] for name in task if name in made]


def destroy(provision: Provision, box: str = "lab") -> Run:
    """Run the modules of destroy.yml for one box."""
    run = Run()
    for name in modules():
        given = {"box": box, "region": REGION, "state": "absent"}
        try:
            run.results[name] = run_noun(NOUNS[name], validated(name, given), check=False)
        except DlboxError as error:
            run.said = str(error)
            return run
    return run


@pytest.mark.parametrize("number", range(1, WRITES_WITH_ALARM + 1))
def test_25_a_destroy_that_was_killed_is_finished_by_the_next(provision: Provision, number: int) -> None:
    provision(**ALARM)
    assert killed_before_write(provision, number, lambda: destroy(provision))
    again = destroy(provision)
    assert again.said == ""
    assert kinds(provision.server) == {}


@pytest.mark.parametrize(
    ("settings", "writes"), [({}, WRITES), (ALARM, WRITES_WITH_ALARM)], ids=["plain", "with an alarm"]
)
def test_25_no_write_is_left_out_above(provision: Provision, settings: dict[str, Any], writes: int) -> None:
    provision(**settings)
    assert killed_before_write(provision, writes, lambda: destroy(provision))
    provision(**settings)
    assert not killed_before_write(provision, writes + 1, lambda: destroy(provision))
    assert kinds(provision.server) == {}
