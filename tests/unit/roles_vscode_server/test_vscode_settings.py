"""Settings that are merged into a user's own file: texts in, text and reasons out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.roles_loader import load

settings = load("vscode_server/module_utils/plan_settings.py")
module = load("vscode_server/library/vscode_server_settings.py")

MINE = """{
    // how I like it
    "editor.fontSize": 15, /* big */
    "files.exclude": {"**/*.pyc": true, /* noise */},
    "python.defaultInterpreterPath": "/e/old/bin/python",
}
"""
PYTHON = "python.defaultInterpreterPath"
ROWS: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str], dict[str, Any]]] = {
    "first_run": ("{}\n", {"a": 1}, {}, ["set a"], {"a": 1}),
    "as_declared": ('{"a": 1}', {"a": 1}, {"a": 1}, [], {"a": 1}),
    "another_value_is_declared": ('{"a": 1, "b": 2}', {"a": 3}, {"a": 1}, ["set a"], {"a": 3}),
    "the_user_changed_it": ('{"a": 7}', {"a": 3}, {"a": 1}, [], {"a": 1}),
    "the_user_removed_it": ("{}", {"a": 1}, {"a": 1}, [], {"a": 1}),
    "the_user_had_it_before": ('{"a": 7}', {"a": 1}, {}, [], {}),
    "declared_no_more": ('{"a": 1, "b": 2}', {}, {"a": 1}, ["remove a"], {}),
    "declared_no_more_but_changed": ('{"a": 7}', {}, {"a": 1}, [], {}),
    "written_but_not_noted": ('{"a": 1}', {"a": 1}, {}, [], {"a": 1}),
    "the_environment_moved": (MINE, {PYTHON: "/e/new/bin/python"}, {PYTHON: "/e/old/bin/python"}, [f"set {PYTHON}"], {PYTHON: "/e/new/bin/python"}),
    "null_is_a_value": ('{"a": null}', {"a": 1}, {}, [], {}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "want", "noted", "changes", "note"), ROWS.values(), ids=ROWS)
def test_merging(
    text: str, want: dict[str, Any], noted: dict[str, Any], changes: list[str], note: dict[str, Any]
) -> None:
    after, noted_now, changed = settings.merge(text, want, noted)
    assert changed == changes
    assert noted_now == note
    assert after == text or changes
    assert settings.merge(after, want, noted_now) == (after, noted_now, [])
    for name, value in want.items():
        if f"set {name}" in changes:
            assert settings.members(after)[name].value == value


def test_what_is_the_users_keeps_every_character() -> None:
    after, _, _ = settings.merge(MINE, {PYTHON: "/e/new/bin/python", "x": [1]}, {PYTHON: "/e/old/bin/python"})
    for line in MINE.splitlines()[1:4]:
        assert line in after
    assert settings.members(after)["editor.fontSize"].value == 15
    assert settings.members(after)["x"].value == [1]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a"}', '{"a": }', "{a: 1}", '{"a": 1} //\n}', "# yaml"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        settings.merge(text, {"a": 1}, {})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
FILES = st.dictionaries(st.sampled_from(["a", "b", "c", '"', "//", "{"]), VALUES, max_size=5)


@given(FILES, FILES, FILES, st.sampled_from([None, 2]))
def test_any_file_stays_one_and_keeps_what_is_not_ours(
    have: dict[str, Any], want: dict[str, Any], noted: dict[str, Any], indent: int | None
) -> None:
    after, note, _ = settings.merge(json.dumps(have, indent=indent), want, noted)
    found = {name: member.value for name, member in settings.members(after).items()}
    json.loads(after)
    assert {k: v for k, v in found.items() if k not in want | noted} == {
        k: v for k, v in have.items() if k not in want | noted
    }
    assert settings.merge(after, want, note)[2] == []


def test_the_first_environment_is_the_interpreter_unless_the_user_says_another() -> None:
    assert module.wanted({}, {"dl": "/e/dl", "plain": "/e/plain"}) == {PYTHON: "/e/dl/bin/python"}
    assert module.wanted({PYTHON: "/mine"}, {"dl": "/e/dl"}) == {PYTHON: "/mine"}
    assert module.wanted({"a": 1}, {}) == {"a": 1}
