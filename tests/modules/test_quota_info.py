"""The table of GPUs against the rehearsal: one region in full, all of them compared, and one failure that spoils nothing."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dlbox import clients, quota_info
from rehearsal.testing import REGION, Server

from .conftest import ANSIBLE, ROOT, Module
from .in_process import in_process

G, SPOT_G = "L-DB2E81BA", "L-3819A6DF"
NAME = "dlbox_quota_info"
DENIED = {"code": "AccessDeniedException", "message": "no", "status": 400, "times": -1}


@pytest.fixture
def here(aws_server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """The module in this process."""
    return in_process(aws_server, monkeypatch)


def launch(server: Server, kind: str, **more: Any) -> None:
    ec2 = server.client("ec2")
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, InstanceType=kind, MinCount=1, MaxCount=1, **more)


def grant(server: Server, code: str, value: int, region: str = REGION) -> None:
    server.post("quota", {"region": region, "code": code, "value": value})


def family(row: dict[str, Any], code: str) -> dict[str, Any]:
    return next(item for item in row["families"] if item["code"] == code)


def by_region(done: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["region"]: row for row in done["regions"]}


def lacking(row: dict[str, Any], kind: str, way: str = "on_demand") -> int | None:
    found: int | None = next(item for item in row["types"] if item["type"] == kind)[way]["lacking"]
    return found


def test_one_region_in_full(here: Module, aws_server: Server) -> None:
    launch(aws_server, "g4dn.xlarge")
    aws_server.client("service-quotas").request_service_quota_increase(ServiceCode="ec2", QuotaCode=G, DesiredValue=16)
    aws_server.forget_calls()
    done = here(NAME, check=True)
    (row,) = done["regions"]
    assert (row["region"], done["changed"]) == (REGION, False)
    quota = family(row, G)
    assert (quota["quota"], quota["in_use"], quota["free"], quota["request"]["desired"]) == (8, 4, 4, 16)
    assert (lacking(row, "g5.xlarge"), lacking(row, "g5.2xlarge"), lacking(row, "g5.xlarge", "spot")) == (0, 4, 4)
    assert "`box_instance_type: g4dn.xlarge`" in done["next"]
    assert done["text"].endswith(done["next"])
    assert "g6f.large            2  1/8 L4" in done["text"]
    asked = Counter(call["action"] for call in aws_server.calls())
    assert asked.keys() == {
        "DescribeInstanceTypes", "DescribeInstances", "GetProducts", "ListRequestedServiceQuotaChangeHistory", "ListServiceQuotas",
    }  # fmt: skip
    assert not aws_server.calls(writes=True)


def test_the_regions_of_the_account_compared(here: Module, aws_server: Server) -> None:
    grant(aws_server, G, 0)
    grant(aws_server, SPOT_G, 4, "eu-central-1")
    aws_server.forget_calls()
    done = here(NAME, regions="all")
    rows = by_region(done)
    enabled = {item["RegionName"] for item in aws_server.client("ec2").describe_regions()["Regions"]}
    assert rows.keys() == enabled
    assert len(rows) == 17
    assert not [row["error"] for row in rows.values() if row["error"]]
    assert (lacking(rows[REGION], "g4dn.xlarge"), lacking(rows["us-east-1"], "g4dn.xlarge")) == (4, 0)
    assert lacking(rows["eu-central-1"], "g4dn.xlarge", "spot") == 0
    assert "`box_region: us-east-" in done["next"]
    prices = {next(item["usd"] for item in row["types"] if item["type"] == "g4dn.xlarge") for row in rows.values()}
    assert len(prices) > 5, "each region has its own"


def test_nothing_is_asked_twice(here: Module, aws_server: Server) -> None:
    here(NAME, regions="all")
    asked = Counter(json.dumps([call["region"], call["action"], call["params"]]) for call in aws_server.calls())
    assert [question for question, times in asked.items() if times > 1] == []
    of = Counter(call["action"] for call in aws_server.calls())
    assert (of["DescribeRegions"], of["GetProducts"], of["DescribeInstances"]) == (1, 17, 17)
    assert len({call["region"] for call in aws_server.calls("DescribeInstances")}) == 17, "each is signed for its own"
    assert aws_server.calls("DescribeInstanceTypes")[0]["region"] == REGION, (
        "the box's own tells about the types of all"
    )
    assert of["DescribeInstanceTypes"] <= 3


def test_types_that_the_boxs_region_lacks_are_asked_for_where_they_are(here: Module, aws_server: Server) -> None:
    done = here(NAME, region="ap-northeast-3", regions="ap-northeast-3, us-west-2,")
    rows = by_region(done)
    assert "p5.48xlarge" not in {item["type"] for item in rows["ap-northeast-3"]["types"]}
    assert lacking(rows[REGION], "p5.48xlarge") == 192
    first, then = aws_server.calls("DescribeInstanceTypes")
    assert (first["region"], then["region"]) == ("ap-northeast-3", REGION)
    assert "p5.48xlarge" in str(then["params"])
    assert "g4dn.xlarge" not in str(then["params"])


def test_a_region_that_a_policy_denies_is_a_line(
    here: Module, aws_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator, and eu-west-1 forbidden as an organization does; the box's own region too, which tells about types."""
    own = json.loads((ROOT / "policies" / "operator.json").read_text())
    no = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", REGION]}}
    own["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": no})
    iam = aws_server.client("iam")
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="dlbox", PolicyDocument=json.dumps(own))
    key = iam.create_access_key(UserName="operator")["AccessKey"]["AccessKeyId"]
    monkeypatch.setenv("AWS_CONFIG_FILE", aws_server.env_for(key)["AWS_CONFIG_FILE"])
    clients.session.cache_clear()
    done = here(NAME, region="us-east-1", regions=["eu-west-1", "us-west-2", "us-east-1", "eu-central-1"])
    rows = by_region(done)
    said = "is not allowed there, by the user's policy or the organization's"
    assert [said in rows[name]["error"] for name in ("eu-west-1", "us-west-2", "us-east-1", "eu-central-1")] == [
        True,
        True,
        False,
        False,
    ]
    assert lacking(rows["eu-central-1"], "g4dn.xlarge") == 0
    assert [line for line in done["text"].splitlines() if line.startswith("eu-west-1 ") and said in line]
    assert "ec2:DescribeInstance" in here(NAME)["msg"], "alone, the region's own sentence"


@pytest.mark.parametrize(
    "action", ["DescribeInstances", "ListServiceQuotas", "DescribeInstanceTypeOfferings", "DescribeInstanceTypes"]
)
def test_a_region_that_does_not_answer_is_a_line(
    here: Module, aws_server: Server, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setattr(quota_info, "PATIENCE_S", 0.0)
    aws_server.fault(action, kind="drop", times=1)
    done = here(NAME, regions=["us-west-2", "us-east-1", "eu-central-1"])
    failed = [row for row in done["regions"] if row["error"]]
    assert [row["error"] for row in failed] == [f"no answer to {action}: try again later"]
    well = [row for row in done["regions"] if not row["error"]]
    assert [lacking(row, "g4dn.xlarge") for row in well] == [0, 0]
    assert well[0]["region"] in done["text"]


@pytest.mark.parametrize(
    ("action", "part"), [("GetProducts", "prices"), ("ListRequestedServiceQuotaChangeHistory", "requests")]
)
def test_without_prices_or_requests_the_table_goes_on(here: Module, aws_server: Server, action: str, part: str) -> None:
    aws_server.fault(action, **DENIED)
    done = here(NAME)
    assert done["regions"][0]["notes"] == [f"no {part}: {action} is not allowed there, by the user's policy or the organization's"]  # fmt: skip
    assert lacking(done["regions"][0], "g4dn.xlarge") == 0
    compared = here(NAME, regions=["us-west-2", "us-east-1"])
    assert compared["text"].count(f"no {part}") == 1


def test_a_quota_that_is_not_listed_has_awss_default(here: Module, aws_server: Server) -> None:
    aws_server.fault("ListServiceQuotas", kind="stale")
    (row,) = here(NAME)["regions"]
    assert family(row, G)["quota"] == 0
    asked = aws_server.calls("GetAWSDefaultServiceQuota")
    assert sorted(call["params"]["QuotaCode"] for call in asked) == sorted(item["code"] for item in row["families"])


def test_neither_listed_nor_a_default_is_unknown(here: Module, aws_server: Server) -> None:
    aws_server.post("faults", [
        {"action": "ListServiceQuotas", "kind": "stale"},
        {"action": "GetAWSDefaultServiceQuota", "code": "NoSuchResourceException", "status": 400, "times": -1},
    ])  # fmt: skip
    done = here(NAME)
    (row,) = done["regions"]
    assert (family(row, G)["quota"], lacking(row, "g4dn.xlarge"), row["notes"]) == (None, None, [])
    assert "no quota has room now: write" in done["next"]


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ("us-west-9", "quota_regions: 'us-west-9' is not a region of AWS: did you mean us-west-2?"),
        ("all,us-west-2", "quota_regions: 'all' is not a region of AWS"),
        (["us-west-2", "{{ nothing }}"], "quota_regions: '{{ nothing }}' is not a region of AWS: write all, or names as in"),
        ("me-south-1", "quota_regions: me-south-1 is not enabled for this account: enable it in the AWS console"),
    ],
)  # fmt: skip
def test_regions_that_are_refused(here: Module, aws_server: Server, regions: Any, said: str) -> None:
    assert here(NAME, regions=regions)["msg"].startswith(said)
    assert [call["action"] for call in aws_server.calls()] == ["DescribeRegions"]


def play(server: Server, home: Path, *more: str) -> str:
    """What playbooks/quota.yml prints, with two boxes declared and none made."""
    (home / "group_vars").mkdir(exist_ok=True)
    (home / "group_vars" / "all.yml").write_text(f'box_region: {REGION}\nbox_profile: ""\n')
    (home / "boxes.yml").write_text("boxes:\n  hosts:\n    lab:\n    lab-2: {box_region: eu-central-1}\n")
    own = {"HOME": str(home), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOME": str(home / "ansible")}
    command = [str(ANSIBLE.with_name("ansible-playbook")), "-i", "boxes.yml", str(ROOT / "playbooks/quota.yml"), *more]
    done = subprocess.run(command, env=server.env | own, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return done.stdout


def test_the_playbook_shows_the_boxs_own_region(aws_server: Server, tmp_path: Path) -> None:
    shown = play(aws_server, tmp_path, "--check", "--limit", "lab-2", "-e", "quota_types=all")
    assert "\nGPUs in eu-central-1 (a rehearsal)\n" in shown
    assert "\ng4dn.16xlarge       64  1 T4 " in shown
    assert "GPUs in us-west-2" not in shown


def test_the_playbook_compares(aws_server: Server, tmp_path: Path) -> None:
    shown = play(aws_server, tmp_path, "--limit", "lab", "-e", "quota_regions=us-west-2,sa-east-1")
    assert "\nGPUs in AWS regions (a rehearsal)\n" in shown
    assert [line.split()[0] for line in shown.splitlines() if line.startswith(("us-", "sa-", "eu-"))] == [
        "us-west-2",
        "sa-east-1",
    ]
    assert not aws_server.calls(writes=True)
