"""What the checks of this scenario share: the machine's shell, and runs of its playbook."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Any

from browser.notebook import Notebook

HERE = pathlib.Path(__file__).parent
ADDRESS = os.environ["DLBOX_ADDRESS"]
LOCAL = pathlib.Path(os.environ["DLBOX_LOCAL"])
SSH = shlex.split(os.environ["DLBOX_SSH"])
PORT = 8085


def ssh(command: str, status: int | None = 0) -> str:
    """What a command prints on the machine; None: any exit status."""
    done = subprocess.run([*SSH, command], capture_output=True, text=True, check=False)
    assert status is None or done.returncode == status, (command, done.stdout, done.stderr)
    return done.stdout.strip()


def start(tags: str, **settings: Any) -> subprocess.Popen[str]:
    """Run the parts with these tags and settings."""
    inventory = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory")
    words = ["--tags", tags, "--skip-tags", "idle_stop,ssh_client", "--inventory", str(inventory)]
    command = ["ansible-playbook", *words, "--extra-vars", json.dumps(settings), "converge.yml"]
    env = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    return subprocess.Popen(command, cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def configure(tags: str, **settings: Any) -> bool:
    """Run them; it has to succeed. Whether something changed."""
    run = start(tags, **settings)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-3000:]
    return "changed=0 " not in said


def refused(tags: str, **settings: Any) -> str:
    """The sentence with which a run ends that has to fail."""
    return sentence(start(tags, **settings))


def sentence(run: subprocess.Popen[str]) -> str:
    """The last message of a run that has to fail."""
    said, _ = run.communicate()
    assert run.returncode == 2, said[-3000:]
    message = str([json.loads(text) for text in re.findall(r'"msg": ("(?:[^"\\]|\\.)*")', said)][-1])
    assert message.endswith("."), message
    assert "Traceback" not in message
    return message


def until(true: Callable[[], bool], seconds: float = 240) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def box(host: str = ADDRESS) -> Notebook:
    """JupyterLab under a name."""
    receipt = {"password_file": str(LOCAL / "jupyter_password"), "ca_file": str(LOCAL / "ca.crt")}
    return Notebook({"urls": {"jupyter": f"https://{host}:{PORT}/lab"}, **receipt})


def opens(host: str = ADDRESS) -> bool:
    """Whether the password opens it there, over TLS that the box's authority vouches for."""
    return box(host).sign_in(box(host).password) == 200
