"""Every module through Ansible, on the fast path and as a plain module: one play, in the order of provision.yml and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsal.testing import REGION, Server

from .conftest import BOX, ROOT, made, predicted
from .test_doctor import FIREWALL, INSTANCE

TYPE = {"instance_type": "g5.xlarge"}
ALARM = {"hours": 10, "email": "you@example.org"}
CODE = "L-DB2E81BA"
MAKING: list[tuple[str, dict[str, Any]]] = [
    ("dlbox_key", {}),
    ("dlbox_firewall", {"allowed_cidrs": ["203.0.113.7/32"], "extra_ports": ["80"], "instance_connect": True}),
    ("dlbox_quota", TYPE),
    ("dlbox_instance", TYPE),
    ("dlbox_schedule", {}),
    ("dlbox_alarm", ALARM),
    ("dlbox_eip", {}),
]
READING: list[tuple[str, dict[str, Any]]] = [
    ("dlbox_info", {}),
    ("dlbox_doctor", {"instance": INSTANCE, "firewall": FIREWALL}),
    ("dlbox_quota_info", {}),
    ("dlbox_stop_proof", {}),
]
REFUSED = ("dlbox_schedule", {"stop_time": 1200})
ENDING = [(name, {"state": "absent"}) for name in ("dlbox_schedule", "dlbox_alarm", "dlbox_instance", "dlbox_eip")]
ENDING += [(name, {"state": "absent"}) for name in ("dlbox_firewall", "dlbox_key")]


def play(out: Path, checks: list[bool]) -> list[dict[str, Any]]:
    """Each making and ending step in these check modes; what only reads, in check mode; the results as JSON."""
    asked = [(name, given, check) for name, given in MAKING for check in checks]
    asked += [(name, given, True) for name, given in [*READING, REFUSED]]
    asked += [(name, given, check) for name, given in ENDING for check in checks]
    tasks: list[dict[str, Any]] = [
        {name: BOX | given, "check_mode": check, "register": f"r{number}", "failed_when": False}
        for number, (name, given, check) in enumerate(asked)
    ]
    results = "{{ [" + ", ".join(f"r{number}" for number in range(len(asked))) + "] | to_json }}"
    tasks.append({"ansible.builtin.copy": {"content": results, "dest": str(out), "mode": "0600"}})
    return [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]


def ran(server: Server, home: Path, path: str) -> list[dict[str, Any]]:
    """The results of that play, in order; a plain module takes seconds, so it is not asked for its check mode."""
    book, out = home / "play.yml", home / "results.json"
    book.write_text(yaml.safe_dump(play(out, [True, False] if path == "fast" else [False])))
    environment = server.env | {
        "HOME": str(home),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_INVENTORY_ENABLED": "host_list",
    }
    if path == "plain":
        # Nothing is found there, so Ansible ships the modules of library/ to an interpreter of their own.
        environment["ANSIBLE_ACTION_PLUGINS"] = str(home)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(book)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results: list[dict[str, Any]] = json.loads(out.read_text())
    return results


@pytest.mark.parametrize("path", ["fast", "plain"])
def test_check_mode_predicts_what_the_run_then_writes(aws_server: Server, tmp_path: Path, path: str) -> None:
    aws_server.post("quota", {"region": REGION, "code": CODE, "value": 4})
    aws_server.post("knobs", {"transition_s": 0.05})
    aws_server.forget_calls()
    results = ran(aws_server, tmp_path, path)
    each = 2 if path == "fast" else 1
    count = each * len(MAKING)
    reads, refused = results[count : count + len(READING)], results[count + len(READING)]
    steps = results[:count] + results[count + len(READING) + 1 :]
    done = steps[each - 1 :: each]
    assert [one.get("msg") for one in done if "changes" not in one] == []
    assert [predicted(one) for one in steps[::each]] == [predicted(one) for one in done]
    writes = [write for one in done for write in predicted(one)]
    assert writes == made(aws_server)
    assert {"ec2:run_instances", "ec2:terminate_instances"} <= set(writes)
    assert [one.get("msg") for one in reads] == [None] * len(READING)
    assert reads[0]["state"] == "running"
    assert (reads[3]["broken"], reads[3]["evidence"]["instance_id"]) == ([], reads[0]["instance_id"])
    assert 'if you mean 20:00, write it in quotes, "20:00"' in refused["msg"]
    left = [item for item in aws_server.inventory("dlbox:box", "lab") if item.get("state") != "terminated"]
    assert left == []
