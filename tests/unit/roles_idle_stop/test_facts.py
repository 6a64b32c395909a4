"""The readers, against what they read: a server, a terminal folder, a process table, a locked file, NVIDIA's library."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import ipaddress
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dlbox_idle import facts, gpu, processes

ANSWER = '[{"id": "k1", "name": "python3", "execution_state": "busy", "last_activity": "2026-11-22T04:00:00Z", "connections": 1}]'


def certificate(folder: pathlib.Path) -> None:
    """A certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    start = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "ca.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as JupyterLab does, and remembers what it was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        known = self.headers["Authorization"] == "token secret"
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(ANSWER.encode() if known else b"Forbidden")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def jupyter(folder: pathlib.Path) -> Iterator[int]:
    """A server with TLS, and its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.crt", folder / "key")
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def config(tmp_path: pathlib.Path) -> dict[str, Any]:
    """Settings whose files lie in a folder of the test."""
    certificate(tmp_path)
    (tmp_path / "token").write_text("secret")
    return {
        "jupyter_etc": str(tmp_path),
        "jupyter_ca": str(tmp_path / "ca.crt"),
        "home": str(tmp_path),
        "jupyter_port": 0,
        "web_ports": [0],
        "desktop": {"display": ":83", "pass": str(tmp_path / "xauthority")},
    }


def test_jupyter_is_asked_without_leaving_activity(
    config: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    Handler.asked.clear()
    with jupyter(tmp_path) as port:
        found = facts.jupyter({**config, "jupyter_port": port})
    assert found == {"kernels": {"k1": {"state": "busy", "last": "2026-11-22T04:00:00Z"}}}
    assert Handler.asked == ["/api/kernels?no_track_activity=1"]


def test_a_wrong_token_is_unreadable_and_no_server_is_no_kernel(config: dict[str, Any], tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("another")
    with jupyter(tmp_path) as port:
        found = facts.read({**config, "jupyter_port": port})
    assert "403" in found["jupyter"]["error"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert facts.jupyter({**config, "jupyter_port": free.getsockname()[1]}) == {"kernels": None}
    (tmp_path / "token").unlink()
    assert facts.jupyter(config) == {"kernels": None}


def test_another_authority_is_unreadable(config: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with jupyter(tmp_path) as port:
        certificate(tmp_path)
        assert "CERTIFICATE_VERIFY_FAILED" in facts.read({**config, "jupyter_port": port})["jupyter"]["error"]


def test_one_broken_reader_hides_no_other(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "READERS", {"gpu": lambda config: 1 / 0, "load": facts.load})
    found = facts.read(config)
    assert found["gpu"] == {"error": "division by zero"}
    assert found["load"]["cores"] == os.cpu_count()


def test_terminals_by_their_input(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, read, written in [("0", 100, 900), ("1", 200, 900), ("ptmx", 300, 900)]:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (read, written))
    monkeypatch.setattr(facts, "TERMINALS", tmp_path)
    assert facts.terminals({}) == {"read": {"pts/0": 100, "pts/1": 200}}


def test_a_lock_is_seen_and_not_taken(tmp_path: pathlib.Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    assert not facts.locked(lock)
    hold = f"import fcntl,sys; f=open({str(lock)!r},'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert facts.locked(lock)
        holder.communicate()
    assert not facts.locked(lock)


def test_code_servers_heartbeat(config: dict[str, Any], tmp_path: pathlib.Path) -> None:
    assert facts.code_server(config) == {"beat": None}
    beat = tmp_path / ".local/share/code-server/heartbeat"
    beat.parent.mkdir(parents=True)
    beat.touch()
    os.utime(beat, ns=(7, 7))
    assert facts.code_server(config) == {"beat": 7}


def test_the_desktops_last_input(
    config: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert facts.desktop(config) == {"started": None}
    (tmp_path / "xauthority").touch()
    os.utime(tmp_path / "xauthority", ns=(7, 7))
    asked: list[Any] = []

    def run(command: list[str], **given: Any) -> subprocess.CompletedProcess[str]:
        asked.append((command, given["env"], given["user"], given["group"], given["extra_groups"]))
        return subprocess.CompletedProcess(command, 0, "4000\n", "")

    monkeypatch.setattr(facts.subprocess, "run", run)
    monkeypatch.setattr(facts, "now", lambda: 100.0)
    assert facts.desktop(config) == {"started": 7, "input": 96.0}
    environment = {"DISPLAY": ":83", "XAUTHORITY": str(tmp_path / "xauthority")}
    assert asked == [(["/usr/bin/xprintidle"], environment, os.getuid(), os.getgid(), [])]


def process(folder: pathlib.Path, pid: int, name: str, line: str) -> None:
    """One entry of a process table."""
    (folder / str(pid)).mkdir()
    (folder / str(pid) / "comm").write_text(f"{name}\n")
    (folder / str(pid) / "cmdline").write_bytes(line.replace(" ", "\0").encode())
    (folder / str(pid) / "stat").write_text(
        f"{pid} ({name}) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {pid}00 99 100"
    )
    (folder / str(pid) / "io").write_text("rchar: 10\nwchar: 5\n")


def test_transfers_of_the_process_table(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    process(tmp_path, 7, "rsync", "rsync --server . /data")
    process(tmp_path, 8, "python3", "python3 rsync.py")
    (tmp_path / "9").mkdir()  # it has just ended
    assert processes.transfers({}) == {"bytes": {"rsync 7 700": 15}}


@pytest.mark.parametrize(
    ("name", "line", "runs"),
    [
        ("sudo", "sudo -H -S -n -u root /bin/sh -c echo BECOME-SUCCESS-abcdef ; /usr/bin/python3", True),
        ("python3", "/usr/bin/python3 /home/ubuntu/.ansible/tmp/ansible-tmp-1-2-3/AnsiballZ_apt.py", True),
        ("ansible-playboo", "/usr/bin/python3 /usr/bin/ansible-playbook site.yml", True),
        ("less", "less ansible-playbook.log", False),
    ],
)
def test_a_playbook_in_the_process_table(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str, runs: bool
) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    process(tmp_path, 7, "bash", "-bash")
    process(tmp_path, 8, name, line)
    assert bool(processes.ansible({})["found"]) is runs


class Nvml:
    """NVIDIA's library with as many GPUs as lists, each with its use at one question after the other."""

    def __init__(self, uses: list[list[int]], failing: str = "") -> None:
        self.uses, self.failing, self.open, self.turn = uses, failing, 0, [0] * len(uses)

    def nvmlInit_v2(self) -> int:
        self.open += 1
        return 9 if self.failing == "nvmlInit_v2" else 0

    def nvmlShutdown(self) -> int:
        self.open -= 1
        return 0

    def nvmlDeviceGetCount_v2(self, number: Any) -> int:
        number._obj.value = len(self.uses)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: Any) -> int:
        handle._obj.value = index + 1
        return 0

    def nvmlDeviceGetUtilizationRates(self, handle: Any, use: Any) -> int:
        index = handle.value - 1
        use._obj.gpu, use._obj.memory = self.uses[index][self.turn[index]], 55
        self.turn[index] += 1
        return 3 if self.failing == "nvmlDeviceGetUtilizationRates" else 0


def test_each_gpu_is_asked_several_times() -> None:
    nvml = Nvml([[97, 0, 0], [1, 2, 3]])
    assert gpu.samples(nvml, count=3, pause=0) == [[97, 0, 0], [1, 2, 3]]
    assert nvml.open == 0


@pytest.mark.parametrize(("failing", "opened"), [("nvmlInit_v2", 1), ("nvmlDeviceGetUtilizationRates", 0)])
def test_a_gpu_that_does_not_answer_is_unreadable(failing: str, opened: int) -> None:
    nvml = Nvml([[0]], failing)
    with pytest.raises(OSError, match=failing):
        gpu.samples(nvml, count=1, pause=0)
    assert nvml.open == opened


def test_without_nvidias_device_the_library_is_not_asked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0000:00:1e.0").mkdir()
    (tmp_path / "0000:00:1e.0/vendor").write_text("0x1d0f\n")
    monkeypatch.setattr(gpu, "DEVICES", tmp_path)
    assert facts.gpus({}) == {"gpus": []}
    (tmp_path / "0000:00:1e.0/vendor").write_text("0x10de\n")
    monkeypatch.setattr(gpu, "library", lambda: Nvml([[50] * gpu.SAMPLES]))
    monkeypatch.setattr(gpu, "PAUSE", 0)
    assert facts.gpus({}) == {"gpus": [[50] * gpu.SAMPLES]}
