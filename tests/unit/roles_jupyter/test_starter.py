"""What the user starts from: it says what to do where torch is missing, and the notebook is one."""

import json
import subprocess
import sys
from typing import Any

import pytest
from unit.roles_loader import ROOT

FOLDER = ROOT / "roles/jupyter/files/starter"


@pytest.fixture(scope="module")
def notebook() -> Any:
    """The notebook's JSON."""
    return json.loads((FOLDER / "starter.ipynb").read_text())


def code(notebook: Any) -> str:
    """The code of all cells, with shell lines left out."""
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return "\n".join(line for cell in cells for line in cell.splitlines() if not line.startswith("!"))


def test_the_notebook_is_clean(notebook: Any) -> None:
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")] == []


def test_without_torch_both_say_what_to_do(notebook: Any) -> None:
    for command in (["train.py"], ["-c", code(notebook)]):
        # -S: no installed package, whatever this environment has.
        done = subprocess.run(
            [sys.executable, "-BS", *command], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        assert "This environment has no torch. Do one of these:" in done.stdout, done.stderr
        assert done.stderr == ""
        assert done.returncode == (1 if command == ["train.py"] else 0)
