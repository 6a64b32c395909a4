"""What breaks under a run: the sentence that says so, and the next run, which heals it. The rows are those of faults.md."""

import hashlib
import os
import pathlib
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rehearsal.cloud import Instance
from rehearsal.containers import machine
from rehearsal.place import Place
from rehearsal.podman import podman
from runs import SSH, configure, opens, refused, sentence, ssh, start, until

# Each has several whole runs, on a machine that may be busy.
pytestmark = pytest.mark.timeout(1200)
VENV = "/opt/dlbox/jupyter"
VENDOR = "/usr/local/lib/dlbox-cuda-check/vendor"
MIRROR = "http://127.0.0.1:8999"


@pytest.fixture
def mirror() -> Iterator[Callable[[str, str], None]]:
    """A web server on the machine, whose files the test gives; `hang` holds back what has that text in its path."""
    serve = "sudo systemd-run -q --collect --unit=mirror --property=Type=exec /usr/bin/python3 /srv/mirror.py /srv/mirror 8999"
    ssh(serve)
    until(lambda: ssh("ss -Hltn 'sport = :8999'") != "")

    def put(name: str, text: str) -> None:
        ssh(f"sudo tee /srv/mirror/{name} >/dev/null <<'END'\n{text}\nEND")

    yield put
    ssh("sudo systemctl stop mirror; sudo rm -rf /srv/mirror/*")


@contextmanager
def mounted(path: str, size: str) -> Iterator[None]:
    """A small disk at a path."""
    ssh(f"sudo mkdir -p {path} && sudo mount -t tmpfs -o size={size} full {path}")
    try:
        yield
    finally:
        ssh(f"sudo umount --lazy {path}")


def half_installed(then: str) -> subprocess.Popen[bytes]:
    """On the machine: once JupyterLab's environment has some packages, do this."""
    some = f"until [ $(ls {VENV}/lib/python3*/site-packages 2>/dev/null | wc -l) -gt 20 ]; do sleep 0.01; done"
    return subprocess.Popen([*SSH, f"{some}; {then}"])


def no_jupyter() -> None:
    ssh(f"sudo rm -rf {VENV}")


def healed() -> None:
    """The next run mends it, the one after has nothing to do, and JupyterLab works."""
    assert configure("jupyter")
    assert not configure("jupyter")
    assert opens()


def test_27_disk_full_jupyter_says_how_much_is_missing() -> None:
    no_jupyter()
    with mounted(VENV, "30m"):
        said = refused("jupyter")
    assert re.search(
        r"The disk is full: uv could not install the packages of /opt/dlbox/jupyter \((29|30) MiB are free", said
    )
    assert re.search(r"so 37\d MiB are missing\): raise box_disk_gib", said)
    healed()


def test_27_disk_full_in_the_middle_of_uv() -> None:
    ssh("sudo /opt/dlbox/uv/bin/uv venv -q --python /usr/bin/python3 /opt/pytorch && sudo rm -rf /opt/dlbox/kernels")
    with mounted("/opt/dlbox/kernels", "4m"):
        said = refused("jupyter")
        assert said.startswith(
            "The disk is full: uv could not install the packages of /opt/dlbox/kernels/pytorch-python3."
        )
        assert re.search(r"\d MiB are free in /opt/dlbox/kernels/.*, and it needs more\): raise box_disk_gib", said)
    assert configure("jupyter")
    ssh("ls /opt/dlbox/kernels/pytorch-python3*/ipykernel/__main__.py && sudo rm -r /opt/pytorch")
    configure("jupyter")


def test_27_disk_full_starter_files() -> None:
    ssh("sudo rm -f /var/lib/dlbox/starter.json")
    with mounted("/mnt/full", "4k"):
        said = refused("jupyter", box_jupyter_folder="/mnt/full")
        assert re.search(
            r"^The disk is full: the files to start from need \d+ KiB in /mnt/full, and \d KiB are free: raise", said
        )
        assert ssh("find /mnt/full -type f -name '.*'") == ""
        ssh("sudo mount -o remount,size=1m /mnt/full")
        assert configure("jupyter", box_jupyter_folder="/mnt/full")
        assert ssh("ls /mnt/full/starter") == "starter.ipynb\ntrain.py"
    healed()


def test_27_disk_full_code_server_says_how_much_is_missing(mirror: object) -> None:
    with mounted("/opt/dlbox", "50m"):
        source = f"{MIRROR}/code-server.tar.gz"
        said = refused("vscode_server", box_vscode=True, vscode_server_rehearsal=False, vscode_server_source=source)
    assert re.search(
        r"^The disk is full: code-server needs 1100 MB in /opt/dlbox, and 5\d are free, so 10\d\d MB are missing", said
    )


def test_27_killed_uv_in_jupyters_environment() -> None:
    no_jupyter()
    with half_installed("sudo pkill -KILL -f '[u]v pip sync'"):
        said = refused("jupyter")
    assert "uv was killed by signal 9 and could not install the packages of /opt/dlbox/jupyter" in said
    # As bad as a kill can be: a package that looks installed and is not.
    ssh(f"sudo rm -rf {VENV}/lib/python3*/site-packages/jupyterlab {VENV}/lib/python3*/site-packages/tornado")
    healed()


def test_27_killed_creation_of_the_environment() -> None:
    no_jupyter()
    ssh(f"sudo mkdir -p {VENV}/bin && sudo ln -s /usr/bin/python3 {VENV}/bin/python")
    healed()
    # Without pyvenv.cfg that Python would have been the system's.
    assert ssh("find /usr/local/lib /usr/lib/python3 -maxdepth 3 -name 'jupyterlab*'") == ""


def test_27_killed_uv_in_the_gpu_checks_folder(mirror: Callable[[str, str], None]) -> None:
    ssh(f"sudo rm -rf {VENDOR}")
    mirror("hang", "nvidia")
    run = start("base,cuda_check", box_pypi_index=f"{MIRROR}/simple")
    until(lambda: ssh("ls /srv/mirror/waits", None) != "")
    ssh("sudo pkill -KILL -f '[u]v pip install'")
    assert f"uv was killed by signal 9 and could not install the packages of {VENDOR}" in sentence(run)
    ssh(f"ls {VENDOR}", 2)
    assert configure("base,cuda_check")
    ssh(f"PYTHONPATH={VENDOR} python3 -c 'import pynvml'")
    ssh(f"sudo rm {VENDOR}/pynvml.py")
    assert configure("cuda_check")
    ssh(f"PYTHONPATH={VENDOR} python3 -c 'import pynvml'")
    assert not configure("cuda_check")


def test_27_killed_pip_of_uv_itself() -> None:
    ssh("sudo rm -f /opt/dlbox/uv/bin/uv /opt/dlbox/uv/lib/python3*/site-packages/uv-*.dist-info/RECORD")
    assert configure("base")
    ssh("/opt/dlbox/uv/bin/uv --version")
    assert not configure("base")


def test_27_index_does_not_answer() -> None:
    ssh(f"sudo rm -rf {VENDOR}")
    said = refused("base,cuda_check", box_pypi_index="http://127.0.0.1:1/simple")
    assert "because http://127.0.0.1:1/simple" in said
    assert "does not answer" in said
    assert "set box_pypi_index" in said
    assert configure("base,cuda_check")


@pytest.fixture
def no_conda() -> Iterator[None]:
    """A machine without conda."""
    ssh("sudo mv /opt/conda /opt/conda.away")
    yield
    ssh("rm -rf ~/miniforge3 ~/.cache/Miniforge3*; sudo mv /opt/conda.away /opt/conda")
    configure("conda")


INSTALLER = "while [ $# -gt 0 ]; do [ $1 = -p ] && mkdir -p $2/bin && ln -sf /opt/conda.away/bin/conda $2/bin/conda; shift; done"


@pytest.mark.usefixtures("no_conda")
def test_27_miniforge_mirror_timeout_wrong_checksum_full_disk(mirror: Callable[[str, str], None]) -> None:
    name = f"Miniforge3-1-Linux-{os.uname().machine}.sh"
    right = {os.uname().machine: hashlib.sha256(f"{INSTALLER}\n".encode()).hexdigest()}
    settings = {"conda_miniforge_url": MIRROR, "conda_miniforge_version": "1"}
    mirror(name, INSTALLER)
    mirror("hang", "Miniforge")
    said = refused("conda", **settings, conda_miniforge_sha256=right)
    assert re.search(
        rf"from {MIRROR}/{name} \(.*timed out.*\): name a mirror that is near with conda_miniforge_url", said
    )
    ssh("sudo rm /srv/mirror/hang")
    said = refused("conda", **settings, conda_miniforge_sha256={os.uname().machine: "0" * 64})
    assert "it has not the checksum of the pinned release and was not run" in said
    ssh("ls ~/miniforge3", 2)
    with mounted("/home/ubuntu/.cache", "4k"):
        ssh("sudo chown ubuntu: ~/.cache && head -c 4096 /dev/zero > ~/.cache/fill || true")
        said = refused("conda", **settings, conda_miniforge_sha256=right)
        assert re.search(r"the disk is full: about 1000 MiB are needed and \d+ are free, so \d+ MiB are missing", said)
    assert configure("conda", **settings, conda_miniforge_sha256=right)
    ssh("touch ~/miniforge3.unfinished && rm ~/miniforge3/bin/conda && ln -s /bin/false ~/miniforge3/bin/conda")
    # What a kill left there is not taken for conda.
    assert configure("conda", **settings, conda_miniforge_sha256=right)
    assert not configure("conda", **settings, conda_miniforge_sha256=right)
    assert "miniforge3" in ssh("cat /var/lib/dlbox/conda.json")


def test_27_code_server_mirror_down_and_wrong_checksum(mirror: Callable[[str, str], None]) -> None:
    settings = {"box_vscode": True, "vscode_server_rehearsal": False}
    said = refused("vscode_server", **settings, vscode_server_source="http://127.0.0.1:1/code-server.tar.gz")
    assert re.search(
        r"^http://127.0.0.1:1/code-server.tar.gz could not be had \(.*refused.*\): nothing was installed", said
    )
    mirror("code-server.tar.gz", "no archive")
    said = refused("vscode_server", **settings, vscode_server_source=f"{MIRROR}/code-server.tar.gz")
    assert re.search(r"has the SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is wanted: nothing was installed", said)
    assert ssh("ls -A /opt/dlbox | grep code-server", None) == ""


def test_27_apt_lock_is_waited_for_with_a_limit() -> None:
    packages = ["ca-certificates", "curl", "git", "iproute2", "openssl", "python3-venv", "hello"]
    ssh("sudo dpkg --purge hello")
    hold = "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(600)"
    ssh(f'sudo systemd-run -q --collect --unit=holder --property=Type=exec python3 -c "{hold}"')
    try:
        said = refused("base", base_packages=packages, base_wait_seconds=3)
        assert "apt did not install hello" in said
        assert "it did so for 3 s: let it end" in said
        run = start("base", base_packages=packages, base_wait_seconds=60)
        until(lambda: ssh("pgrep -f '[a]pt-get.*hello'", None) != "")
    finally:
        ssh("sudo systemctl stop holder")
    said, _ = run.communicate()
    assert run.returncode == 0, said[-3000:]
    ssh("hello")


def test_27_cloud_init_is_waited_for_with_a_limit() -> None:
    stand_in = '#!/bin/sh\ntest "$*" = "status --wait" || exit 9\ntouch /run/asked\nuntil test -e /run/done; do sleep 0.1; done\nexit $(cat /run/done)'
    ssh(f"sudo tee /usr/bin/cloud-init >/dev/null <<'END'\n{stand_in}\nEND\nsudo chmod +x /usr/bin/cloud-init")
    try:
        assert "is still running after 2 s: run this again later, or raise base_wait_seconds" in refused(
            "base", base_wait_seconds=2
        )
        ssh("sudo rm -f /run/asked")
        run = start("base", base_wait_seconds=60)
        until(lambda: ssh("ls /run/asked", None) != "")
        ssh("echo 0 | sudo tee /run/done")
        said, _ = run.communicate()
        assert run.returncode == 0, said[-3000:]
        ssh("echo 1 | sudo tee /run/done")
        assert "failed: read /var/log/cloud-init-output.log there" in refused("base")
    finally:
        ssh("sudo rm -f /usr/bin/cloud-init /run/asked /run/done")


def test_27_reboot_in_the_middle_of_a_run() -> None:
    no_jupyter()
    run = start("jupyter")
    half_installed("true").wait()
    one = Instance(f"i-{Place(pathlib.Path(os.environ['DLBOX_MACHINE'])).suffix:0>17}", "", "", "", "", "")
    podman("restart", "--time", "0", machine(one.id))
    said, _ = run.communicate()
    assert run.returncode != 0, said[-3000:]
    # At once: the run waits until SSH is back.
    healed()


def test_31_an_index_with_a_password_is_refused_and_not_said() -> None:
    index = "https://me:s3cret-4f2a@index.example.org/simple"
    lines = {"name": "dl", "pip": [f"--index-url {index}", "einops"]}
    for tags, settings in (("base", {"box_pypi_index": index}), ("conda", {"box_environments": [lines]})):
        run = start(tags, **settings)
        said, _ = run.communicate()
        assert run.returncode == 2
        assert "~/.netrc on the box" in said
        assert "s3cret" not in said


def test_15_an_address_used_again_and_a_changed_key(tmp_path: pathlib.Path) -> None:
    known = tmp_path / "known_hosts"

    def connect(instance: str, command: str = "true") -> subprocess.CompletedProcess[str]:
        """Connect as the inventory has it, for an instance of this id at the same address."""
        own = ["-o", "ControlPath=none", "-o", f"UserKnownHostsFile={known}", "-o", f"HostKeyAlias={instance}"]
        return subprocess.run([SSH[0], *own, *SSH[1:], command], capture_output=True, text=True, check=False)

    assert connect("i-1").returncode == 0
    one = known.read_text()
    key = "/etc/ssh/ssh_host_ed25519_key"
    ssh(
        f"sudo cp -a {key} {key}.old && sudo rm {key} && sudo ssh-keygen -q -t ed25519 -N '' -f {key} && sudo systemctl restart ssh"
    )
    try:
        again = connect("i-1")
        assert again.returncode == 255
        assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in again.stderr
        assert known.read_text() == one
        # Another instance has the address now: it is trusted by its own id, and nothing else is.
        assert connect("i-2").returncode == 0
        assert known.read_text().startswith(one)
        # The way out that ssh names, for this one host.
        subprocess.run(["ssh-keygen", "-q", "-f", known, "-R", "i-1"], check=True, capture_output=True)
        assert connect("i-1").returncode == 0
        assert len(known.read_text().splitlines()) == 2
    finally:
        back = (
            f"sudo mv {key}.old {key} && sudo sh -c 'ssh-keygen -y -f {key} > {key}.pub' && sudo systemctl restart ssh"
        )
        # The scenario's own known_hosts has the old key.
        assert connect("i-3", back).returncode == 0
