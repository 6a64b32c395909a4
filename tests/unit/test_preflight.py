"""Before the first write: which account and region a box may be touched in, and how options are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dlbox import preflight
from dlbox.errors import Refused
from dlbox.names import REHEARSAL_ACCOUNT, Scope
from dlbox.nouns import NOUNS
from unit.facts import BOX, is_sentence

HERE = Scope("lab", "us-west-2")
ONE, OTHER, WEST, EAST = "111111111111", "222222222222", "us-west-2", "us-east-1"


def account(ident: str) -> dict[str, Any]:
    return {"account": ident, "partition": "aws", "rehearsal": ident == REHEARSAL_ACCOUNT}


@pytest.mark.parametrize(
    ("ident", "expected", "made"),
    [
        pytest.param(ONE, "", [], id="nowhere yet"),
        pytest.param(ONE, "", [(ONE, WEST)], id="made here"),
        pytest.param(ONE, ONE, [(ONE, WEST)], id="the account that is set"),
        pytest.param(ONE, ONE, [(OTHER, WEST)], id="a second box of the name, meant"),
        pytest.param(ONE, "", [(REHEARSAL_ACCOUNT, EAST)], id="a rehearsal is another world"),
        pytest.param(REHEARSAL_ACCOUNT, ONE, [(ONE, EAST)], id="a rehearsal of a box that is real"),
        pytest.param(REHEARSAL_ACCOUNT, "", [(ONE, WEST), (REHEARSAL_ACCOUNT, WEST)], id="both"),
    ],
)
def test_may(ident: str, expected: str, made: list[tuple[str, str]]) -> None:
    preflight.check_account(HERE, account(ident), expected, made)


@pytest.mark.parametrize(
    ("ident", "expected", "made", "says"),
    [
        pytest.param(ONE, OTHER, [], f"for account {ONE} and box_account is {OTHER}", id="another account than set"),
        pytest.param(ONE, "", [(OTHER, WEST)], f"lab was made in account {OTHER} .* for {ONE}: switch the profile", id="made in another account"),
        pytest.param(ONE, "", [(ONE, EAST)], f"made in {EAST} and may still bill there, and box_region is now {WEST}", id="made in another region"),
        pytest.param(ONE, ONE, [(ONE, EAST)], "-e box_region=us-east-1", id="the region is not excused by the account"),
        pytest.param(REHEARSAL_ACCOUNT, "", [(REHEARSAL_ACCOUNT, EAST)], "may still bill there", id="rehearsed in another region"),
        pytest.param(ONE, "", [(ONE, WEST), (OTHER, WEST)], "was made in account", id="here and elsewhere"),
    ],
)  # fmt: skip
def test_may_not(ident: str, expected: str, made: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        preflight.check_account(HERE, account(ident), expected, made)
    assert is_sentence(str(refused.value))


def test_places_are_those_of_exactly_this_name(tmp_path: Path) -> None:
    for folder in (f"{ONE}/{WEST}/lab", f"{ONE}/{EAST}/lab-2", f"{OTHER}/{EAST}/lab", "rehearsal/lab"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ONE / EAST / "lab").write_text("a file is no place")
    assert preflight.places(tmp_path, "lab") == [(ONE, WEST), (OTHER, EAST)]
    assert preflight.places(tmp_path / "none", "lab") == []


def asked(**plans: dict[str, Any]) -> dict[str, Any]:
    return BOX | {"profile": "", "settings": {}, "settings_file": "", "account": "", "local_dir": ".", "plans": plans}


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (asked(firewall={"allowed_cidr": []}), "dlbox_firewall: it has no option allowed_cidr: see `ansible-doc"),
        (asked(instance={"disk_gib": "4"}), "box_disk_gib: '4'"),
        (asked(quota={}), "dlbox_quota: missing required arguments: instance_type"),
        (asked(firewall={"allowed_cidrs": ["0.0.0.0/0"]}), "box_open_to_world"),
        (asked(schedule={"timezone": "CST"}), "box_timezone: 'CST'"),
        (asked() | {"box": "Lab"}, "the box name 'Lab' is not usable"),
        (asked() | {"region": "west"}, "box_region: 'west'"),
        (asked() | {"settings": {"box_colour": 1}}, "box_colour is not a setting"),
    ],
)
def test_bad_input_is_refused_before_aws_is_asked(monkeypatch: pytest.MonkeyPatch, params: dict[str, Any], says: str) -> None:  # fmt: skip
    monkeypatch.setattr(preflight, "Aws", None)
    with pytest.raises(Refused, match=says):
        preflight.run(params, check=True)


def test_every_noun_that_plans_writes_is_looked_at() -> None:
    planned = {name for name, noun in NOUNS.items() if hasattr(noun, "FRESH") and hasattr(noun, "OWNS") and noun.OWNS}
    assert {f"dlbox_{name}" for name in preflight.PLANS} == planned
