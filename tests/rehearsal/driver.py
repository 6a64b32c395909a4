"""The rehearsal's driver: keeps a machine per running instance, forwards its open ports, and lets schedules fire and alarms go off."""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime

from . import network
from .alarms import Alarms
from .cloud import Cloud
from .containers import Yard
from .firing import Firing
from .keeper import Keeper, log
from .place import Place
from .targets import Targets

TICK_S = 0.4


class Clock:
    """Follows the rehearsal's clock and fires what it passes: at each full minute, and at each jump."""

    def __init__(self, cloud: Cloud, place: Place) -> None:
        self.cloud = cloud
        # A driver that was killed may have left it.
        cloud.ask("clock", {"firing": None})
        targets = Targets(cloud, place.firings)
        self.firing, self.alarms = Firing(cloud, targets), Alarms(cloud, targets, place.mails)
        self.passed = place.file("clock.passed")
        self.last: datetime | None = None
        self.offset = 0.0

    def tick(self, regions: list[str]) -> None:
        """Fire what became due since the last look."""
        told = self.cloud.ask("clock")
        now, offset = datetime.fromisoformat(told["now"]), float(told["offset_s"])
        if self.last is None or now < self.last:
            self.last = now
        elif offset != self.offset or now.replace(second=0, microsecond=0) > self.last:
            after, self.last = self.last, now
            self.firing.pass_time(regions, after, now)
            self.alarms.pass_time(regions, after, now)
        self.offset = offset
        fresh = self.passed.with_suffix(".new")
        fresh.write_text(now.isoformat())
        fresh.rename(self.passed)


def regions(cloud: Cloud, *kinds: str) -> list[str]:
    """Name the regions that hold something of a kind."""
    return [name for name, held in cloud.ask("status")["regions"].items() if any(kind in held for kind in kinds)]


def attempt(work: Callable[[], None]) -> None:
    """Run one part of a round; its failure is logged and does not stop the other part."""
    try:
        work()
    except Exception:
        log(traceback.format_exc())


def main() -> None:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.driver", description=__doc__)
    parser.add_argument("--state", type=pathlib.Path, required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--image", help="image of the machines; without it there are none")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    place, cloud = Place(given.state), Cloud(given.endpoint)
    clock = Clock(cloud, place)
    rounds = [lambda: clock.tick(regions(cloud, "schedule", "rule", "alarm"))]
    if given.image:
        subnet, bridge = network.ensure(place.network, place.label)
        yard = Yard(place.label, given.image, place.network, subnet, place.notes, place.cache)
        keeper = Keeper(cloud, yard, place.suffix, bridge)
        rounds.append(lambda: keeper.tick(regions(cloud, "instance", "address")))
    while True:
        began = time.monotonic()
        for one in rounds:
            attempt(one)
        place.file("driver.ready").touch()
        time.sleep(max(0.05, TICK_S - (time.monotonic() - began)))


if __name__ == "__main__":
    main()
