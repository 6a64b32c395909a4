"""The modules that make folders leave out one whose volume is away."""

from __future__ import annotations

import pathlib
from types import ModuleType
from typing import Any

import pytest
from unit.roles_loader import load

MODULES = [load("../library/box_folder.py"), load("jupyter/library/jupyter_folder.py")]


class Told(Exception):
    """The end of a module."""


def result(module: ModuleType, monkeypatch: pytest.MonkeyPatch, **params: Any) -> dict[str, Any]:
    """What a module returns, with its warnings."""
    warnings: list[str] = []

    class Stub:
        check_mode = True

        def __init__(self, **_: Any) -> None:
            self.params = params
            self.warn = warnings.append

        def exit_json(self, **returned: Any) -> None:
            raise Told({**returned, "warnings": warnings})

    monkeypatch.setattr(module, "AnsibleModule", Stub)
    with pytest.raises(Told) as told:
        module.main()
    found: dict[str, Any] = told.value.args[0]
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_folder_is_left_out_while_its_volume_is_away(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    folder = str(tmp_path / "data/nb")
    asked = {"path": folder, "user": "root", "files": {}, "note": str(tmp_path / "note"), "setting": "x", "tag": "y"}
    there = result(module, monkeypatch, **asked)
    assert (there["changed"], there["away"], there["warnings"]) == (True, "", [])
    assert there.get("folder", folder) == folder
    monkeypatch.setattr(module, "away", lambda path: str(tmp_path / "data"))
    left = result(module, monkeypatch, **asked)
    assert (left["changed"], left["away"]) == (False, str(tmp_path / "data"))
    assert "which is not mounted, so it is left out" in left["warnings"][0]
    # What JupyterLab shows must be there.
    assert left.get("folder", "/root") == "/root"
