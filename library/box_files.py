#!/usr/bin/python
"""Keep files and folders on the box, all in one question."""

from __future__ import annotations

import os
import pathlib
import pwd
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import diff
from ansible.module_utils.dlbox.plan_files import Seen, plan

DOCUMENTATION = r"""
module: box_files
short_description: Keep files and folders on the box, all in one question
description:
  - One connection for all of them, where copy and template need two or more for each.
  - A file is replaced in one step, and only where its text differs, so that its age tells a service that there is something new.
options:
  files:
    description: "By path its text, or {content, mode} where the mode is not 0644; files are root's."
    type: dict
    default: {}
  folders: {description: "{path: {owner, mode}}; root and 0755 where none is given.", type: dict, default: {}}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- box_files:
    files:
      /etc/systemd/system/x.service: "{{ lookup('ansible.builtin.template', 'etc/systemd/system/x.service.j2') }}"
      /usr/local/bin/x: {content: "{{ lookup('ansible.builtin.file', 'usr/local/bin/x', rstrip=false) }}", mode: "0755"}
    folders:
      /var/lib/x: {owner: ubuntu}
"""
RETURN = r"""
changes: {description: "What was made, written or mended, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {"files": {"type": "dict", "default": {}}, "folders": {"type": "dict", "default": {}}}


def wanted(given: dict[str, Any], mode: str) -> dict[str, Seen]:
    """What the task asks for, by path."""
    forms = {path: {"content": one} if isinstance(one, str) else one or {} for path, one in given.items()}
    return {
        path: Seen(one.get("content", ""), f"{int(one.get('mode', mode), 8):o}", one.get("owner", "root"))
        for path, one in forms.items()
    }


def seen(path: pathlib.Path) -> Seen | None:
    """A file or folder as it is."""
    if not path.exists():
        return None
    state = path.stat()
    try:
        owner = pwd.getpwuid(state.st_uid).pw_name
    except KeyError:
        owner = str(state.st_uid)
    text = "" if path.is_dir() else path.read_text(encoding="utf-8", errors="replace")
    return Seen(text, f"{state.st_mode & 0o7777:o}", owner)


def apply(verb: str, path: pathlib.Path, want: Seen) -> None:
    """Make, write or mend one of them."""
    user = pwd.getpwnam(want.owner)
    if verb == "write":
        host_file.replace(path, want.text, int(want.mode, 8), user.pw_uid, user.pw_gid)
        return
    if verb == "make":
        path.mkdir(parents=True, exist_ok=True)
    os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(int(want.mode, 8))


def main() -> None:
    """Look at all of them, and mend what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    files, folders = wanted(module.params["files"], "0644"), wanted(module.params["folders"], "0755")
    changes = plan(files, folders, {path: seen(pathlib.Path(path)) for path in files | folders})
    try:
        for change in [] if module.check_mode else changes:
            apply(change.verb, pathlib.Path(change.thing), (files | folders)[change.thing])
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, "a file"))
    module.exit_json(changed=bool(changes), changes=[one.public() for one in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
