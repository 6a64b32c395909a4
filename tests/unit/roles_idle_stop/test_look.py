"""One look after the other, as the timer starts them: what it writes, says and does, with `wall` and `systemctl` that only note it."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from dlbox_idle import command, facts, look, state

IDLE = {"load": {"load": 0.0, "cores": 2}, "ssh": {"connections": {}, "pages": {}}}
CONFIG = {
    "seconds": {"limit": 300, "warn": 150, "last": 60, "grace": 0, "blind": 120, "gap": 600},
    "levels": {"load_per_core": 0.2, "bytes_per_minute": 20_000},
}


@dataclass
class Host:
    """A machine whose clock and facts a test sets."""

    folder: pathlib.Path
    out: pytest.CaptureFixture[str]
    now: float = 5000.0
    seen: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(IDLE))

    def look(self, times: int = 1, every: float = 60) -> str:
        """So many looks; what the journal got."""
        for _ in range(times):
            look.look()
            self.now += every
        return self.out.readouterr().out

    @property
    def done(self) -> list[str]:
        """The commands that were run."""
        file = self.folder / "done"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Host:
    """The machine, its files in a folder of the test."""
    made = Host(tmp_path, capsys)
    for name, file in [
        ("CONFIG", "config.json"),
        ("STATE", "run/idle.json"),
        ("STOPPED", "stop.json"),
        ("KEEP", "keep/until.json"),
    ]:
        monkeypatch.setattr(state, name, tmp_path / file)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "bin").mkdir()
    for name in ("wall", "systemctl"):
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/done\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(facts, "now", lambda: made.now)
    monkeypatch.setattr(facts, "up", lambda: made.now)
    monkeypatch.setattr(facts, "read", lambda config: made.seen)
    return made


def test_it_warns_and_powers_off_and_says_each_once(host: Host) -> None:
    said = host.look(6).splitlines()
    assert [line.split(":")[0] for line in said] == ["idle", "warning", "warning", "powering off"]
    assert host.done[0].startswith(
        "wall dlbox: this machine has not been used for 3 minutes and powers off in 2 minutes."
    )
    assert "dlbox keep 2h" in host.done[1]
    assert host.done[-1] == "systemctl poweroff"
    assert json.loads((host.folder / "stop.json").read_text())["idle"] == 300


def test_use_is_logged_when_it_begins_and_when_it_ends(host: Host) -> None:
    busy = {"load": {"load": 3.1, "cores": 2}}
    host.seen = {**IDLE, **busy}
    assert "busy: in use: load (3.10 on 2 cores" in host.look(3)
    assert host.look(3) == ""
    host.seen = dict(IDLE)
    assert host.look(1).startswith("idle: nothing is in use; it powers off in 4 minutes")
    assert host.done == []


def test_a_failing_wall_or_a_full_disk_does_not_keep_it_up(host: Host) -> None:
    (host.folder / "bin/wall").write_text("#!/bin/sh\nexit 1\n")
    (host.folder / "stop.json").mkdir()
    assert "the warning did not reach the terminals" in host.look(6)
    assert host.done == ["systemctl poweroff"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"memory": 3, "facts": {"ssh": {"connections": 5}, "load": 7}}', '{"memory": {"at": NaN}}']
)
def test_a_broken_state_is_replaced_and_counts_anew(host: Host, text: str) -> None:
    host.look(3)
    (host.folder / "run/idle.json").write_text(text)
    host.look(5)
    assert "systemctl poweroff" not in host.done
    host.look(1)
    assert host.done[-1] == "systemctl poweroff"


def test_a_missing_limit_is_never_guessed(host: Host) -> None:
    (host.folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError):
        host.look(1)
    assert host.done == []


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["dlbox", *words])
    command.main()


def test_keep_and_idle(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.look(1)
    run(monkeypatch, "keep", "2h")
    assert "does not power itself off before" in host.out.readouterr().out
    host.now += 600
    assert facts.keep({}) == {"left": 6600.0}
    run(monkeypatch, "idle")
    assert host.out.readouterr().out.startswith("Kept: no power-off by itself before")
    run(monkeypatch, "keep", "off")
    assert facts.keep({}) == {"left": 0.0}
    host.out.readouterr()
    run(monkeypatch, "idle", "--json")
    told = json.loads(host.out.readouterr().out)
    assert (told["verdict"]["kind"], told["kept"], told["last_stop"]) == ("idle", 0.0, {})


def test_a_look_of_long_ago_is_no_verdict(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.look(1)
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    host.out.readouterr()
    run(monkeypatch, "idle", "--json")
    assert json.loads(host.out.readouterr().out)["verdict"] is None


@pytest.mark.parametrize("file", ["run/idle.json", "stop.json", "keep/until.json"])
@pytest.mark.parametrize("text", ["{", "{}", '{"wall": "noon"}', '{"verdict": 3}'])
def test_the_status_survives_broken_files(host: Host, monkeypatch: pytest.MonkeyPatch, file: str, text: str) -> None:
    host.look(1)
    (host.folder / file).parent.mkdir(exist_ok=True)
    (host.folder / file).write_text(text)
    run(monkeypatch, "idle")
    assert "To hold that off: dlbox keep 2h" in host.out.readouterr().out


def test_a_wrong_length_is_one_sentence(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        SystemExit, match=r"^dlbox keep: '3 days' is not a length of at most 24h: write it as in 90m or 2h, or off\.$"
    ):
        run(monkeypatch, "keep", "3 days")
