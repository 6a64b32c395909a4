"""Which package manager a system has, which names it gets, and what is said where there are none."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest
import yaml
from unit.roles_loader import ROOT

BASE = ROOT / "roles/base"
ASKED = ("manager", "named", "missing", "python", "unheld")
SYSTEMS = {
    "ubuntu 24.04": ["git install installed", "nvidia-driver-570 hold installed", "nvidia-utils-570 install installed", "curl deinstall config-files"],
    "ubuntu 22.04": ["iproute2 install installed"],
    "debian 12": [],
    "amzn 2023": ["git install installed", "curl-minimal install installed", "openssl install installed"],
}  # fmt: skip
CASES = {
    "own": "{{ __base_packages }}",
    "list": ["git", "tmux"],
    "mapping": {"apt": ["git", "tmux"], "dnf": ["git", "screen"]},
    "apt_alone": {"apt": ["novnc"]},
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the role's variables become, for each system and each way of naming packages; and what a refusal says."""
    folder = tmp_path_factory.mktemp("base")
    cases = [
        {"name": f"{system} {case}", "seen": {"stdout_lines": [system, *packages]}, "names": names}
        for system, packages in SYSTEMS.items()
        for case, names in CASES.items()
    ]
    refused = {"__base_seen": {"stdout_lines": ["amzn 2023"]}, "base_packages": ["mate-desktop", "novnc"]}
    tasks: list[dict[str, Any]] = [
        {
            "ansible.builtin.debug": {"msg": {name: f"{{{{ __base_{name} }}}}" for name in ASKED}},
            "loop": cases,
            "vars": {"__base_seen": "{{ item.seen }}", "base_packages": "{{ item.names }}"},
            "register": "asked",
        },
        {
            "block": [{"ansible.builtin.include_tasks": str(BASE / "tasks/install.yml"), "vars": refused}],
            "rescue": [{"ansible.builtin.set_fact": {"said": "{{ ansible_failed_result.msg }}"}}],
        },
        {
            "ansible.builtin.copy": {
                "content": "{{ [asked.results, said] | to_json }}",
                "dest": str(folder / "said.json"),
                "mode": "0600",
            }
        },
    ]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(BASE / "vars/main.yml")], "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    (folder / "ask.yml").write_text(yaml.safe_dump([play], sort_keys=False, width=1000))
    command = [pathlib.Path(sys.executable).with_name("ansible-playbook"), "ask.yml"]
    (folder / "ansible.cfg").write_text("[defaults]\n")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results, said = json.loads((folder / "said.json").read_text())
    return {**{one["item"]["name"]: one["msg"] for one in results}, "refused": said}


@pytest.mark.parametrize(
    ("case", "named", "missing"),
    [
        ("ubuntu 24.04 own", True, ["btrfs-progs", "ca-certificates", "curl", "e2fsprogs", "iproute2", "openssl", "python3-venv"]),
        ("ubuntu 22.04 list", True, ["git", "tmux"]),
        ("debian 12 mapping", True, ["git", "tmux"]),
        ("amzn 2023 own", True, ["ca-certificates", "e2fsprogs", "iproute", "python3.11"]),
        ("amzn 2023 mapping", True, ["screen"]),
        ("amzn 2023 list", False, ["tmux"]),
        ("amzn 2023 apt_alone", False, ["novnc"]),
    ],
)  # fmt: skip
def test_names_are_the_package_managers(seen: Any, case: str, named: bool, missing: list[str]) -> None:
    assert (seen[case]["named"], sorted(seen[case]["missing"])) == (named, missing)


def test_the_package_manager_and_the_python(seen: Any) -> None:
    assert {system: (seen[f"{system} own"]["manager"], seen[f"{system} own"]["python"]) for system in SYSTEMS} == {
        "ubuntu 24.04": ("apt", "python3"),
        "ubuntu 22.04": ("apt", "python3"),
        "debian 12": ("apt", "python3"),
        "amzn 2023": ("dnf", "python3.11"),
    }
    assert seen["ubuntu 24.04 own"]["unheld"] == ["nvidia-utils-570"]


def test_a_role_without_names_for_dnf_ends_with_a_sentence(seen: Any) -> None:
    assert seen["refused"] == (
        "mate-desktop, novnc: for localhost, which runs amzn 2023, the names of these packages are not known; turn off the setting that needs"
        " them, or choose Ubuntu with box_ami."
    )
