"""Up is quiet when it is up, down leaves nothing, and two rehearsals live side by side."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest
from rehearsal import lifecycle, network
from rehearsal.place import DEFAULT, Place
from rehearsal.processes import pid_of

from .conftest import Box, Rehearsal, cli, free_port, launch


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (DEFAULT, "make down"),
        (pathlib.Path("/tmp/two"), "PYTHONPATH=tests python -m rehearsal --state /tmp/two down"),
    ],
)
def test_each_rehearsal_names_its_own_end(folder: pathlib.Path, said: str) -> None:
    assert lifecycle.down_command(Place(folder)) == said


def traces(rehearsal: Rehearsal) -> dict[str, str]:
    """Collect whatever carries a rehearsal's name on this host."""
    suffix = rehearsal.place.suffix

    def said(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    lines = [line for line in said("iptables-save").splitlines() if suffix in line]
    return {
        "containers": said("podman", "ps", "--all", "--quiet", "--filter", f"label={rehearsal.place.label}"),
        "networks": said("podman", "network", "ls", "--quiet", "--filter", f"label={rehearsal.place.label}"),
        "rules": "\n".join(lines),
        "processes": "".join(str(pid_of(rehearsal.place, name) or "") for name in ("server", "driver")),
        "files": "".join(path.name for path in rehearsal.state.glob("*") if path.suffix != ".log"),
    }


def host() -> str:
    """Print the parts of the host that machines touch: rules, links, addresses, routes, volumes, networks."""
    commands = (
        "iptables-save | grep -v '^#' | sed 's/\\[.*//'",
        "ip -o link | cut -d' ' -f2",
        "ip -o -4 addr show | awk '{print $2, $4}'",
        "ip -4 route",
        "podman volume ls -q; podman network ls -q; ls /var/lib/cni/networks 2>/dev/null || true",
    )
    return subprocess.run(["sh", "-c", "; ".join(commands)], capture_output=True, text=True, check=True).stdout


def marks(rehearsal: Rehearsal) -> set[str]:
    """Name what is its own on this host; other rehearsals may come and go meanwhile."""
    found = network.inspect(rehearsal.place.network)
    assert found
    subnet, bridge = found
    rules = [line for line in host().splitlines() if rehearsal.place.suffix in line]
    chains = {word for line in rules for word in line.split() if word.startswith("CNI-")}
    return {rehearsal.place.suffix, bridge, subnet.removesuffix(".0.0/16") + ".", *chains}


def own_lines(signs: set[str]) -> list[str]:
    """List the host's lines that carry one of these marks."""
    return [line for line in host().splitlines() if any(sign in line for sign in signs)]


def test_a_second_up_starts_nothing(rehearsal: Rehearsal) -> None:
    before = [pid_of(rehearsal.place, name) for name in ("server", "driver")]
    assert "already up" in cli(rehearsal.state, "up", "--port", str(rehearsal.port)).stdout
    assert [pid_of(rehearsal.place, name) for name in ("server", "driver")] == before
    assert all(before)


def test_the_profile_points_at_the_loopback(rehearsal: Rehearsal) -> None:
    lines = [f". {rehearsal.state}/env", "env", 'cat "$AWS_CONFIG_FILE"']
    found = subprocess.run(["sh", "-c", "; ".join(lines)], capture_output=True, text=True, check=True).stdout
    assert "AWS_PROFILE=dlbox-rehearsal" in found
    assert "AWS_SHARED_CREDENTIALS_FILE=/dev/null" in found
    assert f"endpoint_url = http://127.0.0.1:{rehearsal.port}" in found


def test_a_taken_port_is_said(rehearsal: Rehearsal, tmp_path: pathlib.Path) -> None:
    command = ("up", "--no-machines", "--port", str(rehearsal.port))
    assert cli(tmp_path / "other", *command, check=False).returncode == 1


def test_down_leaves_nothing_and_spares_the_neighbour(box: Box, tmp_path: pathlib.Path) -> None:
    ours = marks(box.rehearsal)
    before = own_lines(ours)
    other = Rehearsal(tmp_path / "other", free_port(), box.rehearsal.key)
    try:
        cli(other.state, "up", "--port", str(other.port))
        neighbour = launch(other, "lab")
        assert neighbour.ip != box.ip
        assert neighbour.ssh("hostname").returncode == 0
        assert all(traces(other).values())
        theirs = marks(other)
        assert len(own_lines(theirs)) > len(theirs)
    finally:
        cli(other.state, "down")
    assert not any(traces(other).values()), json.dumps(traces(other))
    assert not own_lines(theirs)
    assert own_lines(ours) == before
    assert box.reachable()
    assert "not up" in cli(other.state, "down").stdout


@pytest.mark.parametrize("words", [["2"], ["to", "20:00"], ["to", "20:00", "Asia/Nowhere"], ["to", "25:00", "UTC"]])
def test_a_time_that_cannot_be_read_is_refused(rehearsal: Rehearsal, words: list[str]) -> None:
    assert cli(rehearsal.state, "advance", *words, check=False).returncode == 1
