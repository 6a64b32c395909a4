"""The user's settings: unknown keys and other forms are refused by name, with what would work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dlbox import settings
from dlbox.errors import Refused
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import ROOT, is_sentence

FILE = ROOT / "group_vars/all.yml"
SHIPPED = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_what_is_shipped_passes_and_names_every_setting() -> None:
    settings.check(SHIPPED, str(FILE))
    assert SHIPPED.keys() == settings.SETTINGS.keys()


def test_every_shipped_setting_has_a_comment_beside_it() -> None:
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("box_")]
    assert [line for line in lines if "  # " not in line] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"box_instance_typ": "g5.xlarge"}, "box_instance_typ is not a setting of dlbox: did you mean box_instance_type?"),
        ({"box_colour": "red"}, "box_colour is not a setting"),
        ({"box_" + "x" * 300: 1}, "box_xxx"),
        ({"box_régión": "x"}, "box_régión is not a setting of dlbox: did you mean box_region"),
        ({"box_region": 1}, "box_region: '1' is not a text"),
        ({"box_region": ["us-west-2"]}, "box_region: .*put it in quotes"),
        ({"box_region": "x" * 301}, "box_region: 'xxx"),
        ({"box_account": "12"}, "box_account: '12' is not an AWS account id"),
        ({"box_account": 12345678901}, "write its 12 digits in quotes"),
        ({"box_instance_type": "g5"}, "box_instance_type: 'g5'"),
        ({"box_instance_type": ""}, "box_instance_type: ''"),
        ({"box_ubuntu": 24.04}, "box_ubuntu: '24.04' is not a text.*put it in quotes"),
        ({"box_disk_gib": "big"}, "box_disk_gib: 'big'"),
        ({"box_disk_gib": 7}, "box_disk_gib: '7'"),
        ({"box_disk_gib": True}, "box_disk_gib: 'True'"),
        ({"box_state": "paused"}, "box_state: 'paused' is not one of running, stopped"),
        ({"box_quota_request": "perhaps"}, "box_quota_request: 'perhaps' is neither true nor false"),
        ({"box_allowed_cidrs": "auto"}, r"box_allowed_cidrs: 'auto' is not a list; write it in brackets, as in \[auto\]"),
        ({"box_allowed_cidrs": [1]}, "box_allowed_cidrs: '1' is not a text"),
        ({"box_port_range": "8089-8080"}, "box_port_range: '8089-8080'"),
        ({"box_extra_ports": 80}, r"box_extra_ports: '80' is not a list; write it in brackets, as in \[80\]"),
        ({"box_extra_ports": [70000]}, "box_extra_ports: '70000'"),
        ({"box_jupyter_port": "8080-8081"}, "box_jupyter_port: '8080-8081' is a range"),
        ({"box_jupyter_port": 9000}, "box_jupyter_port: 9000 is not among the opened ports 8080-8089"),
        ({"box_jupyter_port": 8080, "box_port_range": "9000-9010"}, "box_jupyter_port: 8080 is not among the opened ports 9000-9010"),
        ({"box_volumes": {"volume": "vol-0123456789abcdef0", "path": "/data"}}, "box_volumes: it is not a list"),
        ({"box_volumes": ["vol-0123456789abcdef0"]}, "box_volumes: .* is no volume and its place"),
        ({"box_volumes": [{"volume": "vol-1", "path": "/data"}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "UUID=1-2", "path": "data"}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/a/../b"}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/./data"}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/data/."}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/a", "type": "xfs"}]}, "is no volume and its place"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/home/ubuntu"}]}, "box_volumes: /home/ubuntu is the system's own or a home"),
        ({"box_volumes": [{"volume": "/dev/sdf", "path": "/etc"}]}, "box_volumes: /etc is the system's own"),
        ({"box_data_folder": "/usr/share/data"}, "box_data_folder: /usr/share/data is the system's own"),
        ({"box_data_folder": "/"}, "box_data_folder: '/' is no folder of its own"),
        ({"box_data_folder": ""}, "box_data_folder: '' is no folder of its own"),
        ({"box_data_folder": ["data"]}, "box_data_folder: .* is not a folder on the box"),
        ({"box_swap_gib": "16G"}, "box_swap_gib: '16G' is not a size in GiB; write a whole number"),
        ({"box_swap_gib": True}, "box_swap_gib: 'True' is not a size"),
        ({"box_jupyter_access": "ssh"}, "box_jupyter_access: 'ssh' is not one of direct, tunnel"),
        ({"box_jupyter_folder": "../x"}, "box_jupyter_folder: '../x' is not a folder on the box"),
        ({"box_jupyter_folder": 1}, "box_jupyter_folder: '1' is not a folder"),
        ({"box_repository": "git@example.org:me/work.git"}, "box_repository is not an address that git clones over HTTPS"),
        ({"box_repository": "https://me:secret@example.org"}, "box_repository is not an address"),
        ({"box_jupyter_environment": ["A"]}, r"write them as in {WANDB_MODE: offline}"),
        ({"box_jupyter_environment": {"A-B": "x"}}, r"write them as in {WANDB_MODE: offline}"),
        ({"box_jupyter_environment": {"A": ["secret"]}}, "the value of A is neither a text nor a number"),
        ({"box_jupyter_environment": {"A": None}}, "the value of A is neither"),
        ({"box_vscode_port": 9000}, "box_vscode_port: 9000 is not among the opened ports 8080-8089"),
        ({"box_vscode_port": "8081", "box_jupyter_port": 8081}, "box_vscode_port: 8081 is box_jupyter_port too"),
        ({"box_vscode": "off"}, "box_vscode: 'off' is neither true nor false"),
        ({"box_vscode_extensions": "ms-python.python"}, r"write it in brackets, as in \[ms-python.python\]"),
        ({"box_vscode_extensions": ["python"]}, "box_vscode_extensions: 'python' is no extension: write publisher.name"),
        ({"box_vscode_extensions": [{"a": 1}]}, "is no extension"),
        ({"box_vscode_settings": ["editor.fontSize"]}, r"write them as in {editor.fontSize: 15}"),
        ({"box_tensorboard_port": 9000, "box_tensorboard": True}, "box_tensorboard_port: 9000 is not among the opened ports 8080-8089"),
        ({"box_desktop_port": 8081, "box_vscode_port": 8081, "box_desktop": "yes"}, "box_desktop_port: 8081 is box_vscode_port too"),
        ({"box_desktop": "on"}, "box_desktop: 'on' is neither true nor false"),
        ({"box_tensorboard_folder": "~/runs"}, "box_tensorboard_folder: '~/runs' is not a folder on the box"),
        ({"box_tensorboard_folder": "/"}, "box_tensorboard_folder: '/' names no folder: write it as in data/runs"),
        ({"box_extra_ports": "[81]"}, r"after -e write a list as JSON, as in -e '{\"box_extra_ports\": \[81\]}'"),
        ({"box_environments": [{"name": "dl", "python": 3.10}]}, "python of dl is a version in quotes"),
        ({"box_quota_wait": "soon"}, "box_quota_wait: 'soon' is not a length of time"),
        ({"box_idle_minutes": 0}, "box_idle_minutes: '0' is not a time in minutes; write 5 to 1440, as in 60, or off"),
        ({"box_alarm_hours": 24}, "box_alarm_hours: '24' is not a number of hours; write 1 to 23, or 0 for no alarm"),
        ({"box_alarm_email": "you"}, "box_alarm_email: 'you' is not one e-mail address; write it as in you@example.org"),
        ({"box_spot_max_usd": "free"}, "box_spot_max_usd: 'free' is not a price"),
        ({"box_spot_max_usd": "0.0"}, "box_spot_max_usd: '0.0' is not a price"),
        ({"box_pytorch": 2.10}, "box_pytorch: '2.1' is not a version; write it in quotes"),
        ({"box_pytorch": "two"}, "box_pytorch: 'two' is not a version"),
        ({"box_environments": {"dl": {}}}, "box_environments: .* is not a list"),
        ({"box_environments": ["dl"]}, "each environment needs a name"),
        ({"box_environments": [{"name": "../etc"}]}, "'../etc' is no name"),
        ({"box_environments": [{"name": "dl", "pyhton": "3.11"}]}, "dl has the unknown key 'pyhton'; known are name"),
        ({"box_environments": [{"name": "dl", "python": 3}]}, "python of dl is a version in quotes"),
        ({"box_environments": [{"name": "dl", "pip": "torch"}]}, "pip of dl: 'torch' is not a list"),
        ({"box_environments": [{"name": "dl"}, {"name": "dl"}]}, "dl stands there twice"),
    ],
)  # fmt: skip
def test_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        settings.check(given)
    assert is_sentence(str(refused.value))
    assert str(refused.value).startswith(next(iter(given))[:60])


@pytest.mark.parametrize(
    "given",
    [
        {"box_disk_gib": "100"},
        {"box_extra_ports": ["80", 443, "9000-9010"]},
        {"box_quota_request": "yes"},
        {"box_account": "123456789012"},
        {"box_environments": []},
        {"box_environments": [{"name": "dl", "python": "3.11.9", "pip": ["torch"]}]},
        {"box_idle_minutes": False},
        {"box_jupyter_port": "8085"},
        {"box_jupyter_port": 8081, "box_vscode_port": 8081, "box_vscode": False},
        {"box_jupyter_port": 9000, "box_jupyter_access": "tunnel"},
        {"box_tensorboard_port": 9000, "box_tensorboard": False},
        {"box_tensorboard": "true", "box_tensorboard_port": 8082, "box_desktop": True, "box_desktop_port": 8083},
        {"box_tensorboard_folder": "/data/my runs"},
        {"box_jupyter_folder": "my notebooks/2026"},
        {"box_repository": "https://me:secret@example.org/me/work.git"},
        {"box_jupyter_environment": {"TOKEN": "a b$", "N": 3, "ON": True}},
        {"box_vscode_extensions": ["ms-python.python@2026.1.0", "./my own.vsix"]},
        {"box_jupyter_port": " 8085-8085 "},
    ],
)
def test_accepted(given: dict[str, Any]) -> None:
    settings.check(given)


def test_a_key_of_the_file_that_ansible_does_not_know_as_a_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "all.yml"
    file.write_text("box_region: us-west-2\nregion: us-west-2\n")
    with pytest.raises(Refused, match="region is not a setting of dlbox: did you mean box_region"):
        settings.check({}, str(file))
    file.write_text("box_profile: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00\n")
    settings.check({}, str(file))
    settings.check({}, str(tmp_path / "none.yml"))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(settings.SETTINGS)), anything)
def test_anything_is_accepted_or_refused_by_its_key(key: str, value: Any) -> None:
    says = ""
    try:
        settings.check({key: value})
    except Refused as refused:
        says = str(refused)
    assert not says or re.match(rf"{key}\b", says)
