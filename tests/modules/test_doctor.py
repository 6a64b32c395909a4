"""The doctor against the rehearsal: what stands in the way is found before a run finds it."""

from __future__ import annotations

from typing import Any

import pytest
from rehearsal.testing import REGION, Server

from .conftest import Module
from .in_process import in_process

CODE = "L-DB2E81BA"
INSTANCE = {
    "instance_type": "g5.xlarge",
    "spot": False,
    "ami": "pytorch",
    "ubuntu": "24.04",
    "pytorch": "",
    "disk_gib": "100",
}
FIREWALL = {"allowed_cidrs": ["auto"], "address_source": "https://checkip.amazonaws.com", "open_to_world": False}
FIREWALL |= {"port_range": "8080-8089", "extra_ports": [], "closed_ports": [], "instance_connect": True}


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process."""
    return in_process(aws_server, monkeypatch)


def asked(here: Module, **instance: Any) -> tuple[bool, dict[str, tuple[bool, str]]]:
    """Whether all is well, and each answer by its question."""
    said = here("dlbox_doctor", instance=INSTANCE | instance, firewall=FIREWALL)
    return said["well"], {item["question"]: (item["well"], item["said"]) for item in said["answers"]}


def test_a_sound_account_is_well_and_nothing_is_written(here: Module, aws_server: Server) -> None:
    well, answers = asked(here)
    assert well, answers
    assert "4 of the 8 vCPUs of quota L-DB2E81BA (G and VT) are needed: enough" in answers["room in the quotas"][1]
    assert aws_server.calls(writes=True) == []


@pytest.mark.parametrize("value", [["g6.xlarge", "g5.xlarge"], {"gpus": 1, "gpu_memory_gib": 24}])
def test_a_choice_is_asked_about_too(here: Module, value: Any) -> None:
    well, answers = asked(here, instance_type=value)
    assert well, answers


@pytest.mark.parametrize(
    ("instance", "question", "said"),
    [
        ({"instance_type": "g5.12xlarge"}, "room in the quotas", "granted 8 of 48 vCPUs"),
        ({"instance_type": "g5.huge"}, "instance type", "us-west-2 has none"),
        ({"ubuntu": "22.04", "pytorch": "1.0"}, "image", "no Deep Learning AMI with PyTorch 1.0"),
        ({"spot": True}, "room in the quotas", "granted 0 of 4 vCPUs of quota L-3819A6DF"),
    ],
)
def test_what_stands_in_the_way_is_told(here: Module, instance: dict[str, Any], question: str, said: str) -> None:
    well, answers = asked(here, **instance)
    assert not well
    assert not answers[question][0]
    assert said in answers[question][1]


def test_one_thing_that_may_not_be_read_leaves_the_others(here: Module, aws_server: Server) -> None:
    aws_server.fault("ListSchedules", code="AccessDeniedException", message="no", status=403)
    well, answers = asked(here)
    assert not well
    assert [question for question, (good, _) in answers.items() if not good] == ["daily stop"]


def test_an_open_request_is_waited_for_and_its_text_is_shown(here: Module, aws_server: Server) -> None:
    aws_server.post("quota", {"region": REGION, "code": CODE, "value": 0})
    here("dlbox_quota", instance_type="g5.xlarge")
    said = here("dlbox_doctor", instance=INSTANCE, firewall=FIREWALL)
    assert (said["well"], said["waits"]) == (True, True)
    assert [item["question"] for item in said["answers"] if item["waits"]] == ["room in the quotas"]
    assert "I need 4 vCPUs and have been granted 0" in said["reply"]
    assert not asked(here, instance_type="g5.2xlarge")[0], "an open request for too little"
    aws_server.post("quota", {"region": REGION, "code": CODE, "status": "DENIED"})
    said = here("dlbox_doctor", instance=INSTANCE, firewall=FIREWALL)
    assert (said["well"], said["waits"]) == (False, False)


def test_a_quota_that_was_used_up_is_told(here: Module, aws_server: Server) -> None:
    aws_server.post("quota", {"region": REGION, "code": "L-DB2E81BA", "value": 0})
    assert "granted 0 of 4" in asked(here)[1]["room in the quotas"][1]
