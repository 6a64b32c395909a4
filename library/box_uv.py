#!/usr/bin/python
"""Keep a virtual environment, or a folder of packages, as a lock says."""

from __future__ import annotations

import csv
import pathlib
from contextlib import nullcontext
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.alone import alone
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.dlbox.uv_install import Failure, Venv, beside, written

DOCUMENTATION = r"""
module: box_uv
short_description: Keep a virtual environment, or a folder of packages, as a lock says
description:
  - A venv holds what the lock names and nothing else; one that a killed run left half done is made anew.
  - A folder gets the packages alone, for a program that puts it on its path, and is replaced only by a whole one.
  - Where another task installs the same, it waits for that one's end.
  - With nothing to do it compares names; only where those of a venv differ, uv is asked.
options:
  path: {description: The venv or the folder., type: path, required: true}
  lock: {description: "The lock: requirements with hashes.", type: str, required: true}
  folder: {description: Whether it is a folder of packages., type: bool, default: false}
  need_mb: {description: "About how much a new venv takes, to refuse a disk that is too full; 0: not known.", type: int, default: 0}
  uv: {description: Path of uv., type: path, default: /opt/dlbox/uv/bin/uv}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- box_uv:
    path: /opt/dlbox/jupyter
    lock: "{{ lookup('ansible.builtin.file', 'jupyter.txt') }}"
"""
RETURN = r"""
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "lock": {"type": "str", "required": True},
    "folder": {"type": "bool", "default": False},
    "need_mb": {"type": "int", "default": 0},
    "uv": {"type": "path", "default": "/opt/dlbox/uv/bin/uv"},
}


def why(path: pathlib.Path, lock: str) -> str:
    """Why a folder of packages has to be made; empty where it need not."""
    note = path / "requirements.txt"
    if not note.exists():
        return "it does not exist"
    if note.read_text() != lock:
        return "its lock is another one"
    # What each package brought stands in its RECORD.
    records = [csv.reader(file.read_text().splitlines()) for file in path.glob("*.dist-info/RECORD")]
    whole = bool(records) and all((path / line[0]).exists() for record in records for line in record)
    return "" if whole else "a file of it is gone"


def install(venv: Venv, folder: bool) -> None:
    """Make or mend the venv, or the folder of packages."""
    if not folder:
        return venv.keep()
    beside(venv.uv, "/usr/bin/python3", venv.path, ["--require-hashes", "--requirements", "-"], venv.text)
    venv.note.write_text(venv.text)


def main() -> None:
    """Compare, then install what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, path = module.params, pathlib.Path(module.params["path"])
    lock = given["lock"].rstrip("\n") + "\n"
    venv = Venv(given["uv"], given["path"], lock, given["need_mb"])
    try:
        with nullcontext() if module.check_mode else alone(path):
            reason = why(path, lock) if given["folder"] else venv.reason()
            if reason and not module.check_mode:
                install(venv, given["folder"])
    except Failure as failure:
        module.fail_json(msg=str(failure))
    except OSError as error:
        module.fail_json(msg=written(error, venv.aim, path))
    changes = [Change("install", f"packages of {path}", reason)] if reason else []
    module.exit_json(changed=bool(changes), changes=[one.public() for one in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
