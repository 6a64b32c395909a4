"""Who guesses the front door's password is shut out of the web services, and of nothing else. Last: it shuts itself out."""

import json
import os
import pathlib
import shlex
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import web

# As in roles/hardening/defaults/main.yml.
TRIES = 10


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


def on_box(*command: str) -> str:
    """What a command prints there, over a connection of its own."""
    first, *ssh = shlex.split(os.environ["DLBOX_SSH"])
    line = [first, "-o", "ControlPath=none", "-o", "ConnectTimeout=10", *ssh, shlex.join(command)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def forgiven() -> Iterator[None]:
    """Nobody is shut out, before and after."""
    on_box("sudo", "fail2ban-client", "unban", "--all")
    yield
    on_box("sudo", "fail2ban-client", "unban", "--all")


def status(receipt: dict[str, Any], page: str, password: str | None = None) -> int:
    """The status that a page has for a new browser; 0 where the port is shut."""
    try:
        return web.answer(web.opener(receipt["ca_file"]), page, password)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return 0
        raise


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.5)


@pytest.mark.usefixtures("forgiven")
def test_who_guesses_is_shut_out_of_the_web_but_not_of_ssh(receipt: dict[str, Any]) -> None:
    page, password = receipt["urls"]["tensorboard"], pathlib.Path(receipt["tensorboard_password_file"]).read_text()
    for number in range(TRIES + 1):
        # The last may come too late already.
        assert status(receipt, page, f"guess {number}") in ((401,) if number < TRIES else (401, 0))
    until(lambda: status(receipt, page) == 0)
    # The right password comes too late, and other web services are shut as well.
    assert status(receipt, page, password) == 0
    assert status(receipt, page.replace("8082", "8080")) == 0
    # A new connection of SSH gets in.
    assert "Banned IP list:" in on_box("sudo", "fail2ban-client", "status", "dlbox-web")
    on_box("sudo", "fail2ban-client", "unban", "--all")
    until(lambda: status(receipt, page, password) == 200)
