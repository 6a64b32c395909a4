"""When a certificate must be issued again: facts in, changes out. Never runs anything."""

from __future__ import annotations

import datetime
import ipaddress
import re
import ssl
from typing import Any, NamedTuple

from ansible.module_utils.dlbox.change import Change

RENEW = datetime.timedelta(days=30)


EXTENSIONS = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:localhost
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class Certificate(NamedTuple):
    """A certificate as it is: its names, its end, and whether its key and its issuer fit."""

    names: frozenset[str]
    ends: datetime.datetime
    fits: bool


def wanted_names(address: str) -> frozenset[str]:
    """The names that the box answers to, in OpenSSL's form; a ValueError where the address is none."""
    return frozenset({f"IP:{ipaddress.ip_address(address)}", "IP:127.0.0.1", "DNS:localhost"})


def extensions(address: str) -> str:
    """openssl's configuration for both: what the authority may vouch for, and what the certificate is for."""
    return EXTENSIONS.format(names=", ".join(sorted(wanted_names(address))))


def read(text: str, fits: bool) -> Certificate:
    """The facts from `openssl x509 -noout -enddate -ext subjectAltName`."""
    end = re.search(r"notAfter=(.+ GMT)", text)
    names = re.findall(r"(?:IP Address|DNS):[^,\s]+", text)
    # Not strptime: it would look for the months of the host's own language.
    ends = datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(end[1]) if end else 0, datetime.timezone.utc)
    short = frozenset(name.replace("IP Address:", "IP:") for name in names)
    return Certificate(short, ends, fits)


def why(found: Certificate | None, names: frozenset[str], now: datetime.datetime) -> str:
    """Why a certificate must be issued, or nothing."""
    if found is None:
        return "there is none yet"
    if not found.fits:
        return "its key or its issuer does not fit"
    if found.ends - now < RENEW:
        return f"it ends on {found.ends:%Y-%m-%d}"
    if found.names != names:
        return f"it is for {', '.join(sorted(found.names))}"
    return ""


def plan(ca: Certificate | None, leaf: Certificate | None, address: str, now: datetime.datetime) -> list[Change]:
    """The authority first: a new one needs a new certificate below it."""
    changes = []
    if reason := why(ca, frozenset(), now):
        changes.append(Change("create", "authority", reason, _shown(ca), "10 years"))
        leaf = leaf and leaf._replace(fits=False)
    names = wanted_names(address)
    if reason := why(leaf, names, now):
        changes.append(Change("issue", "certificate", reason, _shown(leaf), {"names": sorted(names)}))
    return changes


def owners(ca: str, path: str, group: str) -> dict[str, str]:
    """Whose each file is, and its mode, as in root:ubuntu 640; the group's member runs the web services."""
    public, private = "root:root 644", "root:root 600"
    return {
        f"{ca}/ca.key": private,
        f"{ca}/ca.crt": public,
        f"{path}/tls.key": f"root:{group} 640",
        f"{path}/tls.crt": public,
    }


def strayed(shown: dict[str, str], wanted: dict[str, str]) -> list[Change]:
    """The files that are there with another owner or mode: a service may not be able to read its key."""
    differ = [file for file, one in shown.items() if one and one != wanted[file]]
    return [Change("mend", file, "its owner or mode", shown[file], wanted[file]) for file in differ]


def _shown(found: Certificate | None) -> Any:
    return found and {"names": sorted(found.names), "ends": f"{found.ends:%Y-%m-%d}"}
