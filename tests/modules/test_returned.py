"""What each module returns is what its documentation says, key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rehearsal.testing import Server
from unit.test_documentation import texts

from .conftest import ROOT, Module
from .in_process import in_process
from .test_doctor import FIREWALL, INSTANCE

TYPE = {"instance_type": "g5.xlarge"}
ASKED: dict[str, dict[str, Any]] = {
    "dlbox_key": {},
    "dlbox_firewall": {"allowed_cidrs": ["auto"]},
    "dlbox_quota": TYPE,
    "dlbox_instance": TYPE,
    "dlbox_eip": {},
    "dlbox_schedule": {"stop_time": "20:00", "timezone": "Asia/Shanghai"},
    "dlbox_alarm": {"hours": 10, "email": "you@example.org"},
    "dlbox_info": {},
    "dlbox_doctor": {"instance": INSTANCE, "firewall": FIREWALL},
    "dlbox_quota_info": {},
}
# Ansible's own, of every module.
COMMON = {"changed", "diff"}


@pytest.mark.parametrize("name", [*ASKED, "dlbox_preflight"])
def test_what_is_returned_is_what_is_documented(
    aws_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    here: Module = in_process(aws_server, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    preflight = {"settings": {}, "plans": {}, "local_dir": str(tmp_path)}
    done = here(name, check=True, **ASKED.get(name, preflight))
    assert "msg" not in done, done["msg"]
    documented = yaml.safe_load(texts(ROOT / f"library/{name}.py")["RETURN"])
    assert documented.keys() - COMMON == done.keys() - COMMON
