"""Rows 29 and 31 through Ansible itself: hostile tags stay inert, no secret is shown, and the run is the one tested in-process."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml
from drift.provision import END, PICTURES, ROOT, TASKS, Provision, play, tasks
from rehearsal.testing import REGION, Server

from .lab import ONE_BOX, Clone, kinds

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYrehearsal"
HOSTILE = [
    "{{ lookup('ansible.builtin.pipe', 'touch PWNED') }}",
    "{% for x in range(9) %}x{% endfor %}",
    "localhost", "all", "boxes", "undeclared", "lab-", "LAB", "lab\n", "two\nlines: [x]",
    "'\"quotes\"`$(touch PWNED)`", "!unsafe {{ 1 }}", "../../etc/passwd", "x" * 256,
]  # fmt: skip


def hostile_instances(server: Server) -> list[str]:
    """Instances of others whose box tag and name are meant to hurt."""
    ec2 = server.client("ec2")
    server.post("quota", {"region": REGION, "code": "L-1216C47A", "value": 1000})
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    ids = []
    for text in HOSTILE:
        tags = [{"Key": "dlbox:box", "Value": text}, {"Key": "Name", "Value": text}]
        made = ec2.run_instances(
            ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )  # fmt: skip
        ids.append(made["Instances"][0]["InstanceId"])
    return ids


def journal(server: Server) -> tuple[list[str], Counter[str]]:
    """The writes in order, and the reads but for the polls of a wait and the inventory's question."""
    calls = [call["action"] for call in server.calls()]
    writes = [call["action"] for call in server.calls(writes=True)]
    return writes, Counter(name for name in calls if name not in (*writes, "DescribeInstances"))


def test_hostile_tags_are_inert_and_no_secret_is_shown(provision: Provision, clone: Clone) -> None:
    server = provision.server
    hostile = hostile_instances(server)
    server.forget_calls()
    own = {"AWS_CONFIG_FILE": "/dev/null", "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "AKIAREHEARSAL0000000"}
    clone.env.pop("AWS_PROFILE")
    done = clone.play("provision.yml", "-vvv", "--diff", **own, AWS_SECRET_ACCESS_KEY=SECRET)
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown
    # 31: nothing that must stay secret, anywhere; files closed to others.
    key = clone.home / ".ssh" / f"dlbox-000000000000-{REGION}-lab"
    body = key.read_text().splitlines()[1]
    assert [secret for secret in (SECRET, body, "PRIVATE KEY") if secret in shown] == []
    assert [path for path in written(clone.home) if SECRET in path.read_text(errors="replace")] == []
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    folder = clone.root / ".dlbox/000000000000" / REGION / "lab"
    assert folder.stat().st_mode & 0o777 == 0o700
    # 29: the tags named nothing and ran nothing.
    assert list(Path(clone.home).rglob("PWNED")) == []
    assert not (ROOT / "PWNED").exists()
    assert kinds(server) == {**ONE_BOX, **{k: 1 + len(hostile) for k in ("instance", "volume", "network-interface")}}
    # The in-process runs of these suites are this run.
    ansible = journal(server)
    server.reset()
    server.post("knobs", {"transition_s": 0.05})
    hostile_instances(server)
    server.forget_calls()
    provision.monkeypatch.setenv("HOME", str(clone.home / "other"))
    run = provision()
    assert run.said == ""
    assert journal(server) == ansible


def written(home: Path) -> list[Path]:
    """Every file that the run left."""
    return [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]


def test_the_in_process_run_is_the_playbook() -> None:
    names = [next(key for key in task if key not in ("name", "when", "register", "args")) for task in play()["tasks"]]
    modules = [name for name in names if name.startswith("dlbox_")]
    assert tuple(modules) == TASKS
    assert names == [name for name, _, _ in tasks()]
    conditions = {name: when for name, _, when in tasks() if when}
    enough = "dlbox_quota_result.enough | default(true)"
    assert conditions == {
        "dlbox_quota": ["box_state == 'running'"],
        END: [f"not ({enough})", "dlbox_quota_result.seen.instances | length == 0"],
        "dlbox_instance": [enough],
        "dlbox_eip": [enough],
    }
    handed = {name: given["observed"] for name, given, _ in tasks() if name in TASKS[1:]}
    own = dict(zip(("dlbox_instance", "dlbox_schedule"), PICTURES[1:], strict=True))
    assert handed == {name: own.get(name, PICTURES[0]) for name in TASKS[1:]}
    registered = {name: task["register"] for name in TASKS for task in play()["tasks"] if name in task}
    own = {"dlbox_quota": "dlbox_quota_result", "dlbox_instance": "dlbox_instance_result"}
    assert registered == {name: own.get(name, "dlbox_result") for name in TASKS}


def test_every_setting_that_preflight_plans_with_is_a_users() -> None:
    known = yaml.safe_load((ROOT / "group_vars/all.yml").read_text())
    text = "".join((ROOT / "playbooks" / name).read_text() for name in ("provision.yml", *play()["vars_files"]))
    asked = {word.strip(" {}\"'") for word in text.split() if word.startswith("box_") and "==" not in word}
    assert asked - {"box_state"} <= known.keys()
