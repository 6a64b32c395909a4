"""The machines' network: the default VPC's own range where it is free, and the host as it was once nobody needs it."""

from __future__ import annotations

import ipaddress
import json
import pathlib
import shlex
import shutil

from .podman import CommandError, podman, run

VPC = "172.31.0.0/16"
RANGES = (VPC, *(f"172.{second}.0.0/16" for second in range(30, 19, -1)))
BEFORE = pathlib.Path("/run/dlbox-rehearsal")
FORWARDING = pathlib.Path("/proc/sys/net/ipv4/ip_forward")
LEASES = pathlib.Path("/var/lib/cni/networks")
CHAINS = ("CNI-", "NETAVARK")


def free_range(routed: list[str]) -> str | None:
    """Choose the first of our ranges that overlaps nothing that is routed."""
    taken = [ipaddress.ip_network(one, strict=False) for one in routed]
    for candidate in RANGES:
        if not any(ipaddress.ip_network(candidate).overlaps(one) for one in taken):
            return candidate
    return None


def routed() -> list[str]:
    """List every range that this host routes or that a podman network holds, apart from the default route."""
    kernel = [one["dst"] for one in json.loads(run(["ip", "-4", "-j", "route", "show", "table", "all"]))]
    names = podman("network", "ls", "--format", "{{.Name}}").split()
    networks = json.loads(podman("network", "inspect", *names)) if names else []
    held = [subnet["subnet"] for network in networks for subnet in network.get("subnets") or []]
    return [one for one in [*kernel, *held] if one != "default" and ":" not in one and not one.startswith("127.")]


def inspect(name: str) -> tuple[str, str] | None:
    """Return (range, bridge) of a network of ours, or None where there is none."""
    if name not in podman("network", "ls", "--format", "{{.Name}}").split():
        return None
    network = json.loads(podman("network", "inspect", name))[0]
    return network["subnets"][0]["subnet"], network["network_interface"]


def ensure(name: str, label: str) -> tuple[str, str]:
    """Return (range, bridge) of the machines' network, creating it where it is missing."""
    found = inspect(name)
    if found:
        return found
    subnet = free_range(routed())
    if subnet is None:
        raise CommandError(
            f"No free address range for the machines: {RANGES[-1]} to {VPC} are all routed on this host."
        )
    gateway = str(ipaddress.ip_network(subnet)[1])
    podman("network", "create", "--disable-dns", "--subnet", subnet, "--gateway", gateway, "--label", label, name)
    created = inspect(name)
    assert created is not None
    return created


def drop(name: str) -> None:
    """Remove a network of ours, and the note of its addresses that the network plugin leaves behind."""
    if inspect(name):
        podman("network", "rm", "--force", name)
    shutil.rmtree(LEASES / name, ignore_errors=True)


def leftovers(before: list[str], now: list[str]) -> list[list[str]]:
    """List the iptables commands that remove the chains which podman's network plugin made since `before`."""
    chains = [line.split()[1] for line in now if line.startswith("-N ") and line not in before]
    ours = [chain for chain in chains if chain.startswith(CHAINS)]
    rules = [line.split("-j ")[-1].split()[0] in ours and line.startswith("-A ") for line in now]
    jumps = [["-D", *_words(line[3:])] for line, wanted in zip(now, rules, strict=True) if wanted]
    return jumps + [["-F", chain] for chain in ours] + [["-X", chain] for chain in ours]


def _words(rule: str) -> list[str]:
    """Split a rule as iptables prints it, with its quoted comments."""
    return shlex.split(rule)


def remember(suffix: str) -> None:
    """Note the host's state before the first rehearsal on it; /run is emptied by a reboot, as that state is."""
    BEFORE.mkdir(mode=0o755, exist_ok=True)
    note = BEFORE / "before.json"
    if not note.exists():
        tables = {kind: run(["iptables", "-w", "-t", kind, "-S"]).splitlines() for kind in ("nat", "filter")}
        note.write_text(json.dumps({"ip_forward": FORWARDING.read_text().strip(), "tables": tables}))
    (BEFORE / suffix).touch()


def used(suffix: str) -> bool:
    """Tell whether a rehearsal has machines, which only root can take down."""
    return (BEFORE / suffix).exists()


def restore(suffix: str) -> None:
    """Put the host back as it was, when this was the last rehearsal on it and no other container runs."""
    (BEFORE / suffix).unlink(missing_ok=True)
    note = BEFORE / "before.json"
    if not note.exists() or any(path != note for path in BEFORE.iterdir()) or podman("ps", "--quiet").strip():
        return
    before = json.loads(note.read_text())
    for kind, old in before["tables"].items():
        for command in leftovers(old, run(["iptables", "-w", "-t", kind, "-S"]).splitlines()):
            run(["iptables", "-w", "-t", kind, *command])
    FORWARDING.write_text(before["ip_forward"] + "\n")
    note.unlink()
    BEFORE.rmdir()
