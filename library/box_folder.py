#!/usr/bin/python
"""Make a folder of the user's on the box, unless its volume is away."""

from __future__ import annotations

import pathlib
import pwd
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.dlbox.places import away, left_out, make

DOCUMENTATION = r"""
module: box_folder
short_description: Make a folder of the user's on the box, unless its volume is away
description:
  - A folder that is there stays as it is. One in a volume that is not mounted is left out with a warning, as it would come to lie
    on the root disk.
options:
  path: {description: The folder., type: path, required: true}
  user: {description: Who owns what is made., type: str, required: true}
  setting: {description: "The setting that names it, for messages.", type: str, required: true}
  tag: {description: "What to run again once the volume is there.", type: str, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- box_folder: {path: /data/runs, user: ubuntu, setting: box_tensorboard_folder, tag: tensorboard}
"""
RETURN = r"""
away: {description: "The place of the volume that is not mounted, or nothing.", type: str, returned: success}
"""
SPEC: dict[str, Any] = {name: {"type": "str", "required": True} for name in ("user", "setting", "tag")}
SPEC["path"] = {"type": "path", "required": True}


def main() -> None:
    """Look where it would be, then make what is missing."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, folder = module.params, pathlib.Path(module.params["path"])
    place, changes = away(given["path"]), list[Change]()
    if place:
        module.warn(f"{left_out(given['setting'], given['path'], place, given['tag'])}.")
    elif not folder.is_dir():
        changes = [Change("make", given["path"], "there is none", None, given["user"])]
    if changes and not module.check_mode:
        user = pwd.getpwnam(given["user"])
        try:
            make(folder, user.pw_uid, user.pw_gid)
        except OSError as error:
            module.fail_json(msg=f"{given['setting']}: {error}: name a folder that can be made there.")
    module.exit_json(changed=bool(changes), away=place, diff=diff(changes))


if __name__ == "__main__":
    main()
