"""`python -m rehearsal`: up, down, status, advance, image and code-server of a rehearsal AWS on this machine."""

from __future__ import annotations

import argparse
import os
import pathlib
import sys

from . import code_server, image, lifecycle, needs, network, status
from .place import DEFAULT, Place
from .podman import CommandError


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument("--state", type=pathlib.Path, default=DEFAULT, help="folder of this rehearsal's files")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="start it; what runs already is left alone")
    up.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1")
    up.add_argument("--no-machines", action="store_true", help="AWS and its clock alone, without root")
    verbs.add_parser("down", help="remove everything of it, and nothing else")
    verbs.add_parser("status", help="say how it stands")
    verbs.add_parser("image", help="build the machines' image, once")
    verbs.add_parser("code-server", help="build VS Code for the machines that boot from now on, once")
    verbs.add_parser("advance", help="move its clock: 2h, or: to 20:00 Asia/Shanghai").add_argument("to", nargs="+")
    for verb in verbs.choices.values():
        # Also after the verb; unset there, it must not override what stood before.
        verb.add_argument("--state", type=pathlib.Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Do what was asked; every failure is one sentence."""
    # What goes into the image must be readable there, whatever this user's own habit.
    os.umask(0o022)
    given = arguments()
    place = Place(given.state.absolute())
    machines = {
        "image": True,
        "code-server": True,
        "up": not getattr(given, "no_machines", False),
        "down": network.used(place.suffix),
    }
    if machines.get(given.verb):
        needs.become_root(sys.argv[1:])
    try:
        if given.verb == "up":
            print(lifecycle.up(place, given.port, not given.no_machines))
        elif given.verb == "down":
            print(lifecycle.down(place))
        elif given.verb == "image":
            needs.install()
            print(image.ensure())
        elif given.verb == "code-server":
            needs.install()
            print(code_server.ensure())
        elif given.verb == "advance":
            print(lifecycle.advance(place, given.to))
        else:
            print(status.report(place))
    except (CommandError, PermissionError) as problem:
        sys.exit(f"rehearsal: {problem}")


if __name__ == "__main__":
    main()
