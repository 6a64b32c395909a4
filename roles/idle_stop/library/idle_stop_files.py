#!/usr/bin/python
"""Keep a program's files as given, all in one call."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff

DOCUMENTATION = r"""
module: idle_stop_files
short_description: Keep a program's files as given, all in one call
description:
  - One call for a dozen small files, each of which would otherwise cost two over SSH, also where nothing differs.
  - They belong to root. A file is replaced in one step, so that what runs meanwhile sees the old one or the new one.
options:
  files: {description: "Content by path.", type: dict, default: {}}
  executables: {description: "Those of the paths that can be run.", type: list, elements: path, default: []}
  gone: {description: "Files and folders that must not be there.", type: list, elements: path, default: []}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- idle_stop_files:
    files:
      /usr/local/bin/hello: "{{ lookup('ansible.builtin.file', 'hello', rstrip=false) }}"
    executables: [/usr/local/bin/hello]
"""
RETURN = r"""
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "files": {"type": "dict", "default": {}},
    "executables": {"type": "list", "elements": "path", "default": []},
    "gone": {"type": "list", "elements": "path", "default": []},
}
Kept = tuple[str, int]


def plan(want: dict[str, Kept], have: dict[str, Kept], present: list[str]) -> list[Change]:
    """What to write and remove; a file is its content and its mode."""
    changes = [Change("remove", path, "it is not wanted any more", "there", None) for path in present]
    for path, (content, mode) in want.items():
        before, was = have.get(path, (None, 0))
        if before != content:
            changes.append(Change("write", path, "it is missing" if before is None else "it differs", before, content))
        elif was != mode:
            changes.append(Change("mend", path, "its mode is another", f"{was:o}", f"{mode:o}"))
    return changes


def observe(path: pathlib.Path) -> Kept:
    """Content and mode of a file."""
    return path.read_text(errors="replace"), path.stat().st_mode & 0o777


def apply(change: Change, want: dict[str, Kept]) -> None:
    """Make one change."""
    path = pathlib.Path(change.thing)
    if change.verb == "remove":
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return
    content, mode = want[change.thing]
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    os.chmod(name, mode)  # noqa: PTH101
    os.replace(name, path)  # noqa: PTH105


def main() -> None:
    """Compare, then write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    want = {path: (text, 0o755 if path in given["executables"] else 0o644) for path, text in given["files"].items()}
    have = {path: observe(pathlib.Path(path)) for path in want if pathlib.Path(path).is_file()}
    changes = plan(want, have, [path for path in given["gone"] if os.path.lexists(path)])
    for change in [] if module.check_mode else changes:
        apply(change, want)
    module.exit_json(changed=bool(changes), changes=[change.public() for change in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
