"""Names, tags and paths: exact, and never another box's."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import names, stop_role, token
from dlbox.errors import Refused
from dlbox.names import Scope
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import is_sentence

boxes = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
regions = st.sampled_from(["us-west-2", "eu-central-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"])


@given(boxes, regions)
def test_a_usable_scope(box: str, region: str) -> None:
    found = names.scope({"box": box, "region": region, "profile": None})
    assert found == Scope(box, region, "")
    # The longest that AWS takes: 64 for roles and schedule groups.
    assert len(stop_role.role_name(found)) <= 64


@given(boxes, boxes, regions, regions)
def test_two_boxes_never_share_a_name(one: str, other: str, here: str, there: str) -> None:
    scopes = Scope(one, here), Scope(other, there)
    named = [{scope.prefix, stop_role.role_name(scope)} for scope in scopes]
    # A role and a security group are different kinds of thing; within a kind, names must differ.
    same = scopes[0] == scopes[1]
    assert (scopes[0].prefix == scopes[1].prefix) is same
    assert (stop_role.role_name(scopes[0]) == stop_role.role_name(scopes[1])) is same
    assert all(len(item) == 2 for item in named)


@pytest.mark.parametrize(
    "box", ["", "Lab", "lab_1", "-lab", "lab-", "l b", "x" * 33, "x" * 300, "läb", "{{ x }}", "lab\n", "*", 1.5]
)
def test_an_unusable_name(box: Any) -> None:
    with pytest.raises(Refused, match="the box name") as refused:
        names.scope({"box": box, "region": "us-west-2"})
    assert is_sentence(str(refused.value))
    assert "inventory/boxes.yml" in str(refused.value)


@pytest.mark.parametrize(
    "region", ["", "us-west", "US-WEST-2", "us-west-2a", "us-west-22", "west-2", "us west 2", "x" * 300]
)
def test_an_unusable_region(region: str) -> None:
    with pytest.raises(Refused, match="box_region: ") as refused:
        names.scope({"box": "lab", "region": region})
    assert is_sentence(str(refused.value))


def test_tags_to_and_from_ec2() -> None:
    tags = Scope("lab", "us-west-2").tags
    assert tags == {"dlbox:box": "lab", "Name": "lab"}
    assert names.tag_map(names.tag_list(tags)) == tags
    assert names.tag_map(None) == {}
    assert names.tag_spec("volume", tags) == {"ResourceType": "volume", "Tags": names.tag_list(tags)}


def test_the_private_key_is_of_one_account_region_and_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert names.private_key_path("1", Scope("lab", "us-west-2")) == "/home/me/.ssh/dlbox-1-us-west-2-lab"


@given(boxes, st.integers(1, 99), st.integers(1, 99))
def test_the_client_token_follows_box_and_generation(box: str, one: int, other: int) -> None:
    scope = Scope(box, "us-west-2")
    first, second = (token.client_token("1", scope, number) for number in (one, other))
    assert first.isascii()
    assert len(first) <= 64
    assert (first == second) is (one == other)
    assert first != token.client_token("2", scope, one)
    assert first != token.client_token("1", scope, one, attempt=2)
