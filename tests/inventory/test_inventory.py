"""The inventory as a user meets it: ansible-inventory and plays against the rehearsal AWS."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from dlbox import describe
from dlbox.aws import Aws
from rehearsal.testing import REGION, Server

from .conftest import wait

BOX_VARS = {
    "ansible_host", "ansible_user", "ansible_ssh_private_key_file", "ansible_ssh_common_args", "dlbox_state", "dlbox_region",
    "dlbox_instance_id", "dlbox_instance_type", "dlbox_public_ip", "dlbox_account", "dlbox_rehearsal",
}  # fmt: skip
HOSTILE = [
    "{{ lookup('ansible.builtin.pipe', 'touch PWNED') }}",
    "{% for x in range(9) %}x{% endfor %}",
    "localhost", "all", "ungrouped", "boxes", "undeclared", "state_running", "hostvars",
    "two\nlines: [x]", "'\"quotes\"`$(touch PWNED)`", "lab ", "LAB", "x" * 256, "лаб", "!unsafe {{ 1 }}", "../../etc/passwd",
]  # fmt: skip


def test_a_declared_box_gets_its_variables_and_groups(project, launch, aws_server):
    instance = launch("lab")
    found = project.list()
    address = aws_server.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    box = found["_meta"]["hostvars"]["lab"]
    assert box.keys() - {"box_region", "ansible_local"} == BOX_VARS
    assert all(isinstance(box[name], str) for name in BOX_VARS - {"dlbox_rehearsal"})
    assert box["ansible_host"] == box["dlbox_public_ip"] == address["PublicIpAddress"]
    assert (box["dlbox_instance_id"], box["dlbox_state"], box["dlbox_rehearsal"]) == (instance, "running", True)
    assert box["dlbox_account"] == "000000000000"
    for group in ("boxes", "state_running", "type_t3_micro", "region_us_west_2"):
        assert found[group]["hosts"] == ["lab"]
    assert "undeclared" not in found or not found["undeclared"].get("hosts")


def test_one_call_per_region_and_no_other(project, launch, aws_server):
    launch("lab")
    project.boxes(lab=None, lab_2=None, far={"box_region": "eu-central-1"})
    aws_server.forget_calls()
    project.list()
    calls = aws_server.calls()
    assert sorted((call["action"], call["region"]) for call in calls) == [
        ("DescribeInstances", "eu-central-1"),
        ("DescribeInstances", REGION),
    ]


def test_every_page_is_read_and_the_lean_reader_agrees_with_botocore(launch, aws_server, monkeypatch):
    wait(aws_server.client("ec2"), [launch(text, settled=False) for text in [*"abcdef", "{{ odd }}\n"]], "running")
    for name, value in aws_server.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(describe, "PAGE", 5)
    aws_server.forget_calls()
    lean = describe.tagged(Aws(REGION))
    assert len(aws_server.calls("DescribeInstances")) == 2
    monkeypatch.setattr(describe, "parse_lean", lambda **_: None)
    full = describe.tagged(Aws(REGION))
    assert len(full) == 7
    assert [one | {"since": ""} for one in full] == [one | {"since": ""} for one in lean]
    assert [one["since"][:19] for one in full] == [one["since"][:19] for one in lean]


def test_a_box_without_an_instance_is_a_host_with_none_of_the_variables(project, launch):
    launch("lab-2")
    found = project.list()
    assert found["boxes"]["hosts"] == ["lab"]
    assert not BOX_VARS & found["_meta"]["hostvars"]["lab"].keys()
    assert len(found["undeclared"]["hosts"]) == 1


def test_a_stopped_box_keeps_everything_but_the_address_to_connect_to(project, launch, aws_server):
    instance = launch("lab")
    stop(aws_server, instance)
    found = project.list()
    assert "ansible_host" not in found["_meta"]["hostvars"]["lab"]
    assert found["_meta"]["hostvars"]["lab"]["dlbox_instance_id"] == instance
    assert found["state_stopped"]["hosts"] == ["lab"]


def test_a_terminated_instance_is_ignored(project, launch, aws_server):
    instance = launch("lab")
    aws_server.client("ec2").terminate_instances(InstanceIds=[instance])
    found = project.list()
    assert not BOX_VARS & found["_meta"]["hostvars"].get("lab", {}).keys()
    assert instance not in json.dumps(found)


def test_two_instances_of_one_box_leave_the_second_undeclared_with_a_warning(project, launch):
    both = {launch("lab"), launch("lab")}
    found = project.list()
    chosen = found["_meta"]["hostvars"]["lab"]["dlbox_instance_id"]
    assert set(found["undeclared"]["hosts"]) == both - {chosen}
    assert f"{chosen} is taken as the box" in " ".join(project.warnings.split())


def test_hostile_tags_name_nothing_and_run_nothing(project, launch, aws_server):
    ids = {launch(text, settled=False): text for text in HOSTILE}
    wait(aws_server.client("ec2"), [*ids], "running")
    project.write("dlbox.yml", {
        "plugin": "dlbox",
        "strict": False,
        "leading_separator": False,
        "keyed_groups": [{"key": "dlbox_tag", "separator": ""}, {"key": "dlbox_state", "prefix": "s"}],
        "compose": {"copied": "dlbox_tag", "kind": "dlbox_instance_type"},
    })  # fmt: skip
    found = project.list()
    groups = found.keys() - {"_meta", "all"}
    assert groups == {"boxes", "undeclared", "state_running", "type_t3_micro", "region_us_west_2", "s_running"}
    assert found["boxes"]["hosts"] == ["lab"]
    assert set(found["undeclared"]["hosts"]) == ids.keys()
    assert found["_meta"]["hostvars"].keys() - {"lab"} == ids.keys()
    play = [{
        "hosts": "undeclared", "connection": "local", "gather_facts": False, "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [{"ansible.builtin.copy": {"content": "{{ dlbox_tag }}", "dest": "{{ playbook_dir }}/said-{{ inventory_hostname }}"}}],
    }]  # fmt: skip
    project.write("play.yml", play)
    ended = project.run("ansible-playbook", "play.yml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {one: (project.home / f"said-{one}").read_text() for one in ids} == ids
    assert not [*project.home.rglob("PWNED")]


def test_the_graph_works_alone(project, launch):
    launch("lab")
    ended = project.run("ansible-inventory", "--graph")
    assert ended.returncode == 0
    assert "|--lab" in ended.stdout
    assert ended.stderr == ""


@pytest.mark.slow
def test_the_region_comes_from_wherever_ansible_would_read_it(project, launch):
    project.write("group_vars/all.yml", {"box_region": "{{ home_region }}", "home_region": "{{ 'eu-' ~ 'west-1' }}"})
    project.write("boxes.yml", {"boxes": {
        "hosts": {"by-all": None, "by-host-file": None, "by-inline": {"box_region": "eu-west-3"}},
        "children": {
            "files": {"hosts": {"by-group-file": None}},
            # group_vars/all.yml beats a group's inline variables, in Ansible's own order.
            "inlines": {"hosts": {"not-by-inline-group": None}, "vars": {"box_region": "ca-central-1"}},
        },
    }})  # fmt: skip
    project.write("host_vars/by-host-file.yml", {"box_region": "eu-west-2"})
    project.write("group_vars/files.yml", {"box_region": "eu-central-1"})
    regions = {
        "by-all": "eu-west-1", "by-host-file": "eu-west-2", "by-inline": "eu-west-3",
        "by-group-file": "eu-central-1", "not-by-inline-group": "eu-west-1",
    }  # fmt: skip
    launched = {name: launch(name, region, settled=False) for name, region in regions.items()}
    found = project.list()["_meta"]["hostvars"]
    assert {name: found[name]["dlbox_instance_id"] for name in regions} == launched


def test_an_extra_variable_wins(project, launch):
    launch("lab")
    instance = launch("lab", "eu-west-1")
    project.write("host_vars/lab.yml", {"box_region": REGION})
    found = project.list("-e", "box_region=eu-west-1")
    assert found["_meta"]["hostvars"]["lab"]["dlbox_instance_id"] == instance


def test_the_profile_is_the_boxes_own(project, launch, aws_server, tmp_path):
    launch("lab")
    aws = tmp_path / "aws"
    aws.write_text((aws_server.home / "config").read_text().replace("dlbox-rehearsal", "mine"))
    project.write("group_vars/all.yml", {"box_region": REGION, "box_profile": "mine"})
    found = project.list(AWS_CONFIG_FILE=str(aws), AWS_PROFILE="does-not-exist")
    assert found["_meta"]["hostvars"]["lab"]["dlbox_state"] == "running"


@pytest.mark.slow
def test_the_account_of_a_real_box_does_not_hide_a_rehearsals(project, launch):
    launch("lab")
    project.write("host_vars/lab.yml", {"box_account": "999999999999"})
    assert project.list()["_meta"]["hostvars"]["lab"]["dlbox_state"] == "running"


@pytest.mark.slow
def test_without_declared_boxes_everything_tagged_is_undeclared(project, launch):
    instance = launch("lab")
    project.write("boxes.yml", {"boxes": {}})
    assert project.list()["undeclared"]["hosts"] == [instance]


def test_constructed_features(project, launch):
    launch("lab")
    launch("other")
    project.write("dlbox.yml", {
        "plugin": "dlbox",
        "compose": {"label": "inventory_hostname ~ '@' ~ dlbox_region", "disk": "box_disk_gib | default(0) * 2"},
        "groups": {"mine": "dlbox_instance_id is defined", "labelled": "label == 'lab@us-west-2'"},
        "keyed_groups": [{"key": "dlbox_account", "prefix": "account"}],
    })  # fmt: skip
    project.write("group_vars/all.yml", {"box_region": REGION, "box_disk_gib": 50})
    found = project.list()
    assert found["_meta"]["hostvars"]["lab"]["label"] == {"__ansible_unsafe": "lab@us-west-2"}
    assert found["_meta"]["hostvars"]["lab"]["disk"] == 100
    for group in ("mine", "labelled", "account_000000000000"):
        assert found[group]["hosts"] == ["lab"]


@pytest.mark.slow
def test_strict_names_the_broken_expression(project, launch):
    launch("lab")
    project.write("dlbox.yml", {"plugin": "dlbox", "strict": True, "compose": {"label": "no_such_variable"}})
    ended = project.run("ansible-inventory", "--list")
    assert ended.returncode != 0
    assert "no_such_variable" in ended.stderr


@pytest.mark.slow
def test_the_cache_spares_the_call_until_it_is_flushed(project, launch, aws_server, tmp_path):
    launch("{{ 1 + 1 }}")
    instance = launch("lab")
    project.write("dlbox.yml", {
        "plugin": "dlbox", "cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache"),
    })  # fmt: skip
    first = project.list()
    aws_server.forget_calls()
    second = project.list()
    assert aws_server.calls() == []
    assert second == first
    assert second["_meta"]["hostvars"]["lab"]["dlbox_instance_id"] == instance
    project.list("--flush-cache")
    assert [call["action"] for call in aws_server.calls()] == ["DescribeInstances"]
    project.list("-e", "box_region=eu-west-1")
    assert [call["region"] for call in aws_server.calls()][1:] == ["eu-west-1"]


def test_refresh_inventory_sees_what_a_play_made(project, launch, aws_server):
    """Provisioning ends with meta: refresh_inventory; the next play connects to what it found."""
    instance = launch("lab")
    stop(aws_server, instance)
    start = f"""import boto3
ec2 = boto3.client("ec2")
ec2.start_instances(InstanceIds=["{instance}"])
ec2.get_waiter("instance_running").wait(InstanceIds=["{instance}"], WaiterConfig={{"Delay": 1}})"""
    shown = {"ansible.builtin.debug": {"msg": "{{ dlbox_state }} {{ hostvars.lab.ansible_host | default('nowhere') }}"}}
    play = {
        "hosts": "boxes",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
    }
    project.write("play.yml", [
        {**play, "tasks": [
            shown,
            {"ansible.builtin.command": {"argv": ["{{ ansible_playbook_python }}", "-c", start]}},
            {"ansible.builtin.meta": "refresh_inventory"},
            shown,
        ]},
    ])  # fmt: skip
    ended = project.run("ansible-playbook", "play.yml")
    assert ended.returncode == 0, ended.stdout
    assert re.search(
        r"msg: stopped nowhere$.*^ *msg: running \d+\.\d+\.\d+\.\d+$", ended.stdout, re.DOTALL | re.MULTILINE
    )


@pytest.mark.parametrize(
    ("case", "env", "arguments", "said"),
    [
        (
            "no credentials",
            {"AWS_CONFIG_FILE": "/dev/null", "AWS_PROFILE": ""},
            [],
            ["aws configure", "AWS_PROFILE", "make up"],
        ),
        ("no such profile", {}, ["-e", "box_profile=nobody"], ["box_profile", "nobody", "make up"]),
        ("no such region", {}, ["-e", "box_region=CST"], ["box_region", "CST", "us-west-2"]),
        ("no region", {}, ["-e", "box_region="], ["box_region", "group_vars/all.yml"]),
        ("broken template", {}, ["-e", "box_region='{{ typo }}'"], ["box_region", "typo"]),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(project, case, env, arguments, said):
    ended = project.run("ansible-inventory", "--list", *arguments, **env)
    assert_one_sentence(ended, said)


def test_a_slip_in_the_settings_is_named_with_its_file_and_line(project):
    settings = project.home / "group_vars/all.yml"
    settings.write_text("box_region: us-west-2\nbox_environments:\n  - pip: [tqdm\nbox_vscode: true\n")
    ended = project.run("ansible-inventory", "--list")
    assert_one_sentence(ended, [f"{settings}, line 4: ", "did not find expected ',' or ']'"])


def test_a_rehearsal_that_was_removed_is_no_lack_of_a_sign_in(project):
    ended = project.run("ansible-inventory", "--list", AWS_CONFIG_FILE="/dev/null", AWS_PROFILE="dlbox-rehearsal")
    assert_one_sentence(ended, ["the rehearsal is down", "make up"])


def test_the_rehearsal_being_down_is_said_at_once(project, tmp_path, aws_server):
    aws = tmp_path / "aws"
    aws.write_text((aws_server.home / "config").read_text().replace(aws_server.url, "http://127.0.0.1:1"))
    assert_one_sentence(
        project.run("ansible-inventory", "--list", AWS_CONFIG_FILE=str(aws)), ["127.0.0.1:1", "make up"]
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("RequestExpired", ["expired", "aws sso login"]),
        ("AuthFailure", ["does not accept", "aws configure"]),
        ("UnauthorizedOperation", ["policies/operator.json", "DescribeInstances"]),
    ],
)
def test_a_refusal_by_aws_is_said_in_one_sentence(project, aws_server, code, said):
    aws_server.fault("DescribeInstances", kind="error", code=code, status=400, times=-1)
    assert_one_sentence(project.run("ansible-inventory", "--list"), said)


def test_a_play_says_it_too_and_touches_nothing(project):
    project.write("play.yml", [{"hosts": "all", "tasks": [{"ansible.builtin.debug": {"msg": "ran"}}]}])
    ended = project.run("ansible-playbook", "play.yml", "--check", AWS_CONFIG_FILE="/dev/null", AWS_PROFILE="")
    assert_one_sentence(ended, ["aws configure"])


def test_a_bad_box_name_is_refused_by_name(project):
    project.boxes(Lab_1=None)
    assert_one_sentence(project.run("ansible-inventory", "--list"), ["Lab-1", "inventory/boxes.yml"])


def stop(server: Server, instance: str) -> None:
    """Stop an instance and see it stopped."""
    server.client("ec2").stop_instances(InstanceIds=[instance])
    wait(server.client("ec2"), [instance], "stopped")


def assert_one_sentence(ended: subprocess.CompletedProcess[str], said: list[str]) -> None:
    """One [ERROR] line that holds every word, and nothing else."""
    assert ended.returncode != 0
    assert ended.stdout == ""
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith("[ERROR]: ")
    for word in said:
        assert word in line
