"""Files as they are and mirrors in, texts out; each row named by its case."""

from typing import Any

import pytest
from unit.roles_loader import load

planner = load("base/module_utils/plan_mirrors.py")
NONE = {"apt": "", "pypi": "", "conda": ""}
ALL = {
    "apt": "https://m.example.org/ubuntu",
    "pypi": "https://m.example.org/simple",
    "conda": "https://m.example.org/cloud/",
}
LIST = "/etc/apt/sources.list"
NOBLE = "/etc/apt/sources.list.d/ubuntu.sources"
EC2 = "deb http://us-west-2.ec2.archive.ubuntu.com/ubuntu/ jammy main\ndeb http://security.ubuntu.com/ubuntu jammy-security main\n"
EC2_AT = "deb https://m.example.org/ubuntu/ jammy main\ndeb http://security.ubuntu.com/ubuntu jammy-security main\n"
DEB822 = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble\n"
PIP_AT = "[global]\nindex-url = https://m.example.org/simple\n\n"

ROWS: dict[str, tuple[dict[str, str | None], dict[str, Any], dict[str, str], dict[str, str | None]]] = {
    "nothing_asked": ({LIST: EC2, planner.PIP: None}, {}, NONE, {}),
    "ec2s_mirror_of_22_04": ({LIST: EC2}, {}, ALL, {LIST: EC2_AT}),
    "deb822_of_24_04": ({NOBLE: DEB822}, {}, ALL, {NOBLE: DEB822.replace("http://archive.ubuntu", "https://m.example").replace(".com", ".org")}),
    "arm": ({LIST: "deb http://ports.ubuntu.com/ubuntu-ports noble main\n"}, {}, ALL, {LIST: "deb https://m.example.org/ubuntu noble main\n"}),
    "another_repository_stays": ({LIST: "deb https://nvidia.example.org/ubuntu x main\n"}, {}, ALL, {}),
    "no_sources_list": ({LIST: None}, {}, ALL, {}),
    "pip_where_there_is_none": ({planner.PIP: None}, {}, ALL, {planner.PIP: PIP_AT}),
    "pip_keeps_the_rest": (
        {planner.PIP: "[global]\nindex-url = https://old.example.org\ntimeout = 60\n"}, {}, ALL,
        {planner.PIP: "[global]\nindex-url = https://m.example.org/simple\ntimeout = 60\n\n"},
    ),
    "uv": ({planner.UV: None}, {}, ALL, {planner.UV: '[[index]]\nurl = "https://m.example.org/simple"\ndefault = true\n'}),
    "uv_without_a_last_newline": (
        {planner.UV: "offline = false"}, {}, ALL,
        {planner.UV: 'offline = false\n[[index]]\nurl = "https://m.example.org/simple"\ndefault = true\n'},
    ),
    "pip_with_a_key_that_stands_twice": (
        {planner.PIP: "[global]\ntimeout = 1\ntimeout = 60\n"}, {}, ALL,
        {planner.PIP: "[global]\ntimeout = 60\nindex-url = https://m.example.org/simple\n\n"},
    ),
    "conda": ({planner.CONDA: None}, {}, ALL, {planner.CONDA: "channel_alias: https://m.example.org/cloud\n"}),
    "written_before": ({LIST: EC2_AT}, {LIST: {"original": EC2, "written": EC2_AT}}, ALL, {}),
    "taken_off": ({LIST: EC2_AT}, {LIST: {"original": EC2, "written": EC2_AT}}, NONE, {LIST: EC2}),
    "taken_off_where_there_was_none": ({planner.PIP: PIP_AT}, {planner.PIP: {"original": None, "written": PIP_AT}}, NONE, {planner.PIP: None}),
    "edited_since": ({LIST: "deb http://mine.example.org x\n"}, {LIST: {"original": EC2, "written": EC2_AT}}, NONE, {}),
    "another_mirror": (
        {LIST: EC2_AT}, {LIST: {"original": EC2, "written": EC2_AT}}, {**ALL, "apt": "http://two.example.org/u"},
        {LIST: EC2_AT.replace("https://m.example.org/ubuntu", "http://two.example.org/u")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("now", "kept", "mirrors", "expected"), ROWS.values(), ids=ROWS)
def test_plan(now: Any, kept: Any, mirrors: Any, expected: Any) -> None:
    changes, texts, keep = planner.plan(now, kept, mirrors)
    assert texts == expected
    assert [change.thing for change in changes] == list(expected)
    # A second run finds what the first one wrote, and is silent.
    assert planner.plan({**now, **texts}, keep, mirrors) == ([], {}, keep)


@pytest.mark.parametrize(("now", "kept", "mirrors", "expected"), ROWS.values(), ids=ROWS)
def test_without_mirrors_everything_is_as_it_was(now: Any, kept: Any, mirrors: Any, expected: Any) -> None:
    _, texts, keep = planner.plan(now, kept, mirrors)
    after = {**now, **texts}
    _, texts, keep = planner.plan(after, keep, NONE)
    was = {
        path: kept[path]["original"] if path in kept and kept[path]["written"] == now[path] else now[path]
        for path in now
    }
    assert {**after, **texts} == was
    assert keep == {}


def test_no_password_is_shown() -> None:
    changes, texts, _ = planner.plan(
        {planner.PIP: "[global]\nextra-index-url = https://u:secret@p.example.org\n"}, {}, ALL
    )
    assert "secret" not in str([change.public() for change in changes])
    assert "secret" in str(texts)


@pytest.mark.parametrize(
    ("tool", "setting"), [("apt", "box_apt_mirror"), ("pypi", "box_pypi_index"), ("conda", "box_conda_mirror")]
)
def test_a_password_is_told_by_its_setting_alone(tool: str, setting: str) -> None:
    assert planner.closed(tool).startswith(f"{setting} holds a user or a password")
