#!/usr/bin/python
"""Write code-server's configuration, with the password as a hash only."""

from __future__ import annotations

import grp
import json
import pathlib
import pwd
import re
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file

DOCUMENTATION = r"""
module: vscode_server_config
short_description: Write code-server's configuration, with the password as a hash only
description:
  - A new hash is made where the one that is there does not match the password. code-server's own argon2 makes and checks it.
  - Who can read the hash can sign in with it, since it is code-server's cookie; the file is for root and the user alone.
  - No task needs C(no_log), which would hide why it failed: no answer of the module holds a secret.
options:
  path: {description: The file., type: path, default: /etc/dlbox/code-server/config.yaml}
  home: {description: Where code-server is installed., type: path, default: /opt/dlbox/code-server}
  user: {description: Who runs it., type: str, required: true}
  port: {description: The port., type: int, required: true}
  password: {description: The password., type: str, required: true}
  tls: {description: Folder of tls.crt and tls.key., type: path, default: /etc/dlbox/tls}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- vscode_server_config: {user: ubuntu, port: 8081, password: "{{ lookup('ansible.builtin.file', 'vscode_password') }}"}
"""
RETURN = r"""
changes: {description: "What was changed; never a secret.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "path": {"type": "path", "default": "/etc/dlbox/code-server/config.yaml"},
    "home": {"type": "path", "default": "/opt/dlbox/code-server"},
    "user": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "tls": {"type": "path", "default": "/etc/dlbox/tls"},
}
# The hash and the password come through standard input: an argument would be in the process list.
NODE = (
    "const argon2 = require('argon2'); const [hash, password] = JSON.parse(require('fs').readFileSync(0));"
    "(hash ? argon2.verify(hash, password) : argon2.hash(password)).then((answer) => console.log(answer));"
)


def text(given: dict[str, Any], hashed: str) -> str:
    """The file, as its --help names the keys; JSON's quotes are YAML's too."""
    lines = {
        "bind-addr": f"0.0.0.0:{given['port']}",
        "auth": "password",
        "hashed-password": hashed,
        "cert": f"{given['tls']}/tls.crt",
        "cert-key": f"{given['tls']}/tls.key",
        "disable-telemetry": True,
        "disable-update-check": True,
    }
    return "# dlbox writes this file\n" + "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())


def kept_hash(written: str) -> str:
    """The hash in a file that was written before."""
    found = re.search(r'^hashed-password: "(\$argon2[^"]+)"$', written, re.MULTILINE)
    return found[1] if found else ""


def argon2(home: str, hashed: str, password: str) -> str:
    """Check a hash, or make one where it is empty, with code-server's Node."""
    command = [f"{home}/lib/node", "-e", NODE]
    asked = json.dumps([hashed, password])
    done = subprocess.run(command, input=asked, cwd=home, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def plan(same_password: bool, same_text: bool, same_owner: bool) -> list[str]:
    """What to write or mend."""
    if not same_password:
        return ["write: the password is another than before"]
    if not same_text:
        return ["write: the file differs"]
    return [] if same_owner else ["mend: the file's owner or mode"]


def main() -> None:
    """Compare, then write what differs."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given, file = module.params, pathlib.Path(module.params["path"])
    before = file.read_text() if file.exists() else ""
    hashed, node = kept_hash(before), pathlib.Path(given["home"], "lib/node")
    try:
        wanted = f"root:{grp.getgrgid(pwd.getpwnam(given['user']).pw_gid).gr_name} 640"
        # A dry run has not installed it.
        there = node.exists() or not module.check_mode
        same = bool(hashed) and there and argon2(given["home"], hashed, given["password"]) == "true"
        changes = plan(same, before == text(given, hashed), host_file.shown(file) == wanted)
        if changes and not module.check_mode:
            kept = hashed if same else argon2(given["home"], "", given["password"])
            host_file.replace(file, text(given, kept), *host_file.ids(wanted))
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        module.fail_json(msg=f"code-server's Node failed ({last}): remove {given['home']} and run this again.")
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, str(file)))
    module.exit_json(changed=bool(changes), changes=changes)


if __name__ == "__main__":
    main()
