"""A plan as data: references, writes and the diff."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox.change import Call, Change, Ref, diff, dig, open_refs, resolve, writes
from hypothesis import given
from hypothesis import strategies as st

MADE = Call("ec2", "create_security_group", {"GroupName": "x"}, {"GroupId": "GroupId"})
OPENED = Call("ec2", "authorize_security_group_ingress", {"GroupId": Ref("GroupId"), "IpPermissions": [{"a": [1]}]})
WAIT = Call("wait", "instance_state", {"InstanceIds": [Ref("InstanceId")]})
LOCAL = Call("local", "generate_key", {}, {"public_key": "public_key"})


def change(*calls: Call, **fields: Any) -> Change:
    return Change("create", "group x", "there is none", calls=calls, **fields)


def test_writes_are_the_calls_that_change_aws_in_order() -> None:
    assert writes([change(LOCAL, MADE), change(OPENED, WAIT)]) == [
        "ec2:create_security_group",
        "ec2:authorize_security_group_ingress",
    ]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ([], []),
        ([change(MADE), change(OPENED)], []),
        ([change(MADE, OPENED)], []),
        ([change(OPENED)], ["GroupId"]),
        ([change(OPENED, MADE)], ["GroupId"]),
        ([change(MADE), change(OPENED, WAIT)], ["InstanceId"]),
    ],
)
def test_open_refs_are_what_no_earlier_call_saves(changes: list[Change], missing: list[str]) -> None:
    assert open_refs(changes) == missing


def test_a_change_as_a_module_returns_it() -> None:
    assert change(MADE, before=None, after={"a": 1}, bill="+$1").public() == {
        "verb": "create",
        "thing": "group x",
        "reason": "there is none",
        "bill": "+$1",
        "before": None,
        "after": {"a": 1},
        "writes": ["ec2:create_security_group"],
    }


@pytest.mark.parametrize(
    ("fields", "before", "after", "header"),
    [
        ({"after": "stop"}, "", "stop\n", "group x: create, because there is none"),
        ({"before": 1, "after": 2, "bill": "+1 GiB"}, "1\n", "2\n", "group x: create, because there is none [+1 GiB]"),
        ({"before": {"b": 1, "a": "é"}}, '{\n  "a": "\\u00e9",\n  "b": 1\n}\n', "", "group x: create, because there is none"),
        ({"after": [Ref("x")]}, "", "[\n  \"Ref(name='x')\"\n]\n", "group x: create, because there is none"),
    ],
)  # fmt: skip
def test_the_diff_shows_both_sides_and_the_reason(fields: dict[str, Any], before: str, after: str, header: str) -> None:
    (shown,) = diff([change(**fields)])
    assert shown == {"before_header": "group x", "after_header": header, "before": before, "after": after}


@pytest.mark.parametrize(
    ("path", "part"), [("a", {"b": [{"c": 1}, 2]}), ("a.b.0.c", 1), ("a.b.1", 2)]
)  # fmt: skip
def test_dig(path: str, part: Any) -> None:
    assert dig({"a": {"b": [{"c": 1}, 2]}}, path) == part


plain = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(plain)
def test_what_holds_no_reference_is_resolved_to_itself(value: Any) -> None:
    assert resolve(value, {}) == value


@given(plain, st.sampled_from("xyz"))
def test_a_reference_is_resolved_wherever_it_stands(value: Any, name: str) -> None:
    assert resolve({"deep": [(Ref(name),), {"k": Ref(name)}]}, {name: value}) == {"deep": [[value], {"k": value}]}
    assert open_refs([change(Call("ec2", "x", {"deep": [(Ref(name),)]}))]) == [name]


def test_a_reference_that_nothing_saved_is_an_error_and_no_none() -> None:
    with pytest.raises(KeyError):
        resolve([Ref("x")], {})
