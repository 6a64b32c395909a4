#!/usr/bin/python
"""Clone the user's git repository, once."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import subprocess
import urllib.parse
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: jupyter_repository
short_description: Clone the user's git repository, once
description:
  - A folder of the repository's name that is there already is left alone, whatever it holds.
  - A user and password or token in the address are handed to git through its environment, and are not kept on the box.
options:
  repository: {description: "Its address, for HTTPS.", type: str, required: true}
  path: {description: Folder to clone it into., type: path, required: true}
  user: {description: Who clones and owns it., type: str, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- jupyter_repository: {repository: "https://example.org/me/work.git", path: /home/ubuntu, user: ubuntu}
"""
RETURN = r"""
folder: {description: Where it is., type: str, returned: success}
"""
SPEC: dict[str, Any] = {
    "repository": {"type": "str", "required": True, "no_log": True},
    "path": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
}
# git asks a credential helper, which answers from the environment: an argument would be in the process list.
HELPER = '!f() { echo "username=$DLBOX_GIT_USER"; echo "password=$DLBOX_GIT_PASSWORD"; }; f'
# A connection that brings less than 1000 bytes a second for a minute has ended.
OPTIONS = ("-c", "credential.helper=", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")


def parts(address: str) -> tuple[str, str, str, str]:
    """(address without its secret, user, password, folder's name) of a repository's address."""
    url = urllib.parse.urlsplit(address)
    user, password = (urllib.parse.unquote(one or "") for one in (url.username, url.password))
    clean = url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()
    return clean, user, password, pathlib.PurePosixPath(url.path).name.removesuffix(".git")


def clone(address: str, folder: pathlib.Path, prefix: list[str], home: str) -> str:
    """Clone beside its place, then put it there, so that a run which is cut off leaves no half; git's last words or nothing."""
    clean, user, password, name = parts(address)
    beside = folder / f".{name}.dlbox-clone"
    shutil.rmtree(beside, ignore_errors=True)
    helper = ["-c", f"credential.helper={HELPER}"] if user or password else []
    secrets = {"DLBOX_GIT_USER": user, "DLBOX_GIT_PASSWORD": password, "GIT_TERMINAL_PROMPT": "0", "HOME": home}
    command = [*prefix, "git", *OPTIONS, *helper, "clone", "--quiet", "--", clean, str(beside)]
    environment = {**os.environ, **secrets}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(beside, ignore_errors=True)
        lines = done.stderr.strip().splitlines() or ["no message"]
        return next((line for line in lines if line.startswith("fatal:")), lines[-1])
    beside.rename(folder / name)
    return ""


def main() -> None:
    """Clone it where it is not there."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, folder = module.params, pathlib.Path(module.params["path"])
    target = folder / parts(given["repository"])[3]
    missing = not target.exists()
    if missing and not module.check_mode:
        user = pwd.getpwnam(given["user"])
        why = clone(given["repository"], folder, ["/usr/sbin/runuser", "-u", user.pw_name, "--"], user.pw_dir)
        if why:
            module.fail_json(
                msg=f"git could not clone box_repository into {target} ({why}): correct the address, or give it a user and a"
                " token that may read it, then run this again."
            )
    module.exit_json(changed=missing, folder=str(target))


if __name__ == "__main__":
    main()
