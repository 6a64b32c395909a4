"""Every module says in its documentation what its noun takes, and its examples hold."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dlbox.nouns import NOUNS
from unit.facts import ROOT

MODULES = sorted(ROOT.glob("library/dlbox_*.py"))
# Modules with a plan of their own; the others are found by their DOCUMENTATION alone.
SPECS: dict[str, dict[str, Any]] = {name: noun.SPEC for name, noun in NOUNS.items()}
SPECS["dlbox_show"] = {"text": {"type": "str", "required": True}}


def texts(path: Path) -> dict[str, str]:
    """The module's texts by name, without running it."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def documented(path: Path) -> dict[str, Any]:
    """The options of a module, with those of the fragment that it extends."""
    own: dict[str, Any] = yaml.safe_load(texts(path)["DOCUMENTATION"])
    assert own["module"] == path.stem
    if "extends_documentation_fragment" in own:
        fragment = ROOT / f"plugins/doc_fragments/{own['extends_documentation_fragment']}.py"
        inside = ast.parse(fragment.read_text(encoding="utf-8")).body[-1]
        assert isinstance(inside, ast.ClassDef)
        assign = next(node for node in inside.body if isinstance(node, ast.Assign))
        own["options"] = yaml.safe_load(ast.literal_eval(assign.value))["options"] | own.get("options", {})
    options: dict[str, Any] = own["options"]
    return options


def shape(options: dict[str, Any]) -> dict[str, Any]:
    """What documentation and argument spec must agree on."""
    return {
        name: {
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "elements": option.get("elements"),
        }
        for name, option in options.items()
    }


def test_every_noun_has_a_module_and_a_fast_path_and_the_other_way_round() -> None:
    assert {path.stem for path in MODULES} == SPECS.keys()
    actions = {path.stem: path for path in ROOT.glob("plugins/action/dlbox_*.py")}
    assert actions.keys() == SPECS.keys()
    links = {name for name, path in actions.items() if path.is_symlink()}
    assert links == NOUNS.keys()
    assert {actions[name].readlink() for name in links} == {Path("dlbox.py")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_documentation_is_the_spec(path: Path) -> None:
    spec = SPECS[path.stem]
    assert shape(documented(path)) == shape(spec)
    assert not [key for option in spec.values() for key in option if key not in ("type", "required", "default", "choices", "elements")]  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples_are_tasks_that_the_spec_takes(path: Path) -> None:
    tasks = [task for task in yaml.safe_load(texts(path)["EXAMPLES"]) if path.stem in task]
    assert tasks
    for task in tasks:
        assert task["name"]
        assert ArgumentSpecValidator(SPECS[path.stem]).validate(task[path.stem]).error_messages == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_returned_is_documented_in_the_form_that_ansible_asks_for(path: Path) -> None:
    for name, told in yaml.safe_load(texts(path)["RETURN"]).items():
        assert told.keys() >= {"description", "type", "returned"}, name


def test_ansible_doc_shows_every_module(tmp_path: Path) -> None:
    """One real call for all: it joins the fragment and refuses what its own schema does not know."""
    command = [str(Path(sys.executable).with_name("ansible-doc")), "-t", "module", "--json", *sorted(SPECS)]
    environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    shown = json.loads(done.stdout)
    assert shown.keys() == SPECS.keys(), done.stderr
    assert "WARNING" not in done.stderr
    for name, spec in SPECS.items():
        assert shown[name]["doc"]["options"].keys() == spec.keys()
