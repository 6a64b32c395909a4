#!/usr/bin/python
"""Keep conda environments as declared: observe, plan, apply."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
from typing import Any

from ansible.module_utils import conda_prefix, conda_stage
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.conda_apply import apply, forget, lock
from ansible.module_utils.conda_tools import Failure, Tools
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_environments import Seen, named, plan

DOCUMENTATION = r"""
module: conda_environments
short_description: Keep conda environments as declared
description:
  - Creates, updates and prunes environments with conda, mamba or micromamba, and their pip part with uv; runs as root.
  - An update is built beside the environment and takes its place in one step, so a failure or a kill leaves the old one.
  - What was asked for and what it gave is noted in the environment, so that a run with nothing to do asks conda nothing.
  - Packages that the user added stay; packages taken off the list go, with what only they needed.
options:
  conda: {description: "Path of conda, mamba or micromamba.", type: path, required: true}
  user: {description: Who owns conda and the environments., type: str, required: true}
  uv: {description: Path of uv., type: path, default: /opt/dlbox/uv/bin/uv}
  channels: {description: "Channels of environments that name none, the first one first.", type: list, elements: str, required: true}
  venvs: {description: "Environments that are not conda's, by name: noted where they exist, never changed.", type: dict, default: {}}
  notes: {description: Folder of conda.json and of the locks., type: path, default: /var/lib/dlbox}
  environments:
    description: The environments.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the environment., type: str, required: true}
      state: {description: "present, or absent to remove it.", type: str, default: present}
      channels: {description: Its channels., type: list, elements: str, default: []}
      packages: {description: "Conda specs, python among them.", type: list, elements: str, default: []}
      pip: {description: Requirements for uv., type: list, elements: str, default: []}
      source: {description: "The user's environment.yml, kept beside the locks.", type: str, default: ""}
      file: {description: "Where that lies on the controller, for sentences.", type: str, default: ""}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- conda_environments:
    conda: /opt/conda/bin/conda
    user: ubuntu
    channels: [conda-forge]
    environments: [{name: dl, packages: [python=3.12, numpy], pip: [einops]}, {name: old, state: absent}]
"""
RETURN = r"""
environments: {description: "Prefix by name, in the declared order.", type: dict, returned: success}
locks: {description: "What rebuilds each environment: text by file name.", type: dict, returned: success}
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
TEXTS = {"type": "list", "elements": "str", "default": []}
ENVIRONMENT = {
    **{"name": {"type": "str", "required": True}, "state": {"type": "str", "default": "present"}},
    **{"channels": TEXTS, "packages": TEXTS, "pip": TEXTS},
    **{"source": {"type": "str", "default": ""}, "file": {"type": "str", "default": ""}},
}
SPEC: dict[str, Any] = {
    "conda": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
    "uv": {"type": "path", "default": "/opt/dlbox/uv/bin/uv"},
    "channels": {"type": "list", "elements": "str", "required": True},
    "venvs": {"type": "dict", "default": {}},
    "notes": {"type": "path", "default": "/var/lib/dlbox"},
    "environments": {"type": "list", "elements": "dict", "required": True, "options": ENVIRONMENT},
}


def keep(module: AnsibleModule, tools: Tools, notes: pathlib.Path) -> dict[str, Any]:
    """Every environment in turn; `changed` says whether one really differs afterwards."""
    note, found, locks = notes / "conda.json", {}, {}
    old = json.loads(note.read_text())["environments"] if note.exists() else {}
    changes: list[Change] = []
    for declared in module.params["environments"]:
        declared["channels"] = declared["channels"] or module.params["channels"]
        name = declared["name"]
        prefix = old.get(name, "")
        if not conda_prefix.exists(prefix):
            asks = declared["state"] == "present" or tools.traces(name)
            prefix = named(name, tools.prefixes()) if asks else ""
        if prefix and not module.check_mode:
            conda_stage.sweep(prefix)
        seen = conda_prefix.observe(prefix) if prefix else Seen()
        for change in plan(declared, seen):
            differs = True
            if not module.check_mode:
                prefix, differs = apply(tools, change, declared, seen)
            changes += [change] if differs else []
        if declared["state"] == "present":
            found[name] = prefix
            locks |= lock(notes, declared, prefix) if prefix and not module.check_mode else {}
        elif not module.check_mode:
            forget(notes, name)
    venvs = {name: path for name, path in module.params["venvs"].items() if pathlib.Path(path, "bin/python").exists()}
    text = json.dumps({"conda": tools.conda, "environments": found, "venvs": venvs}, indent=4) + "\n"
    if not module.check_mode and (not note.exists() or note.read_text() != text):
        conda_stage.write(note, text)
    return {"changes": changes, "environments": found, "locks": locks}


def main() -> None:
    """Keep them, one run at a time."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    notes = pathlib.Path(module.params["notes"])
    try:
        with contextlib.closing(os.fdopen(os.open(notes / "conda.running", os.O_RDWR | os.O_CREAT, 0o600))) as running:
            fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
            done = keep(module, Tools(module.params, running.fileno()), notes)
    except BlockingIOError:
        module.fail_json(msg="Another run is still changing environments on this box: let it end, then run again.")
    except Failure as failure:
        module.fail_json(msg=str(failure))
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, str(notes)))
    changes = done.pop("changes")
    shown = [change.public() for change in changes]
    module.exit_json(changed=bool(changes), changes=shown, diff=diff(changes), **done)


if __name__ == "__main__":
    main()
