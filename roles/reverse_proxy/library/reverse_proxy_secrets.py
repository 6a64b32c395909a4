#!/usr/bin/python
"""Give nginx a service's password, as a hash only, and the secret of its cookie."""

from __future__ import annotations

import grp
import pathlib
import pwd
import re
import secrets
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_reverse_proxy import USER, kept, plan, refusal, session

DOCUMENTATION = r"""
module: reverse_proxy_secrets
short_description: Give nginx a service's password, as a hash only, and the secret of its cookie
description:
  - A new hash is made where the one that is there does not match the password.
  - A new password comes with a new secret of the cookie, so that who was signed in before is not any more.
  - No task needs C(no_log), which would hide why it failed: no answer of the module holds a secret.
options:
  path: {description: Folder of the files., type: path, required: true}
  site: {description: "The service's name, part of its cookie's.", type: str, required: true}
  user: {description: Who runs nginx., type: str, required: true}
  password: {description: The password., type: str, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- reverse_proxy_secrets:
    path: /etc/dlbox/web-tensorboard
    site: tensorboard
    user: ubuntu
    password: "{{ lookup('ansible.builtin.file', 'tensorboard_password') }}"
"""
RETURN = r"""
changes: {description: "What was changed, and why; never a secret.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "site": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
}


def crypt(password: str, salt: str = "") -> str:
    """The password's hash; the password comes through standard input, since an argument would be in the process list."""
    command = ["/usr/bin/openssl", "passwd", "-6", *(["-salt", salt] if salt else []), "-stdin"]
    return subprocess.run(command, input=password, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def text(file: pathlib.Path) -> str:
    """What a file holds; nothing where there is none."""
    return file.read_text() if file.exists() else ""


def keep(given: dict[str, Any], check_mode: bool) -> list[Change]:
    """Compare, then write what differs."""
    folder, group = pathlib.Path(given["path"]), pwd.getpwnam(given["user"]).pw_gid
    have = {name: text(folder / name) for name in ("password_hash", "session.conf")}
    salt, hashed = kept(have["password_hash"])
    matches = bool(hashed) and crypt(given["password"], salt) == hashed
    secret = re.search(r"=([\w-]{43});", have["session.conf"])
    same = bool(secret) and have["session.conf"] == session(given["site"], secret[1])
    wanted = f"root:{grp.getgrgid(group).gr_name} 640"
    changes = plan(bool(hashed), matches, same, {name: host_file.shown(folder / name) for name in have}, wanted)
    if changes and not check_mode:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for change in changes:
            if change.verb == "mend":
                host_file.own(folder / change.thing, wanted)
                continue
            hashed_now = change.thing == "password_hash"
            new = (
                f"{USER}:{crypt(given['password'])}\n"
                if hashed_now
                else session(given["site"], secrets.token_urlsafe(32))
            )
            host_file.replace(folder / change.thing, new, *host_file.ids(wanted))
    return changes


def main() -> None:
    """Keep them, or say in one sentence why not; none of the errors holds the password, which openssl reads from its input."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    try:
        changes = keep(given, module.check_mode)
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError, KeyError) as error:
        module.fail_json(msg=refusal(given["site"], given["path"], given["user"], error))
    module.exit_json(changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes))


if __name__ == "__main__":
    main()
