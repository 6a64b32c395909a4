"""Two real machines, one used and one not, and what keeps them up or does not. In this order."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import websocket
from browser import chromium
from browser.lab import open_notebook, ran, sign_in
from browser.notebook import Notebook
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

# As verify.yml sets them: idle for this many seconds, with a look every so many.
LIMIT, LOOK = 20, 2
TUNNEL = 18581


class Box:
    """One of the two, known by its receipt."""

    def __init__(self, name: str) -> None:
        self.receipt: dict[str, Any] = json.loads(Path(os.environ["DLBOX_BOXES"], name, "receipt.json").read_text())
        options = ["BatchMode=yes", "ConnectTimeout=5", "ControlPath=none"]
        self.ssh = [*shlex.split(self.receipt["ssh"]), *(part for one in options for part in ("-o", one))]
        self.lab = Notebook(self.receipt)

    def run(self, command: str) -> str:
        """What a command prints there."""
        return subprocess.run([*self.ssh, command], capture_output=True, text=True, check=True).stdout

    def status(self) -> dict[str, Any]:
        """`dlbox idle --json`."""
        found: dict[str, Any] = json.loads(self.run("dlbox idle --json"))
        return found

    def in_use(self) -> list[str]:
        """The signals that count as use now."""
        return [name for name, one in self.status()["signals"].items() if one["busy"]]

    def state(self) -> str:
        """EC2's state of the instance."""
        found = boto3.client("ec2").describe_instances(InstanceIds=[self.receipt["instance_id"]])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def kernels(self) -> list[dict[str, Any]]:
        """JupyterLab's kernels."""
        found: list[dict[str, Any]] = self.lab.api("kernels", self.lab.token)
        return found


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.5)


def listens(port: int) -> bool:
    """Whether something answers on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def idler() -> Box:
    """The one that nobody uses."""
    return Box("idler")


@pytest.fixture(scope="module")
def worker() -> Box:
    """The one in use."""
    return Box("worker")


@pytest.fixture(scope="module")
def executing(worker: Box) -> Iterator[str]:
    """A kernel that executes a cell which says nothing, sent over its websocket; the kernel's id."""
    kernel = worker.lab.api("kernels", worker.lab.token, {"name": "python3"})["id"]
    url = f"{worker.lab.root.replace('https:', 'wss:')}/api/kernels/{kernel}/channels"
    trust, header = {"ca_certs": worker.lab.ca}, [f"Authorization: token {worker.lab.token}"]
    channel = websocket.create_connection(url, header=header, sslopt=trust, timeout=20, http_no_proxy=["*"])
    name = uuid.uuid4().hex
    asked = {"msg_id": name, "msg_type": "execute_request", "username": "", "session": name, "version": "5.3"}
    content = {"code": "import time; time.sleep(3600)", "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": asked, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps({**message, "buffers": []}))
    yield kernel
    channel.close()


@pytest.fixture
def tunnel(idler: Box) -> Iterator[subprocess.Popen[bytes]]:
    """`ssh -N -L` to JupyterLab, which sends a keepalive now and then."""
    forward = f"{TUNNEL}:localhost:{idler.lab.root.rpartition(':')[2]}"
    with subprocess.Popen([*idler.ssh, "-N", "-L", forward, "-o", "ServerAliveInterval=5"]) as process:
        until(lambda: listens(TUNNEL), "the tunnel", 20)
        yield process
        process.terminate()


@pytest.fixture
def terminal(idler: Box) -> Iterator[subprocess.Popen[str]]:
    """A terminal in which nobody types."""
    command = [*idler.ssh, "-tt", "cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


@pytest.fixture
def tabs(idler: Box, tunnel: subprocess.Popen[bytes], tmp_path: Path) -> Iterator[Chrome]:
    """A browser with JupyterLab open in two windows, a notebook in the first, the second through the tunnel."""
    chromium.trust(tmp_path, Path(idler.receipt["ca_file"]))
    with chromium.browser(tmp_path) as driver:
        sign_in(driver, idler.receipt["urls"]["jupyter"], idler.receipt)
        open_notebook(driver, "Python (JupyterLab)", "6 * 7")
        WebDriverWait(driver, 60, poll_frequency=2).until(lambda found: ran(found, "42"))
        driver.switch_to.new_window("window")
        sign_in(driver, f"https://localhost:{TUNNEL}/lab", idler.receipt)
        yield driver


def test_every_signal_can_be_read(idler: Box) -> None:
    until(lambda: bool(idler.status().get("signals")), "a first look", 20)
    read = {name: one["value"] for name, one in idler.status()["signals"].items() if one["busy"] is not None}
    assert sorted(read) == sorted(
        [
            "ansible",
            "code-server",
            "desktop",
            "gpu",
            "jupyter",
            "keep",
            "load",
            "packages",
            "ssh",
            "terminals",
            "transfers",
        ]
    )
    assert read["gpu"] == "no NVIDIA GPU"


def test_a_busy_kernel_keeps_one_up_while_the_other_powers_off_with_an_open_tab(
    idler: Box,
    worker: Box,
    executing: str,
    tabs: Chrome,
    tunnel: subprocess.Popen[bytes],
    terminal: subprocess.Popen[str],
) -> None:
    until(lambda: idler.status()["signals"]["terminals"]["value"].startswith("1 open"), "an open terminal")
    until(lambda: (idler.in_use(), worker.in_use()) == (["keep"], ["jupyter", "keep"]), "only the kernel in use")
    untouched = idler.kernels()
    assert [kernel["execution_state"] for kernel in untouched if kernel["connections"]] == ["idle"]
    for box in (worker, idler):
        box.run("dlbox keep off")
    began, looks = time.monotonic(), 0
    until(lambda: idler.in_use() == [], "nothing in use", 10)
    with contextlib.suppress(subprocess.CalledProcessError, OSError):  # which is its end
        while time.monotonic() - began < 3 * LIMIT:
            assert idler.in_use() == []
            assert idler.kernels() == untouched
            looks += 1
    assert looks > 5
    until(lambda: idler.state() == "stopped", "the stop")
    assert time.monotonic() - began > LIMIT - 2 * LOOK
    assert "powers off in" in terminal.communicate(timeout=20)[0]
    assert tunnel.wait(20) == 255
    for window in tabs.window_handles:
        tabs.switch_to.window(window)
        assert "/lab" in tabs.current_url
    assert worker.state() == "running"
    assert worker.in_use() == ["jupyter"]
    assert "busy: in use: jupyter (1 kernel, 1 executing, 0 active since the last look)\n" in worker.run(
        "sudo journalctl -u dlbox-idle -o cat"
    )


@pytest.fixture
def mover(worker: Box) -> Iterator[None]:
    """A connection that moves bytes."""
    feed = f"while sleep 0.3; do head -c 9000 /dev/zero; done | {shlex.join([*worker.ssh, 'cat > /dev/null'])}"
    with subprocess.Popen(["sh", "-c", feed], process_group=0) as process:
        yield
        os.killpg(process.pid, 15)


def test_it_says_why_after_the_next_start_and_bytes_or_keep_hold_it(
    idler: Box, worker: Box, executing: str, mover: None
) -> None:
    worker.lab.api(f"kernels/{executing}/interrupt", worker.lab.token, {})
    boto3.client("ec2").start_instances(InstanceIds=[idler.receipt["instance_id"]])
    until(lambda: idler.state() == "running", "the start")
    until(lambda: subprocess.run([*idler.ssh, "true"], capture_output=True, check=False).returncode == 0, "SSH")
    assert idler.status()["last_stop"]["reason"] == "nothing is in use"
    assert "does not power itself off before" in idler.run("dlbox keep 2h")
    until(lambda: (idler.in_use(), worker.in_use()) == (["keep"], ["ssh"]), "each in use", 20)
    time.sleep(LIMIT + 2 * LOOK)
    assert (idler.in_use(), worker.in_use()) == (["keep"], ["ssh"])
