"""Boots and removes the scenario's machine: the rehearsal's image, reached by SSH as an instance is."""

import argparse
import dataclasses
import ipaddress
import pathlib
import shutil
import subprocess
import time

from rehearsal import lifecycle, network
from rehearsal.cloud import Instance
from rehearsal.containers import Yard
from rehearsal.machines import address
from rehearsal.place import Place, own

ONE = Instance("", "us-west-2", "running", "once", "172.31.0.42", "")


def up(place: Place) -> str:
    """Boot a fresh machine and return its address once sshd answers."""
    shutil.rmtree(place.folder, ignore_errors=True)
    place.make()
    key = place.file("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    own(key)
    image = lifecycle.prepare(place)
    subnet, _ = network.ensure(place.network, place.label)
    yard = Yard(place.label, image, place.network, subnet, place.notes, place.cache)
    here = address(ONE.private_ip, subnet)
    # The id names the container, so that every scenario of every clone has one of its own.
    one = dataclasses.replace(ONE, id=f"i-{place.suffix:0>17}", private_ip=here)
    yard.create(one, key.with_suffix(".pub").read_text())
    until = time.monotonic() + 60
    while subprocess.run(["ssh-keyscan", "-T", "1", here], capture_output=True, check=False).stdout == b"":
        if time.monotonic() > until:
            raise SystemExit(f"The machine at {here} has no SSH after a minute: `podman logs` of it says why.")
        time.sleep(0.2)
    return str(ipaddress.ip_address(here))


def main() -> None:
    """`up` prints the address; `down` leaves nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    print(up(Place(given.folder)) if given.verb == "up" else lifecycle.down(Place(given.folder)))


if __name__ == "__main__":
    main()
