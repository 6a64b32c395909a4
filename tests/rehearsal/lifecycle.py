"""Brings one rehearsal up, takes it down, tells how it stands and moves its clock."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from . import clock, forward, needs, network, processes
from .cloud import HOME_REGION, Cloud
from .image import ensure
from .place import DEFAULT, Place, own, owner
from .podman import CommandError, alone, podman

PROFILE = "dlbox-rehearsal"
LENGTHS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
CONFIG = """[profile {profile}]
region = {region}
endpoint_url = {endpoint}
aws_access_key_id = rehearsal
aws_secret_access_key = rehearsal
"""
ENVIRONMENT = """# Source this to speak to the rehearsal AWS and to no other.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL
export AWS_CONFIG_FILE='{config}'
export AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_PROFILE={profile}
export AWS_EC2_METADATA_DISABLED=true
export NO_PROXY="127.0.0.1${{NO_PROXY:+,$NO_PROXY}}"
"""


def endpoint(place: Place) -> str | None:
    """Return the endpoint of a rehearsal whose server runs."""
    if processes.pid_of(place, "server") is None:
        return None
    return place.file("endpoint").read_text().strip()


def wait(ready: Callable[[], bool], place: Place, name: str) -> None:
    """Wait until a background process is ready; when it dies first, show its last line."""
    until = time.monotonic() + 60
    while not ready():
        if processes.pid_of(place, name) is None or time.monotonic() > until:
            lines = place.file(f"{name}.log").read_text().strip().splitlines() or ["it said nothing"]
            raise CommandError(f"The rehearsal's {name} does not run: {lines[-1]} (all of it: {place.file(name)}.log)")
        time.sleep(0.1)


def listens(port: int) -> bool:
    """Tell whether something answers on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def up(place: Place, port: int, machines: bool) -> str:
    """Start whatever of the rehearsal does not run, and say where it is."""
    running = endpoint(place)
    if running and processes.pid_of(place, "driver"):
        return f"rehearsal AWS is already up at {running}"
    if running is None and listens(port):
        raise CommandError(f"Port {port} on 127.0.0.1 is taken by another program: choose one with --port.")
    place.make()
    address = running or f"http://127.0.0.1:{port}"
    if running is None:
        processes.start(place, "server", "--port", str(port), user=owner() if os.geteuid() == 0 else None)
        place.file("endpoint").write_text(address)
    try:
        # The server starts while the machines' image is looked for.
        chosen = ["--image", prepare(place)] if machines else []
        wait(lambda: listens(int(address.rpartition(":")[2])), place, "server")
        place.file("driver.ready").unlink(missing_ok=True)
        processes.start(place, "driver", "--state", str(place.folder), "--endpoint", address, *chosen)
        wait(place.file("driver.ready").exists, place, "driver")
    except CommandError:
        if running is None:
            down(place)
        raise
    config = place.file("aws-config")
    config.write_text(CONFIG.format(profile=PROFILE, region=HOME_REGION, endpoint=address))
    place.file("env").write_text(ENVIRONMENT.format(profile=PROFILE, config=config))
    for file in (config, place.file("env")):
        own(file)
    return f"rehearsal AWS is up at {address}: `. {place.file('env')}` speaks to it, `{down_command(place)}` removes it"


def down_command(place: Place) -> str:
    """What the user types to remove this rehearsal, and not another."""
    return (
        "make down" if place.folder == DEFAULT else f"PYTHONPATH=tests python -m rehearsal --state {place.folder} down"
    )


def prepare(place: Place) -> str:
    """Make this host ready for machines and return their image."""
    needs.install()
    image = ensure()
    with alone():
        network.remember(place.suffix)
        network.ensure(place.network, place.label)
    return image


def down(place: Place) -> str:
    """Remove everything of this rehearsal and nothing else; downloads and the image stay for the next time."""
    found = [processes.end(place, name) for name in ("driver", "server")]
    if shutil.which("podman") and os.geteuid() == 0:
        left = podman("ps", "--all", "--quiet", "--filter", f"label={place.label}").split()
        if left:
            podman("rm", "--force", "--time", "0", "--volumes", *left)
        with alone():
            network.drop(place.network)
            forward.remove(place.suffix)
            network.restore(place.suffix)
    if place.folder.exists():
        for path in place.folder.iterdir():
            if path.name != "cache" and path.suffix != ".log":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return "rehearsal AWS is down" if any(found) else "rehearsal AWS was not up; nothing of it is left"


def target_time(words: list[str], now: datetime) -> datetime:
    """Read `2h`, or `to 20:00 Asia/Shanghai` as the next such moment."""
    length = re.fullmatch(r"(\d+)([smhd])", words[0])
    if length and len(words) == 1:
        return now + timedelta(**{LENGTHS[length[2]]: int(length[1])})
    if words[0] == "to" and len(words) == 3 and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", words[1]):
        if words[2] not in available_timezones():
            raise CommandError(f"`advance` knows no time zone {words[2]}: write it as in Asia/Shanghai.")
        expression = f"cron({int(words[1][3:])} {int(words[1][:2])} * * ? *)"
        timing = clock.Timing(expression, str(ZoneInfo(words[2])), now)
        return next(clock.occurrences(timing, now, now + timedelta(days=3)))
    raise CommandError("`advance` wants a length (30s, 15m, 2h, 1d) or a time: `advance to 20:00 Asia/Shanghai`.")


def advance(place: Place, words: list[str]) -> str:
    """Move the clock forward and wait until the driver has fired what became due."""
    address = endpoint(place)
    if address is None:
        raise CommandError("No rehearsal AWS is up: start it with `make up`.")
    cloud = Cloud(address)
    goal = target_time(words, datetime.fromisoformat(cloud.ask("clock")["now"]))
    cloud.ask("clock", {"now": goal.isoformat()})
    passed = place.file("clock.passed")
    wait(lambda: passed.exists() and datetime.fromisoformat(passed.read_text()) >= goal, place, "driver")
    return f"the rehearsal's clock is {goal:%Y-%m-%d %H:%M} UTC"
