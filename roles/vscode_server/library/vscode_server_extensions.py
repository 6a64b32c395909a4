#!/usr/bin/python
"""Install extensions of code-server for its user."""

from __future__ import annotations

import json
import pathlib
import pwd
import subprocess
import zipfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.plan_extensions import Wanted, by_name, installed, lacking, packaged

DOCUMENTATION = r"""
module: vscode_server_extensions
short_description: Install extensions of code-server for its user
description:
  - What is there already is not asked for again; nothing is removed and nothing is updated but a version that is named.
  - An extension that Open VSX does not give is warned of, since an editor without it is still of use and the next run asks
    again. A file that cannot be installed fails.
options:
  user: {description: Who runs code-server., type: str, required: true}
  names: {description: "publisher.name, or publisher.name@version.", type: list, elements: str, required: true}
  files: {description: Paths of .vsix files on the host., type: list, elements: path, required: true}
  home: {description: Where code-server is installed., type: path, default: /opt/dlbox/code-server}
  config: {description: Its configuration., type: path, default: /etc/dlbox/code-server/config.yaml}
  seconds: {description: Longest wait for one extension., type: int, default: 90}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- vscode_server_extensions: {user: ubuntu, names: [ms-python.python], files: []}
"""
RETURN = r"""
changes: {description: What was installed., type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "user": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
    "files": {"type": "list", "elements": "path", "required": True},
    "home": {"type": "path", "default": "/opt/dlbox/code-server"},
    "config": {"type": "path", "default": "/etc/dlbox/code-server/config.yaml"},
    "seconds": {"type": "int", "default": 90},
}


def manifest(path: str) -> dict[str, Any]:
    """The package.json of a .vsix."""
    with zipfile.ZipFile(path) as package:
        found: dict[str, Any] = json.loads(package.read("extension/package.json"))
        return found


def install(given: dict[str, Any], one: Wanted) -> str:
    """Install one as the user; why it failed, or nothing."""
    owner = pwd.getpwnam(given["user"])
    command = ["/usr/sbin/runuser", "-u", owner.pw_name, "--", f"{given['home']}/bin/code-server"]
    command += ["--config", given["config"], "--force", "--install-extension", one.source]
    environment = {"HOME": owner.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env=environment,
            cwd=owner.pw_dir,
            capture_output=True,
            text=True,
            check=False,
            timeout=given["seconds"],
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {given['seconds']} s"
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return (said or ["no reason given"])[-1][:200] if done.returncode else ""


def main() -> None:
    """Compare, and install what is lacking."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    try:
        files = [packaged(path, manifest(path)) for path in given["files"]]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        module.fail_json(msg=f"box_vscode_extensions names a file that is no .vsix ({error}): give another.")
    listed = pathlib.Path(pwd.getpwnam(given["user"]).pw_dir, ".local/share/code-server/extensions/extensions.json")
    try:
        have = installed(json.loads(listed.read_text() or "[]")) if listed.exists() else {}
    except ValueError as error:
        module.fail_json(msg=f"{listed} is cut off or no JSON ({error}): remove it, then run again.")
    done, refused = [], {}
    for one in lacking([*files, *map(by_name, given["names"])], have):
        why = "" if module.check_mode else install(given, one)
        if why and one in files:
            module.fail_json(
                msg=f"{one.source} cannot be installed ({why}): give another .vsix in box_vscode_extensions."
            )
        if why:
            refused[one.source] = why
        else:
            done.append(f"install {one.source}")
    if refused:
        module.warn(
            f"Open VSX did not give {', '.join(refused)} ({next(iter(refused.values()))}): VS Code runs without; run this"
            " again later, or name a .vsix file in box_vscode_extensions."
        )
    module.exit_json(changed=bool(done), changes=done)


if __name__ == "__main__":
    main()
