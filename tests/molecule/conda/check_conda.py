"""What a user feels of the environments: they follow the list, and neither a kill nor a failure takes away what worked."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

HERE = pathlib.Path(__file__).parent
ENVS = "/home/ubuntu/.conda/envs"
LOCAL = pathlib.Path(os.environ["DLBOX_LOCAL"], "environments")
DL: dict[str, Any] = {"name": "dl", "packages": ["tool"], "pip": ["einops"]}


def ssh(command: str, status: int = 0) -> str:
    """What a command prints on the machine."""
    done = subprocess.run([*shlex.split(os.environ["DLBOX_SSH"]), command], capture_output=True, text=True, check=False)
    assert done.returncode == status, (command, done.stdout, done.stderr)
    return done.stdout.strip()


def start(settings: dict[str, Any], roles: str = "conda") -> subprocess.Popen[str]:
    """Configure the machine with these settings."""
    inventory = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "inventory")
    tags = ["--tags", roles, "--inventory", str(inventory), "--extra-vars", json.dumps(settings)]
    command = ["ansible-playbook", *tags, "converge.yml"]
    env = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    return subprocess.Popen(command, cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def configure(*environments: dict[str, Any], roles: str = "conda", **settings: Any) -> str:
    """What a run says; it has to succeed."""
    run = start({"box_environments": environments, **settings}, roles)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-3000:]
    return said


def refused(*environments: dict[str, Any], **settings: Any) -> str:
    """The sentence of a run that has to fail."""
    run = start({"box_environments": environments, **settings}, "base,conda" if settings else "conda")
    said, _ = run.communicate()
    assert run.returncode == 2, said[-3000:]
    return sentence(said)


def sentence(said: str) -> str:
    """The message of the task that failed."""
    [message] = {json.loads(text) for text in re.findall(r'"msg": ("(?:[^"\\]|\\.)*")', said)}
    assert message.endswith(".")
    return message


def changed(said: str) -> bool:
    return "changed=0 " not in said


def share(name: str = "dl") -> list[str]:
    """The scenario's packages in an environment, by the files that they bring."""
    return ssh(f"ls {ENVS}/{name}/share | sort").split()


def picture(name: str = "dl") -> str:
    """Every file of an environment with its content, in one number; bytecode aside."""
    return ssh(
        f"cd {ENVS}/{name} && find . -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum | sha256sum"
    )


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def hang() -> Iterator[Callable[[str], None]]:
    """Let the mirror hang at a path, until the test ends."""

    def at(path: str) -> None:
        ssh(f"sudo rm -f /srv/mirror/waits; echo {path} | sudo tee /srv/mirror/hang")

    yield at
    ssh("sudo rm -f /srv/mirror/hang")


def waits() -> bool:
    """Whether somebody waits for the mirror."""
    return ssh("ls /srv/mirror/waits || true") != ""


def leftovers() -> str:
    return ssh(f"ls -A {ENVS} | grep dlbox || true")


def test_it_has_what_is_declared() -> None:
    configure(DL)
    assert share() == ["lib", "part", "tool"]
    assert ssh(f"{ENVS}/dl/bin/python -c 'import einops, sys; print(sys.prefix)'") == f"{ENVS}/dl"


@pytest.mark.parametrize("shell", ["bash -ic", "bash -lic"])
def test_an_interactive_shell_finds_conda(shell: str) -> None:
    assert "dl" in ssh(f"{shell} 'conda env list --json' 2>/dev/null")


def test_a_run_with_nothing_to_do_asks_conda_nothing() -> None:
    ssh(
        "sudo mv /opt/conda/bin/conda /opt/conda/bin/conda.away; printf '#!/bin/sh\\nexit 9\\n' | sudo tee /opt/conda/bin/conda; sudo chmod +x /opt/conda/bin/conda"
    )
    try:
        said = configure(DL)
        assert not changed(said)
    finally:
        ssh("sudo mv /opt/conda/bin/conda.away /opt/conda/bin/conda")


def test_a_package_that_is_no_longer_declared_goes_with_what_only_it_needed() -> None:
    ssh("/opt/conda/bin/conda install -y -q --override-channels -c extra -n dl other --json")
    assert changed(configure({**DL, "packages": []}))
    # What was added by hand stays, with what it needs.
    assert share() == ["lib", "other"]
    assert changed(configure({**DL, "packages": [], "pip": []}))
    assert "einops" not in ssh(f"ls {ENVS}/dl/lib/python3*/site-packages")
    ssh("/opt/conda/bin/conda remove -y -q --force -n dl other --json")
    assert changed(configure(DL))
    assert share() == ["lib", "part", "tool"]
    assert not changed(configure(DL))


def test_a_package_that_was_removed_by_hand_comes_back() -> None:
    ssh(f"rm {ENVS}/dl/conda-meta/tool-1.0-0.json {ENVS}/dl/share/tool")
    assert changed(configure(DL))
    assert "tool" in share()


def test_what_was_added_by_hand_stays() -> None:
    ssh(
        f"/opt/dlbox/uv/bin/uv pip install -q --python {ENVS}/dl/bin/python http://127.0.0.1:8999/simple/mirrored/mirrored-1.0-py3-none-any.whl"
    )
    assert not changed(configure(DL))
    configure({**DL, "packages": ["tool", "other"]})
    assert ssh(f"{ENVS}/dl/bin/python -c 'import mirrored; print(mirrored.VERSION)'") == "1.0"
    configure(DL)
    assert ssh(f"{ENVS}/dl/bin/python -c 'import mirrored; print(mirrored.VERSION)'") == "1.0"


def test_a_failed_solve_leaves_the_environment() -> None:
    before = picture()
    assert "nosuch" in (said := refused({**DL, "packages": ["other", "nosuch"]}))
    assert "nothing of it was changed" in said
    assert (picture(), leftovers()) == (before, "")


def test_a_failed_pip_leaves_the_environment() -> None:
    before = picture()
    assert "nosuch-of-dlbox" in refused(
        {
            **DL,
            "packages": ["other"],
            "pip": ["nosuch-of-dlbox @ http://127.0.0.1:8999/nosuch-of-dlbox-1.0-py3-none-any.whl"],
        }
    )
    assert (picture(), leftovers()) == (before, "")


@pytest.mark.parametrize(
    ("more", "path", "process", "tool"),
    [
        ({"packages": ["other", "slow"]}, "slow-1.0", "[b]in/conda install", "conda"),
        ({"packages": ["other"], "pip": ["slowwheel @ http://127.0.0.1:8999/simple/slowwheel/slowwheel-1.0-py3-none-any.whl"]}, "slowwheel-1.0", "[b]in/uv pip install", "uv"),
    ],
    ids=["conda", "uv"],
)  # fmt: skip
def test_a_killed_command_leaves_the_environment(
    hang: Callable[[str], None], more: dict[str, Any], path: str, process: str, tool: str
) -> None:
    before = picture()
    hang(path)
    run = start({"box_environments": [{**DL, **more}]})
    until(waits)
    assert picture() == before
    ssh(f"sudo pkill -KILL -f '{process}'")
    said, _ = run.communicate()
    assert f"{tool} was killed by signal 9" in sentence(said)
    assert (picture(), leftovers()) == (before, "")


def test_a_killed_run_leaves_the_environment_and_the_next_one_finishes(hang: Callable[[str], None]) -> None:
    before = picture()
    hang("slow-1.0")
    run = start({"box_environments": [{**DL, "packages": ["tool", "slow"]}]})
    until(waits)
    assert "Another run is still changing environments" in refused({**DL, "packages": ["tool", "slow"]})
    # The module, which waits for conda; no handler of it can clean up.
    ssh("sudo kill -KILL $(ps -o ppid= -p $(pgrep -o -f '[b]in/conda install'))")
    run.communicate()
    assert run.returncode != 0
    until(lambda: ssh("pgrep -f '[b]in/conda install' || true") == "")
    assert picture() == before
    assert leftovers() != ""
    ssh("sudo rm /srv/mirror/hang")
    configure({**DL, "packages": ["tool", "slow"]})
    assert "slow" in share()
    assert leftovers() == ""


def test_a_killed_creation_is_begun_again(hang: Callable[[str], None]) -> None:
    hang("slow-1.0")
    ssh("rm -rf ~/.conda/pkgs")
    new = {"name": "new", "packages": ["tool", "slow"]}
    run = start({"box_environments": [DL, new]})
    until(waits)
    ssh("sudo kill -KILL $(ps -o ppid= -p $(pgrep -o -f '[b]in/conda install'))")
    run.communicate()
    ssh("sudo rm /srv/mirror/hang")
    configure(DL, new)
    assert share("new") == ["lib", "part", "slow", "tool"]


def test_only_what_is_declared_absent_goes() -> None:
    configure(DL)
    assert share("new") == ["lib", "part", "slow", "tool"]
    assert (LOCAL / "new.lock").exists()
    assert changed(configure(DL, {"name": "new", "state": "absent"}))
    assert "new" not in ssh(f"ls -A {ENVS}")
    # Its locks go with it, here and on the box; those of others stay.
    assert sorted(path.name for path in LOCAL.iterdir()) == ["dl.lock", "dl.pip.txt"]
    assert ssh("ls -A /var/lib/dlbox/environments").split() == [".dl.json", "dl.lock", "dl.pip.txt"]
    assert not changed(configure(DL, {"name": "new", "state": "absent"}))
    assert json.loads(ssh("cat /var/lib/dlbox/conda.json"))["environments"] == {"dl": f"{ENVS}/dl"}


def test_the_users_own_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "environment.yml"
    text = "name: theirs\nchannels: [extra, conda-forge, nodefaults]\ndependencies:\n  - python\n  - lib=1.0\n  - pip:\n      - einops\n"
    file.write_text(text)
    configure({"file": str(file)})
    assert ssh(f"cat {ENVS}/theirs/share/lib") == "1.0"
    assert ssh(f"{ENVS}/theirs/bin/python -c 'import einops'") == ""
    assert ssh("cat /var/lib/dlbox/environments/theirs.yml") == text.strip()
    file.write_text(text.replace("lib=1.0", "lib"))
    assert not changed(configure({"file": str(file)})), "1.0 is one that the file allows"
    file.write_text(text.replace("lib=1.0", "nosuch"))
    assert f"correct it in {file}, then run again" in refused({"file": str(file)})
    configure({"name": "theirs", "state": "absent"})


def test_the_lock_is_here_and_rebuilds_it() -> None:
    configure(DL)
    for end in ("lock", "pip.txt"):
        assert (LOCAL / f"dl.{end}").read_text().strip() == ssh(f"cat /var/lib/dlbox/environments/dl.{end}")
    ssh("/opt/conda/bin/conda create -y -q -n again --file /var/lib/dlbox/environments/dl.lock --json")
    ssh(
        f"/opt/dlbox/uv/bin/uv pip install -q --no-deps --python {ENVS}/again/bin/python -r /var/lib/dlbox/environments/dl.pip.txt"
    )
    one, other = (ssh(f"/opt/conda/bin/conda list -n {name} --json") for name in ("dl", "again"))
    assert one == other
    ssh(f"rm -r {ENVS}/again")


def test_a_full_disk_says_how_much_is_missing() -> None:
    ssh("sudo mount -t tmpfs -o size=8m,uid=1000,gid=1000 full ~/.conda")
    try:
        full = {"name": "full", "packages": ["tool"]}
        configure(full)
        before = picture("full")
        said = refused({**full, "packages": ["tool", "large"]})
        assert said.startswith(
            "The disk is full: conda could not install the packages of full (16 MiB are still to be downloaded"
        )
        assert re.search(r"at least [0-9]{3} MiB are missing\); nothing of it was changed: raise box_disk_gib", said)
        assert (picture("full"), leftovers()) == (before, "")
    finally:
        ssh("sudo umount ~/.conda")
    assert not changed(configure(DL))


def test_a_mirror_that_does_not_answer_is_named() -> None:
    ssh("rm -rf ~/.conda/pkgs")
    said = refused({**DL, "packages": ["other"]}, box_conda_mirror="http://127.0.0.1:1/conda")
    assert "because http://127.0.0.1:1/conda/extra does not answer" in said.replace("/extra/", "/extra ")
    assert "box_conda_mirror" in said
    configure(DL, roles="base,conda")


def test_the_mirrors_are_used_by_everyone() -> None:
    mirror = "http://127.0.0.1:8999"
    ssh("printf 'deb http://archive.ubuntu.com/ubuntu noble main\\n' | sudo tee /etc/apt/sources.list.d/some.list")
    before = ssh("cat /etc/pip.conf")
    both = {"box_apt_mirror": f"{mirror}/ubuntu", "box_pypi_index": f"{mirror}/simple"}
    configure(DL, roles="base", **both)
    assert f"'{mirror}/ubuntu/dists/noble/" in ssh("apt-get update --print-uris")
    clean = "env -i HOME=/tmp/clean PATH=/usr/bin:/bin"
    ssh(f"{clean} /opt/dlbox/uv/bin/uv pip install -q --target /tmp/by-uv mirrored && ls /tmp/by-uv/mirrored.py")
    ssh(f"{clean} /opt/dlbox/uv/bin/pip install -q --target /tmp/by-pip mirrored && ls /tmp/by-pip/mirrored.py")
    assert not changed(configure(DL, roles="base", **both))
    configure(DL, roles="base")
    assert (
        ssh("cat /etc/apt/sources.list.d/some.list /etc/pip.conf")
        == f"deb http://archive.ubuntu.com/ubuntu noble main\n{before}"
    )
    ssh("sudo rm /etc/apt/sources.list.d/some.list; ls /etc/uv/uv.toml", status=2)
