"""No secret in a run's words, in a process list, or on the machine: a whole run is watched while it sets new ones."""

import json
import os
import pathlib
import shlex
import subprocess
import threading

import pytest

# The scenario's folder, the role that sets the secrets, and their files on the controller, the password first.
HERE = pathlib.Path.cwd()
ROLE = os.environ["DLBOX_TAG"]
NAMES = os.environ["DLBOX_SECRETS"].split()
PLACES = "/etc /home /opt/dlbox /root /run/log /tmp /var/lib/dlbox /var/log /var/tmp"


def sample(stop: threading.Event, seen: set[str]) -> None:
    """Gather every command line on this machine until told to stop; a machine in a container is part of it."""
    while not stop.wait(0.02):
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue


@pytest.fixture(scope="module")
def watched() -> tuple[list[str], str, set[str]]:
    """Old and new secrets, what a run at -vvv --diff said while it set the new ones, and all command lines meanwhile."""
    folder = pathlib.Path(json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())["password_file"]).parent
    files = [folder / name for name in NAMES]
    secrets = [file.read_text() for file in files]
    for file in files:
        file.unlink()
    stop, lines = threading.Event(), set[str]()
    watcher = threading.Thread(target=sample, args=(stop, lines))
    watcher.start()
    inventory = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory")
    command = ["ansible-playbook", "-vvv", "--diff", "--tags", ROLE, "--inventory", str(inventory), "converge.yml"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    stop.set()
    watcher.join()
    assert done.returncode == 0, done.stdout[-3000:]
    secrets += [file.read_text() for file in files]
    return secrets, done.stdout + done.stderr, lines


def test_the_run_set_new_secrets(watched: tuple[list[str], str, set[str]]) -> None:
    assert len(set(watched[0])) == 2 * len(NAMES)


def test_a_run_says_no_secret(watched: tuple[list[str], str, set[str]]) -> None:
    secrets, said, _ = watched
    assert f"TASK [{ROLE} : " in said
    assert [secret for secret in secrets if secret in said] == []


def test_no_command_line_holds_a_secret(watched: tuple[list[str], str, set[str]]) -> None:
    secrets, _, lines = watched
    assert any("/opt/dlbox/" in line for line in lines), "the machine's processes were not seen"
    assert [line for line in lines for secret in secrets if secret in line] == []


def found_on_machine(text: str) -> list[str]:
    """`<mode> <path>` of every file on the machine that holds the text."""
    grep = (
        f"sudo grep --recursive --files-with-matches --null --fixed-strings --file=/dev/stdin --devices=skip {PLACES}"
    )
    command = [
        *shlex.split(os.environ["DLBOX_SSH"]),
        f"{grep} | sudo xargs --null --no-run-if-empty stat --format '%a %n'",
    ]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_machine_holds_no_clear_password(watched: tuple[list[str], str, set[str]]) -> None:
    secrets, _, _ = watched
    old, new = secrets[0], secrets[len(NAMES)]
    assert found_on_machine(f"{old}\n{new}") == []


def test_files_with_the_token_are_closed(watched: tuple[list[str], str, set[str]]) -> None:
    found = found_on_machine(watched[0][3])
    assert "600 /etc/dlbox/jupyter/token" in found
    assert [line for line in found if not line.split()[0].endswith("0")] == []
