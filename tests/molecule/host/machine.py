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

ONE = Instance("i-00000000000000042", "us-west-2", "running", "once", "172.31.0.42", "")


def up(place: Place, one: Instance) -> str:
    """Boot a fresh machine and return its address once sshd answers."""
    shutil.rmtree(place.folder, ignore_errors=True)
    place.make()
    key = place.file("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    own(key)
    image = lifecycle.prepare(place)
    subnet, _ = network.ensure(place.network, place.label)
    yard = Yard(place.label, image, place.network, subnet, place.notes, place.cache)
    here = address(one.private_ip, subnet)
    yard.create(dataclasses.replace(one, private_ip=here), key.with_suffix(".pub").read_text())
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
    parser.add_argument("--instance", default=ONE.id, help="its id, which names the container")
    given = parser.parse_args()
    print(
        up(Place(given.folder), dataclasses.replace(ONE, id=given.instance))
        if given.verb == "up"
        else lifecycle.down(Place(given.folder))
    )


if __name__ == "__main__":
    main()
