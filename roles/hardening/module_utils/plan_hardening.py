"""What hardening changes on a machine: files, kernel settings and units in, changes out. Never touches anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.dlbox.change import Change

# Where each unit's settings lie, and what makes it read them; a timer starts counting anew.
READS = {
    "ssh.service": ("/etc/ssh/", "reload"),
    "fail2ban.service": ("/etc/fail2ban/", "reload"),
    "apt-daily.timer": ("/etc/systemd/system/apt-daily.timer.d/", "restart"),
    "apt-daily-upgrade.timer": ("/etc/systemd/system/apt-daily-upgrade.timer.d/", "restart"),
}


def files(now: Mapping[str, str | None], want: Mapping[str, str | None]) -> list[Change]:
    """The files that differ; None is no file."""
    changes = []
    for path, text in want.items():
        if now[path] != text:
            verb = "remove" if text is None else "write"
            reason = "hardening is off" if text is None else "it is not there" if now[path] is None else "it differs"
            changes.append(Change(verb, path, reason, now[path], text))
    return changes


def kernel(now: Mapping[str, str | None], want: Mapping[str, str]) -> list[Change]:
    """The kernel's settings that differ; None is one that this machine cannot set, as in a container."""
    return [
        Change("set", name, "the kernel has another value", now[name], value)
        for name, value in want.items()
        if now[name] not in (None, value)
    ]


def unread(unit: str, state: Mapping[str, Any], changed: Iterable[str]) -> list[Change]:
    """What makes a running unit read its settings, where it has not read them as they are or will be."""
    folder, verb = READS.get(unit, ("", ""))
    new = [path for path in changed if folder and path.startswith(folder)] or list(state["stale"])
    if not new or state["ActiveState"] not in ("active", "activating", "reloading"):
        return []
    return [Change(verb, unit, f"it has not read {', '.join(new)}")]


def running(unit: str, state: Mapping[str, Any], changed: Iterable[str]) -> list[Change]:
    """What makes a unit run, with the machine too, and with what is configured."""
    changes, files_state = [], state["UnitFileState"]
    if files_state.startswith("masked"):
        changes.append(Change("unmask", unit, "it is masked", files_state, "disabled"))
    if files_state != "enabled":
        changes.append(Change("enable", unit, "it does not start with the machine", files_state, "enabled"))
    if state["ActiveState"] not in ("active", "activating", "reloading"):
        return [*changes, Change("start", unit, "it does not run", state["ActiveState"], "active")]
    return [*changes, *unread(unit, state, changed)]


def restored(unit: str, before: str) -> list[Change]:
    """What makes a unit be again as it was: only what was not enabled was noted."""
    changes = [Change("disable", unit, f"it was {before} before", "enabled", "disabled")]
    if before.startswith("masked"):
        changes.append(Change("mask", unit, f"it was {before} before", "disabled", "masked"))
    return changes


def plan(seen: Mapping[str, Any], want: Mapping[str, Any]) -> tuple[list[Change], dict[str, Any] | None]:
    """The changes, and what to note of how it was; None notes nothing.

    `seen` has files, kernel, units and note (None where there is none); `want` has files, kernel, units, on, and the packages
    that were brought: they are removed after this, with their services.
    """
    texts = {path: text if want["on"] else None for path, text in want["files"].items()}
    changes = files(seen["files"], texts)
    if not want["on"] and not changes and seen["note"] is None:
        return [], None
    note = {**{"units": {}, "kernel": {}}, **(seen["note"] or {})}
    changed = [change.thing for change in changes]
    if not want["on"]:
        back = [*kernel({**note["kernel"], **seen["kernel"]}, note["kernel"])]
        for unit, state in seen["units"].items():
            before = note["units"].get(unit, "enabled")
            gone = unit.removesuffix(".service") in want["brought"]
            back += unread(unit, state, changed) if before == "enabled" and not gone else []
            back += restored(unit, before) if before != "enabled" and state["UnitFileState"] == "enabled" else []
        return [*changes, *back], note
    new = kernel(seen["kernel"], want["kernel"])
    before = {unit: seen["units"][unit]["UnitFileState"] for unit in want["units"]}
    changed_units = {unit: state for unit, state in before.items() if state not in ("enabled", "")}
    noted = {
        "units": {**changed_units, **note["units"]},
        "kernel": {**{change.thing: change.before for change in new}, **note["kernel"]},
    }
    units = [one for unit in want["units"] for one in running(unit, seen["units"][unit], changed)]
    # It is never started or enabled here: who reached the machine did so through it, or through its socket.
    shell = unread("ssh.service", seen["units"]["ssh.service"], changed)
    return [*changes, *new, *shell, *units], noted


def otherwise(text: str, want: Mapping[str, str]) -> str:
    """Where sshd would do other than wanted, from what `sshd -T` prints; nothing where it would not."""
    got: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        got.setdefault(name.lower(), value)
    return ", ".join(
        f"{name} {got.get(name)}" for name, value in want.items() if got.get(name, "").lower() != value.lower()
    )


def addresses(text: str) -> list[tuple[str, int]]:
    """Where sshd listens, from what `sshd -T` prints; a wildcard is reached at the loopback. IPv6 may be off, so each counts."""
    found = [line.split()[1] for line in text.splitlines() if line.lower().startswith("listenaddress ")]
    ends = [one.rpartition(":") for one in found or ["0.0.0.0:22"]]
    names = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    return [(names.get(host.strip("[]"), host.strip("[]")), int(port)) for host, _, port in ends]
