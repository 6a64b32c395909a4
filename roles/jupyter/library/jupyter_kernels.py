#!/usr/bin/python
"""Keep one Jupyter kernel per environment."""

from __future__ import annotations

import json
import pathlib
import pwd
import shutil
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.dlbox.uv_install import Failure, beside, run, sweep, written
from ansible.module_utils.plan_kernels import plan, wanted

DOCUMENTATION = r"""
module: jupyter_kernels
short_description: Keep one Jupyter kernel per environment
description:
  - Reads the environments from the conda role's note, installs ipykernel where a conda environment lacks it, and writes the
    kernel specs into JupyterLab's own venv. All kernels there are ours; a user's own lie in the user's folders.
  - Another environment is never changed. Where it lacks ipykernel, that lies in a folder of its own, which only the kernel's
    start puts at the end of its path.
options:
  venv: {description: JupyterLab's venv., type: path, required: true}
  note: {description: The conda role's note., type: path, default: /var/lib/dlbox/conda.json}
  venvs: {description: "Other environments by name, used where they exist.", type: dict, default: {}}
  layers: {description: "Where ipykernel lies for those that lack it.", type: path, default: /opt/dlbox/kernels}
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
    "layers": {"type": "path", "default": "/opt/dlbox/kernels"},
    "uv": {"type": "path", "default": "/opt/dlbox/uv/bin/uv"},
}
# There while ipykernel is being installed, so that what a kill left is installed again.
MARK = ".dlbox-ipykernel"


def python(prefix: str) -> bool:
    """Whether there is a Python environment."""
    return pathlib.Path(prefix, "bin/python").exists()


def lacks_ipykernel(prefix: str) -> bool:
    """Whether the environment has no ipykernel, or half of one."""
    held = any(pathlib.Path(prefix).glob("lib/python3*/site-packages/ipykernel/__main__.py"))
    return not held or pathlib.Path(prefix, MARK).exists()


def layer(folder: str, name: str, prefix: str) -> str:
    """Where ipykernel lies for an environment that lacks it, by its Python; "" where it has one."""
    if not lacks_ipykernel(prefix):
        return ""
    found = sorted(path.name for path in pathlib.Path(prefix).glob("lib/python3*"))
    return f"{folder}/{name}-{found[-1] if found else 'python3'}"


def install(uv: str, prefix: str) -> None:
    """Install ipykernel as the environment's owner, so that its files stay the owner's."""
    owner, mark = pathlib.Path(prefix).stat(), pathlib.Path(prefix, MARK)
    again = ["--reinstall"] if mark.exists() else []
    if again:
        sweep(pathlib.Path(prefix))
    mark.touch()
    command = ["/usr/sbin/runuser", "-u", pwd.getpwuid(owner.st_uid).pw_name, "--", uv, "pip", "install", "--quiet"]
    command += ["--system-certs", *again, "--python", f"{prefix}/bin/python", "ipykernel"]
    try:
        run(command, f"install ipykernel in {prefix}", pathlib.Path(prefix))
    except Failure as failure:
        if not failure.halfway and not again:
            mark.unlink()
        raise
    mark.unlink()


def apply(change: Change, folder: pathlib.Path, uv: str) -> None:
    """Make one change."""
    if change.verb == "install":
        install(uv, change.after)
        return
    if change.verb == "add":
        prefix, target = change.after
        beside(uv, f"{prefix}/bin/python", pathlib.Path(target), ["ipykernel"])
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
    layers = {name: layer(given["layers"], name, prefix) for name, prefix in venvs.items()}
    want = wanted(conda, venvs, given["venv"], layers)
    have = {path.parent.name: json.loads(path.read_text() or "{}") for path in folder.glob("*/kernel.json")}
    lacking = [prefix for prefix in conda.values() if lacks_ipykernel(prefix)]
    absent = {venvs[name]: path for name, path in layers.items() if path and not pathlib.Path(path).exists()}
    changes = plan(want, have, lacking, absent)
    try:
        for change in [] if module.check_mode else changes:
            apply(change, folder, given["uv"])
    except Failure as failure:
        module.fail_json(msg=str(failure))
    except OSError as error:
        module.fail_json(msg=written(error, "write the kernels", folder))
    shown = [change.public() for change in changes]
    module.exit_json(changed=bool(changes), changes=shown, diff=diff(changes), kernels=sorted(want))


if __name__ == "__main__":
    main()
