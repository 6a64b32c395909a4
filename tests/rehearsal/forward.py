"""Forwards from the Elastic IPs, which lie in 127.0.0.0/8, to the machines: what a security group opens, and no more."""

from __future__ import annotations

import ipaddress
import pathlib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from .podman import run

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
PORTS = ("tcp", "udp", "6", "17")


@dataclass(frozen=True, order=True)
class Forward:
    """Traffic from one source range to some ports of a public address goes to a machine."""

    public: str
    address: str
    protocol: str
    first: int
    last: int
    cidr: str


def hooks(suffix: str, bridge: str) -> list[tuple[str, str, list[str]]]:
    """List (table, built-in chain, rule) of the jumps into our chains."""
    return [
        ("nat", "OUTPUT", ["-d", str(LOOPBACK), "-j", f"DLBOX-DNAT-{suffix}"]),
        ("nat", "POSTROUTING", ["-s", str(LOOPBACK), "-o", bridge, "-j", f"DLBOX-MASQ-{suffix}"]),
        ("filter", "OUTPUT", ["-d", str(LOOPBACK), "-j", f"DLBOX-DENY-{suffix}"]),
        ("filter", "INPUT", ["-i", bridge, "-d", str(LOOPBACK), "-j", f"DLBOX-HOST-{suffix}"]),
    ]


def match(forward: Forward) -> str:
    """Write the match of one forward; the kernel itself compares the caller's address with the rule's range."""
    base = f"-s {forward.cidr} -d {forward.public}/32"
    if forward.protocol == "-1":
        return base
    if forward.protocol in PORTS and forward.first >= 0:
        return f"{base} -p {forward.protocol} --dport {forward.first}:{forward.last}"
    return f"{base} -p {forward.protocol}"


def table(suffix: str, forwards: Iterable[Forward], addresses: Iterable[str]) -> str:
    """Write our chains for iptables-restore; a chain that is declared there is replaced as a whole."""
    near = [one for one in forwards if ipaddress.ip_network(one.cidr, strict=False).overlaps(LOOPBACK)]
    lines = ["*nat", f":DLBOX-DNAT-{suffix} - [0:0]", f":DLBOX-MASQ-{suffix} - [0:0]"]
    lines += [f"-A DLBOX-DNAT-{suffix} {match(one)} -j DNAT --to-destination {one.address}" for one in near]
    lines += [f"-A DLBOX-MASQ-{suffix} -j MASQUERADE", "COMMIT"]
    lines += ["*filter", f":DLBOX-DENY-{suffix} - [0:0]", f":DLBOX-HOST-{suffix} - [0:0]"]
    # Whatever is still addressed to an Elastic IP here was opened by no group: no listener of the host may answer it.
    lines += [f"-A DLBOX-DENY-{suffix} -d {one}/32 -j REJECT --reject-with icmp-admin-prohibited" for one in addresses]
    # route_localnet would let a machine reach the host's loopback: only answers may pass.
    lines += [f"-A DLBOX-HOST-{suffix} -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP", "COMMIT", ""]
    return "\n".join(lines)


def present(kind: str, chain: str, rule: list[str]) -> bool:
    """Tell whether a rule is there."""
    check = ["iptables", "-w", "-t", kind, "-C", chain, *rule]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def apply(suffix: str, bridge: str, text: str) -> None:
    """Bring our chains, the jumps into them and the bridge's routing of loopback addresses to the given state."""
    run(["iptables-restore", "-w", "--noflush"], stdin=text)
    for kind, chain, rule in hooks(suffix, bridge):
        if not present(kind, chain, rule):
            run(["iptables", "-w", "-t", kind, "-I", chain, "1", *rule])
    switch = pathlib.Path("/proc/sys/net/ipv4/conf") / bridge / "route_localnet"
    if switch.exists() and switch.read_text().strip() != "1":
        switch.write_text("1\n")


def remove(suffix: str) -> None:
    """Remove our chains and the jumps into them, whatever bridge they name."""
    for kind in ("nat", "filter"):
        lines = run(["iptables", "-w", "-t", kind, "-S"]).splitlines()
        ours = [line.split()[1] for line in lines if line.startswith("-N DLBOX-") and line.endswith(f"-{suffix}")]
        for line in lines:
            words = line.split()
            if words[0] == "-A" and words[-1] in ours:
                run(["iptables", "-w", "-t", kind, "-D", *words[1:]])
        for chain in ours:
            run(["iptables", "-w", "-t", kind, "-F", chain])
            run(["iptables", "-w", "-t", kind, "-X", chain])
