"""A role's module says in its documentation what its argument spec takes."""

import pathlib
from typing import Any

import pytest
import yaml
from unit.roles_loader import ROOT, load

# A role's own, and those that roles share.
MODULES = sorted([*ROOT.glob("roles/*/library/*.py"), *ROOT.glob("library/box_*.py")])


def shape(options: dict[str, Any], nested: str) -> dict[str, Any]:
    """The parts that both must agree on."""
    return {
        name: {
            "type": option.get("type", "str"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "elements": option.get("elements"),
            "nested": shape(option.get(nested) or {}, nested),
        }
        for name, option in options.items()
    }


def test_there_are_modules() -> None:
    assert len(MODULES) >= 6


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_documentation_is_the_spec(path: pathlib.Path) -> None:
    module = load(str(path))
    documented = yaml.safe_load(module.DOCUMENTATION)
    assert documented["module"] == path.stem
    assert shape(documented["options"], "suboptions") == shape(module.SPEC, "options")
    assert yaml.safe_load(module.EXAMPLES)
    assert yaml.safe_load(module.RETURN)
