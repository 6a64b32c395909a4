"""How a rehearsal stands, for people."""

from __future__ import annotations

from . import lifecycle, processes
from .cloud import Cloud
from .place import Place


def report(place: Place) -> str:
    """Tell what runs, the rehearsal's time, its instances and its last firings."""
    address = lifecycle.endpoint(place)
    if address is None:
        return "rehearsal AWS is down"
    cloud = Cloud(address)
    driver = "driver runs" if processes.pid_of(place, "driver") else f"driver is dead: see {place.file('driver.log')}"
    lines = [f"rehearsal AWS at {address}, {driver}, its clock is {cloud.ask('clock')['now'][:16]}Z"]
    held = cloud.ask("status")["regions"]
    facts = cloud.facts([region for region, kinds in held.items() if "instance" in kinds or "address" in kinds])
    for one in facts.instances.values():
        ports = sorted(
            {f"{rule.first}-{rule.last}" if rule.first != rule.last else str(rule.first) for rule in one.openings}
        )
        lines.append(
            f"{one.id} {one.region} {one.state} {' '.join(one.public_ips) or 'no address'} open: {' '.join(ports)}"
        )
    if place.firings.exists():
        lines += place.firings.read_text().splitlines()[-5:]
    return "\n".join(lines)
