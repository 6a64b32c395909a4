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


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ansible-doc shows of each module: one real call for all, which merges the fragments and refuses what its schema does not know."""
    command = [str(Path(sys.executable).with_name("ansible-doc")), "-t", "module", "--json", *sorted(SPECS)]
    environment = os.environ | {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(tmp_path_factory.mktemp("ansible")),
    }
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found.keys() == SPECS.keys(), done.stderr
    return found


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


@pytest.mark.parametrize("name", sorted(SPECS))
def test_documentation_is_the_spec(name: str, shown: dict[str, Any]) -> None:
    spec = SPECS[name]
    assert shown[name]["doc"]["module"] == name
    assert shape(shown[name]["doc"]["options"]) == shape(spec)
    assert not [key for option in spec.values() for key in option if key not in ("type", "required", "default", "choices", "elements")]  # fmt: skip


def test_no_two_modules_document_an_option_in_the_same_words() -> None:
    """What several share is in plugins/doc_fragments/dlbox.py."""
    own = [yaml.safe_load(texts(path)["DOCUMENTATION"]).get("options", {}) for path in MODULES]
    said = [(name, str(option["description"])) for options in own for name, option in options.items()]
    assert [one for one in said if said.count(one) > 1] == []


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
