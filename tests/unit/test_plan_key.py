"""The key's plan: facts in, changes out."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import plan_key
from dlbox.change import Ref, open_refs
from dlbox.errors import Refused
from unit.facts import KEY, PREFIX, TAGS, altered, is_sentence, planned, standing, told, wanted

PATH = "/home/me/.ssh/lab"
NO_FILE = {"path": PATH}


@pytest.mark.parametrize(
    ("seen", "params", "does"),
    [
        pytest.param(standing(), {}, [], id="nothing differs"),
        pytest.param(
            standing(key_pairs=[], private_key=NO_FILE), {}, ["create", "import: ec2:import_key_pair"], id="first run"
        ),
        pytest.param(standing(key_pairs=[]), {}, ["import: ec2:import_key_pair"], id="pair deleted, file kept"),
        pytest.param(
            standing(private_key={"path": PATH, "public_key": KEY, "mode": "644"}), {}, ["update"], id="file others read"
        ),
        pytest.param(altered("key_pairs", Tags={}), {}, ["tag: ec2:create_tags"], id="tags removed"),
        pytest.param(altered("key_pairs", Tags={**TAGS, "team": "x"}), {}, [], id="a tag of the user's"),
        pytest.param(standing(), {"state": "absent"}, ["delete: ec2:delete_key_pair"], id="absent"),
        pytest.param(standing(private_key=NO_FILE), {"state": "absent"}, ["delete: ec2:delete_key_pair"], id="no file"),
        pytest.param(standing(key_pairs=[]), {"state": "absent"}, [], id="absent already"),
        pytest.param(altered("key_pairs", Tags={"dlbox:box": "lab-2"}), {"state": "absent"}, [], id="another's"),
        pytest.param(altered("key_pairs", Tags={}), {"state": "absent"}, [], id="untagged is not ours to delete"),
    ],
)  # fmt: skip
def test_plan(seen: dict[str, Any], params: dict[str, str], does: list[str]) -> None:
    changes = planned(plan_key, seen, **params)
    assert told(changes) == does
    assert open_refs(changes) == []


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        pytest.param(standing(private_key=NO_FILE), f"the private key {PATH} is gone", id="file lost"),
        pytest.param(altered("key_pairs", PublicKey="ssh-ed25519 other"), "is not the one of", id="another key in EC2"),
        pytest.param(altered("key_pairs", PublicKey=""), "is not the one of", id="EC2 does not show its key"),
    ],
)
def test_a_key_is_never_replaced(seen: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        planned(plan_key, seen)
    assert is_sentence(str(refused.value))


def test_a_first_import_takes_the_key_that_was_just_made_and_its_tags() -> None:
    made, imported = planned(plan_key, standing(key_pairs=[], private_key=NO_FILE))
    assert made.calls[0].service == "local"
    params = imported.calls[0].params
    assert params["KeyName"] == PREFIX
    assert params["PublicKeyMaterial"] == Ref("public_key")
    assert params["TagSpecifications"][0]["Tags"] == [{"Key": key, "Value": value} for key, value in TAGS.items()]


def test_the_key_lies_outside_the_clone_by_account_region_and_box() -> None:
    result = plan_key.result(wanted(plan_key), standing(), {})
    assert result["key_name"] == PREFIX
    assert result["path"].endswith("/.ssh/dlbox-123456789012-us-west-2-lab")
    assert plan_key.result(wanted(plan_key, path="/k"), standing(), {})["path"] == "/k"
