#!/usr/bin/python
"""Keep the box's own small certificate authority, and the box's one certificate below it."""

from __future__ import annotations

import datetime
import grp
import pathlib
import pwd
import secrets
import subprocess
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_certificate import Certificate, extensions, owners, plan, read, strayed

DOCUMENTATION = r"""
module: certificate
short_description: Keep the box's own small certificate authority, and the box's one certificate below it
description:
  - The authority's key never leaves the host and is root's alone.
  - The authority can sign for no DNS name but localhost, so that trusting it trusts no one on the web.
options:
  box: {description: "The box's name, part of the authority's.", type: str, required: true}
  address: {description: IP address that browsers use., type: str, required: true}
  path: {description: Folder of tls.crt and tls.key., type: path, default: /etc/dlbox/tls}
  ca_path: {description: Folder of ca.crt and ca.key., type: path, default: /etc/dlbox/ca}
  user: {description: Who may read tls.key., type: str, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- certificate: {box: lab, address: 203.0.113.7, user: ubuntu}
"""
RETURN = r"""
ca_certificate: {description: The authority's certificate., type: str, returned: success}
changes: {description: "What was issued, and why.", type: list, returned: success}
"""
SPEC: dict[str, Any] = {
    "box": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "path": {"type": "path", "default": "/etc/dlbox/tls"},
    "ca_path": {"type": "path", "default": "/etc/dlbox/ca"},
    "user": {"type": "str", "required": True},
}
# 825 days is the most that Apple's systems accept below a private authority.
CA_DAYS, LEAF_DAYS = "3650", "825"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments: str | pathlib.Path) -> str:
    """Run openssl and return what it prints."""
    command = ["/usr/bin/openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def observe(certificate: pathlib.Path, key: pathlib.Path, ca: pathlib.Path) -> Certificate | None:
    """The certificate as it is, or None."""
    if not (certificate.exists() and key.exists() and ca.exists()):
        return None
    try:
        openssl("verify", "-CAfile", ca, certificate)
        own = openssl("x509", "-in", certificate, "-noout", "-pubkey")
        fits = own == openssl("pkey", "-in", key, "-pubout")
    except subprocess.CalledProcessError:
        fits = False
    try:
        return read(openssl("x509", "-in", certificate, "-noout", "-enddate", "-ext", "subjectAltName"), fits)
    except subprocess.CalledProcessError:
        # Cut off or overwritten.
        return read("", fits=False)


def wanted_owners(given: dict[str, Any]) -> dict[str, str]:
    """Whose each file should be."""
    return owners(given["ca_path"], given["path"], grp.getgrgid(pwd.getpwnam(given["user"]).pw_gid).gr_name)


def astray(given: dict[str, Any]) -> list[Change]:
    """The files that are somebody else's, or have another mode."""
    wanted = wanted_owners(given)
    return strayed({file: host_file.shown(pathlib.Path(file)) for file in wanted}, wanted)


def place(folder: pathlib.Path, given: dict[str, Any], work: pathlib.Path, *names: str) -> None:
    """Put finished files where they belong."""
    for name in names:
        host_file.replace(
            folder / name, (work / name).read_text(), *host_file.ids(wanted_owners(given)[f"{folder / name}"])
        )


def apply(change: Change, given: dict[str, Any], work: pathlib.Path) -> None:
    """Create the authority, issue the certificate, or mend a file."""
    if change.verb == "mend":
        host_file.own(pathlib.Path(change.thing), change.after)
        return
    ca, path, config = pathlib.Path(given["ca_path"]), pathlib.Path(given["path"]), work / "openssl.cnf"
    config.write_text(extensions(given["address"]))
    if change.thing == "authority":
        ca.mkdir(mode=0o755, parents=True, exist_ok=True)
        request = ("req", "-x509", "-config", config, "-extensions", "ca", "-days", CA_DAYS, *NEW_KEY)
        subject = ("-subj", f"/O=dlbox/CN=dlbox CA {given['box']} {secrets.token_hex(4)}")
        openssl(*request, *subject, "-keyout", work / "ca.key", "-out", work / "ca.crt")
        place(ca, given, work, "ca.key", "ca.crt")
        return
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    subject = ("-subj", f"/O=dlbox/CN={given['box']}")
    openssl("req", "-new", "-config", config, *subject, *NEW_KEY, "-keyout", work / "tls.key", "-out", work / "csr")
    signing = ("-CA", ca / "ca.crt", "-CAkey", ca / "ca.key", "-set_serial", f"0x{secrets.token_hex(16)}")
    leaf = ("-extfile", config, "-extensions", "leaf", "-days", LEAF_DAYS)
    openssl("x509", "-req", "-in", work / "csr", *signing, *leaf, "-out", work / "tls.crt")
    place(path, given, work, "tls.key", "tls.crt")


def main() -> None:
    """Look at both certificates, and issue what must be issued."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    given = module.params
    ca, path = pathlib.Path(given["ca_path"]), pathlib.Path(given["path"])
    ca_files, leaf_files = (ca / "ca.crt", ca / "ca.key"), (path / "tls.crt", path / "tls.key")
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        seen = observe(*ca_files, ca_files[0]), observe(*leaf_files, ca_files[0])
        changes = plan(*seen, given["address"], now)
        # What is issued anew will be as it should be.
        fresh = {ca if change.thing == "authority" else path for change in changes}
        changes += [one for one in astray(given) if pathlib.Path(one.thing).parent not in fresh]
        with tempfile.TemporaryDirectory() as work:
            for change in [] if module.check_mode else changes:
                apply(change, given, pathlib.Path(work))
    except ValueError:
        module.fail_json(msg=f"certificate_address is {given['address']!r}: give the box's public IP address.")
    except subprocess.CalledProcessError as error:
        module.fail_json(msg=f"openssl failed ({error.stderr.strip()}): move {ca} and {path} away and run again.")
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, "a certificate"))
    pem = ca_files[0].read_text() if ca_files[0].exists() else ""
    shown = [change.public() for change in changes]
    module.exit_json(changed=bool(changes), changes=shown, diff=diff(changes), ca_certificate=pem)


if __name__ == "__main__":
    main()
