"""Boots and removes the scenario's machine: the rehearsal's image, reached by SSH as an instance is."""

import argparse
import dataclasses
import ipaddress
import pathlib
import shutil
import subprocess
import time
from collections.abc import Sequence

from rehearsal import lifecycle, network
from rehearsal.cloud import Instance
from rehearsal.containers import Yard
from rehearsal.machines import address
from rehearsal.place import Place, own
from rehearsal.podman import podman

ONE = Instance("", "us-west-2", "running", "once", "172.31.0.42", "")


def up(place: Place, devices: Sequence[str] = ()) -> str:
    """Boot a fresh machine, with block devices of this host, and return its address once sshd answers."""
    shutil.rmtree(place.folder, ignore_errors=True)
    place.make()
    key = place.file("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    own(key)
    image = lifecycle.prepare(place)
    subnet, _ = network.ensure(place.network, place.label)
    yard = Yard(place.label, image, place.network, subnet, place.notes, place.cache, tuple(devices))
    here = address(ONE.private_ip, subnet)
    # The id names the container, so that every scenario of every clone has one of its own.
    one = dataclasses.replace(ONE, id=f"i-{place.suffix:0>17}", private_ip=here)
    yard.create(one, key.with_suffix(".pub").read_text())
    answers(here)
    return str(ipaddress.ip_address(here))


def answers(here: str) -> None:
    """Wait until sshd answers."""
    until = time.monotonic() + 60
    while subprocess.run(["ssh-keyscan", "-T", "1", here], capture_output=True, check=False).stdout == b"":
        if time.monotonic() > until:
            raise SystemExit(f"The machine at {here} has no SSH after a minute: `podman logs` of it says why.")
        time.sleep(0.2)


def power(place: Place, verb: str) -> str:
    """Stop or start the machine as AWS does: its disk and its address stay."""
    podman(verb, *podman("ps", "--all", "--quiet", "--filter", f"label={place.label}").split())
    return verb


def main() -> None:
    """`up` prints the address; `down` leaves nothing; `stop` and `start` are a machine's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "stop", "start"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument(
        "--device", action="append", default=[], help="a block device of this host that the machine gets"
    )
    given = parser.parse_args()
    place = Place(given.folder)
    if given.verb == "up":
        print(up(place, given.device))
    else:
        print(lifecycle.down(place) if given.verb == "down" else power(place, given.verb))


if __name__ == "__main__":
    main()
