"""`box_jupyter_access: tunnel`: nobody outside reaches it, the receipt's ssh line does, and it changes back and forth."""

import pathlib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml
from runs import ADDRESS, PORT, SSH, configure, opens, until

RECEIPT = pathlib.Path(__file__).parents[3] / "roles/receipt/vars/main.yml"


def answers(host: str) -> bool:
    """Whether something takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host, PORT)) == 0


@contextmanager
def tunnel() -> Iterator[None]:
    """The receipt's line, while it runs."""
    forward = yaml.safe_load(RECEIPT.read_text())["__receipt_forward"].replace("{{ receipt_jupyter_port }}", str(PORT))
    # In front of the options of the shared connection that the tests have: ssh takes what comes first.
    command = [SSH[0], *forward.split(), "-o", "ExitOnForwardFailure=yes", *SSH[1:]]
    with subprocess.Popen(command) as process:
        try:
            until(lambda: answers("127.0.0.1"))
            assert process.poll() is None
            yield
        finally:
            process.terminate()
            process.wait()
    # It ends with its line, though a connection is shared.
    assert not answers("127.0.0.1")


def test_direct_answers_from_outside_and_through_a_tunnel() -> None:
    assert opens()
    with tunnel():
        assert opens("localhost")


def test_tunnel_closes_it_to_everybody_else_while_it_runs() -> None:
    assert configure("jupyter", box_jupyter_access="tunnel")
    assert not answers(ADDRESS)
    with tunnel():
        assert opens("localhost")
    assert not configure("jupyter", box_jupyter_access="tunnel")


def test_direct_again_opens_it() -> None:
    assert configure("jupyter")
    assert opens()
    assert not configure("jupyter")


def test_without_the_line_nothing_answers_here() -> None:
    with pytest.raises(OSError):
        opens("localhost")
