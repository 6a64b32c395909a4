"""A change of the configuration does not end what runs, and is in effect once nothing does."""

import json
import os
import pathlib
import shlex
import subprocess
import time
from collections.abc import Callable

from browser.notebook import Notebook, send

HERE = pathlib.Path(__file__).parent


def serve() -> str:
    """What the role's last part says."""
    inventory = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory")
    command = ["ansible-playbook", "--inventory", str(inventory), "serve.yml"]
    # A colour would stand in the middle of a sentence.
    plain = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run(command, env=plain, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.split())


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_what_runs_survives_a_change_of_the_configuration(box: Notebook) -> None:
    def state() -> str:
        return str(box.api(f"kernels/{identity}", box.token)["execution_state"])

    terminal = box.api("terminals", box.token, {})["name"]
    typed = box.channel(f"terminals/websocket/{terminal}")
    with box.kernel("conda-plain") as (identity, channel):
        send(channel, "import time; time.sleep(600)")
        typed.send(json.dumps(["stdin", "echo $((6 * 7)); sleep 600\r"]))
        while "42" not in typed.recv():
            pass
        until(lambda: state() == "busy")
        touch = [*shlex.split(os.environ["DLBOX_SSH"]), "sudo touch /etc/dlbox/jupyter/config.py"]
        subprocess.run(touch, check=True)

        said = serve()
        assert "goes on as it was, though it has not read /etc/dlbox/jupyter/config.py" in said
        assert "kernel conda-plain runs code, sleep runs in a terminal. The next run after that restarts it" in said
        assert "changed=0" in said
        assert state() == "busy"

        typed.close()
        box.api(f"terminals/{terminal}", box.token, method="DELETE")
        box.api(f"kernels/{identity}/interrupt", box.token, {})
        until(lambda: state() == "idle")
        said = serve()
        assert "goes on as it was" not in said
        assert "changed=1" in said
        assert box.api("kernels", box.token) == []
