#!/usr/bin/python
"""Make the folder that JupyterLab shows, with files to start from."""

from __future__ import annotations

import errno
import hashlib
import json
import pathlib
import pwd
import shutil
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.dlbox.places import away, left_out, make

DOCUMENTATION = r"""
module: jupyter_folder
short_description: Make the folder that JupyterLab shows, with files to start from
description:
  - A file is copied once. It is replaced by a newer one only while it is as it came; what the user changed, moved away or
    removed stays so.
  - Where it would lie in a volume that is not mounted nothing is made, with a warning, and the user's home takes its place.
options:
  path: {description: The folder., type: path, required: true}
  user: {description: Who owns what is made., type: str, required: true}
  files: {description: Contents by path below the folder., type: dict, default: {}}
  note: {description: Where the files' SHA-256 as they came are kept., type: path, default: /var/lib/dlbox/starter.json}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_folder: {path: /home/ubuntu, user: ubuntu, files: {starter/train.py: "print(1)"}}
"""
RETURN = r"""
changes: {description: "What was made, and why.", type: list, returned: success}
folder: {description: "What to show: the folder, or the home while its volume is away.", type: str, returned: success}
away: {description: "The place of the volume that is not mounted, or nothing.", type: str, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
    "files": {"type": "dict", "default": {}},
    "note": {"type": "path", "default": "/var/lib/dlbox/starter.json"},
}


def digest(content: str | bytes) -> str:
    """A content's SHA-256."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def plan(want: dict[str, str], have: dict[str, str], came: dict[str, str]) -> list[Change]:
    """Which files to write; each argument holds SHA-256 by path: of today's content, of what is there, of what we wrote."""
    changes = []
    for path, wanted in want.items():
        if path not in have and path not in came:
            changes.append(Change("write", path, "it was never there", None, wanted))
        elif path in have and have[path] == came.get(path) != wanted:
            changes.append(Change("write", path, "nobody changed it, and there is a newer one", have[path], wanted))
    return changes


def noted(note: pathlib.Path) -> dict[str, str]:
    """What was written before; nothing where the note is away or no JSON."""
    try:
        return dict(json.loads(note.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def refusal(error: OSError, folder: pathlib.Path, needed: int) -> str:
    """One sentence for what kept a file from being made; sizes in bytes."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(there).free
        return (
            f"The disk is full: the files to start from need {-(-needed // 1024)} KiB in {folder}, and {free // 1024} KiB are "
            "free: raise box_disk_gib, or make room (`conda clean --all`), then run again."
        )
    return f"box_jupyter_folder: {error}: name a folder that can be made there."


def main() -> None:
    """Compare, then write what is missing."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, folder, note = module.params, pathlib.Path(module.params["path"]), pathlib.Path(module.params["note"])
    user = pwd.getpwnam(given["user"])
    if place := away(given["path"]):
        module.warn(
            f"{left_out('box_jupyter_folder', given['path'], place, 'jupyter')}; until then JupyterLab shows {user.pw_dir}."
        )
        module.exit_json(changed=False, changes=[], folder=user.pw_dir, away=place)
    contents = {str(folder / name): content for name, content in given["files"].items()}
    have = {path: digest(pathlib.Path(path).read_bytes()) for path in contents if pathlib.Path(path).is_file()}
    came = noted(note)
    changes = plan({path: digest(content) for path, content in contents.items()}, have, came)
    if not folder.exists():
        changes.insert(0, Change("make", str(folder), "there is none", None, given["user"]))
    if changes and not module.check_mode:
        try:
            make(folder, user.pw_uid, user.pw_gid)
            for change in [one for one in changes if one.verb == "write"]:
                file = pathlib.Path(change.thing)
                make(file.parent, user.pw_uid, user.pw_gid)
                host_file.replace(file, contents[change.thing], uid=user.pw_uid, gid=user.pw_gid)
                came[change.thing] = change.after
                host_file.replace(note, json.dumps(came, indent=1) + "\n")
        except OSError as error:
            needed = sum(len(contents[one.thing].encode()) for one in changes if one.thing in contents)
            module.fail_json(msg=refusal(error, folder, needed))
    module.exit_json(
        changed=bool(changes),
        changes=[one.public() for one in changes],
        folder=given["path"],
        away="",
        diff=diff(changes),
    )


if __name__ == "__main__":
    main()
