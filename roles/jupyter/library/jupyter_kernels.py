#!/usr/bin/python
"""Keep one Jupyter kernel per environment."""

from __future__ import annotations

import json
import pathlib
import pwd
import shutil
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_kernels import plan, wanted

DOCUMENTATION = r"""
module: jupyter_kernels
short_description: Keep one Jupyter kernel per environment
description:
  - Reads the environments from the conda role's note, installs ipykernel where it is missing, and writes the kernel specs
    into JupyterLab's own venv. All kernels there are ours; a user's own lie in the user's folders and are left alone.
options:
  venv: {description: JupyterLab's venv., type: path, required: true}
  note: {description: The conda role's note., type: path, default: /var/lib/dlbox/conda.json}
  venvs: {description: "Other environments by name, used where they exist.", type: dict, default: {}}
  uv: {description: Path of uv., type: path, default: /opt/dlbox/uv/bin/uv}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_kernels:
    venv: /opt/dlbox/jupyter
    venvs: {pytorch: /opt/pytorch}
"""
RETURN = r"""
kernels: {description: Names of the kernels., type: list, returned: success}
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "venv": {"type": "path", "required": True},
    "note": {"type": "path", "default": "/var/lib/dlbox/conda.json"},
    "venvs": {"type": "dict", "default": {}},
    "uv": {"type": "path", "default": "/opt/dlbox/uv/bin/uv"},
}


def python(prefix: str) -> bool:
    """Whether there is a Python environment."""
    return pathlib.Path(prefix, "bin/python").exists()


def lacks_ipykernel(prefix: str) -> bool:
    """Whether the environment has no ipykernel."""
    return not any(pathlib.Path(prefix).glob("lib/python3*/site-packages/ipykernel/__main__.py"))


def install(uv: str, prefix: str) -> None:
    """Install ipykernel as the environment's owner, so that its files stay the owner's."""
    owner = pwd.getpwuid(pathlib.Path(prefix).stat().st_uid)
    command = ["/usr/sbin/runuser", "-u", owner.pw_name, "--", uv, "pip", "install", "--quiet", "--system-certs"]
    command += ["--python", f"{prefix}/bin/python", "ipykernel"]
    subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603


def apply(change: Change, folder: pathlib.Path, uv: str) -> None:
    """Make one change."""
    if change.verb == "install":
        install(uv, change.after)
        return
    kernel = folder / change.thing.removeprefix("kernel ")
    if change.verb == "remove":
        shutil.rmtree(kernel)
        return
    kernel.mkdir(parents=True, exist_ok=True)
    (kernel / "kernel.json").write_text(json.dumps(change.after, indent=1) + "\n")


def main() -> None:
    """Compare the kernels with the environments, and change what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    note, folder = pathlib.Path(given["note"]), pathlib.Path(given["venv"], "share/jupyter/kernels")
    conda = json.loads(note.read_text())["environments"] if note.exists() else {}
    venvs = {name: prefix for name, prefix in given["venvs"].items() if python(prefix)}
    want = wanted(conda, venvs, given["venv"])
    have = {path.parent.name: json.loads(path.read_text() or "{}") for path in folder.glob("*/kernel.json")}
    lacking = [prefix for prefix in [*conda.values(), *venvs.values()] if lacks_ipykernel(prefix)]
    changes = plan(want, have, lacking)
    try:
        for change in [] if module.check_mode else changes:
            apply(change, folder, given["uv"])
    except subprocess.CalledProcessError as error:
        module.fail_json(
            msg=f"uv could not install ipykernel ({error.stderr.strip()}): correct that environment and run again."
        )
    shown = [change.public() for change in changes]
    module.exit_json(changed=bool(changes), changes=shown, diff=diff(changes), kernels=sorted(want))


if __name__ == "__main__":
    main()
