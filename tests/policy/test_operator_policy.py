"""policies/operator.json is enough for everything dlbox does, and for nothing else in the account."""

from __future__ import annotations

import ast
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from botocore import xform_name
from dlbox import aws, converge
from dlbox.nouns import NOUNS
from modules.test_doctor import FIREWALL, INSTANCE
from rehearsal.testing import REGION, Server

ROOT = Path(__file__).parents[2]
POLICY = json.loads((ROOT / "policies" / "operator.json").read_text())
SERVICES = {"ec2": "ec2", "iam": "iam", "pricing": "pricing", "scheduler": "scheduler", "ssm": "ssm", "sts": "sts"} | {
    "service-quotas": "servicequotas", "lambda": "lambda", "events": "events", "logs": "logs", "freetier": "freetier",
    "cloudwatch": "cloudwatch", "sns": "sns",
}  # fmt: skip
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}
# What a call needs beside its own action.
BESIDE = {"iam:PassRole", "scheduler:TagResource", "iam:CreateServiceLinkedRole", "lambda:ListTags"}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHpKPRAxbnGvNsrVQ2YjKqXqcDbJ8U0gDkRRhVw2yYlq"


def allowed() -> set[str]:
    """Every action that the policy names."""
    named = [one["Action"] for one in POLICY["Statement"]]
    return {action for one in named for action in ([one] if isinstance(one, str) else one)}


def used() -> set[str]:
    """Every API operation that dlbox's code names, as IAM writes it: a boto3 method behind its service, or one that only one has."""
    session = botocore.session.get_session()
    known: dict[str, dict[str, str]] = {}
    for service, prefix in SERVICES.items():
        for operation in session.get_service_model(service).operation_names:
            known.setdefault(xform_name(operation), {})[service] = f"{prefix}:{operation}"
    sources = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "library").glob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text()))]
    lists = [node.args if isinstance(node, ast.Call) else node.elts for node in nodes if isinstance(node, ast.Call | ast.Tuple)]  # fmt: skip
    pairs = {(text(one), text(other)) for items in lists for one, other in itertools.pairwise(items)}
    named = {actions[service] for service, name in pairs if service in (actions := known.get(name, {}))}
    alone = {action for name, actions in known.items() if len(actions) == 1 for action in actions.values()}
    texts = {text(node) for node in nodes}
    return named | {action for action in alone if xform_name(action.partition(":")[2]) in texts}


def text(node: ast.AST) -> str:
    """A literal text, or an empty one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_call_of_the_code_has_its_permission_and_no_permission_is_left_over():
    assert used() - NEEDS_NO_PERMISSION == allowed() - BESIDE


def test_the_policy_is_exact_and_fits():
    assert not [action for action in allowed() if "*" in action]
    wide = {one["Sid"] for one in POLICY["Statement"] if one["Resource"] == "*"}
    assert wide == {"Look", "AskForVcpus", "EndASubscription"}
    assert len(json.dumps(POLICY, separators=(",", ":"))) <= 6144, "IAM's limit for a managed policy"


@pytest.fixture
def operator(aws_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run a module as an IAM user whose only policy is ours; the rehearsal judges each of its calls."""
    iam = aws_server.client("iam")
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="dlbox", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    config = tmp_path / "config"
    config.write_text(
        f"[profile operator]\nregion = {REGION}\nendpoint_url = {aws_server.url}\n"
        f"aws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
    )
    for name, value in (
        aws_server.env | {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "operator", "HOME": str(tmp_path)}
    ).items():
        monkeypatch.setenv(name, value)
    aws._session.cache_clear()

    def run(noun: str, check: bool = False, **params: Any) -> dict[str, Any]:
        checked = ArgumentSpecValidator(NOUNS[noun].SPEC).validate({"box": "lab", "region": REGION} | params)
        assert not checked.error_messages
        return converge.run_noun(NOUNS[noun], checked.validated_parameters, check)

    yield run
    aws._session.cache_clear()


def make(operator: Callable[..., dict[str, Any]], **more: Any) -> None:
    """A whole box."""
    operator("dlbox_quota", instance_type="t3.small")
    operator("dlbox_key")
    operator("dlbox_firewall", allowed_cidrs=["203.0.113.7/32"])
    operator("dlbox_instance", **({"instance_type": "t3.small", "ami": "ubuntu", "disk_gib": "20"} | more))
    operator("dlbox_eip")
    operator("dlbox_schedule")
    operator("dlbox_info")


def test_an_operator_makes_changes_and_destroys_a_box(operator, aws_server):
    make(operator)
    operator("dlbox_firewall", allowed_cidrs=["198.51.100.0/24"], extra_ports=["80"])
    operator("dlbox_schedule", stop_time="21:30")
    operator("dlbox_stop_proof", check=True)
    operator("dlbox_schedule", backend="lambda", snooze="tonight")
    operator("dlbox_stop_proof", check=True, backend="lambda")
    operator("dlbox_schedule", backend="lambda", snooze="off", timezone="America/New_York")
    operator("dlbox_quota_info")
    operator("dlbox_doctor", instance=INSTANCE, firewall=FIREWALL)
    operator("dlbox_alarm", hours=10, email="you@example.org")
    topic = f"arn:aws:sns:{REGION}:000000000000:dlbox-{REGION}-lab-hours"
    aws_server.post("confirm", {"topic": topic, "email": "you@example.org"})
    operator("dlbox_alarm", hours=11, email="me@example.org")
    operator("dlbox_info")
    operator("dlbox_instance", state="stopped")
    operator("dlbox_instance", instance_type="t3.micro", ami="ubuntu", disk_gib="30")
    ours = [one for one in aws_server.calls() if one["role"] == "operator"]
    assert {"run_instances", "modify_instance_attribute", "modify_volume", "update_schedule", "unsubscribe"} <= {
        xform_name(one["action"]) for one in ours
    }
    for noun in ("dlbox_instance", "dlbox_eip", "dlbox_schedule", "dlbox_alarm", "dlbox_firewall", "dlbox_key"):
        operator(noun, state="absent")
    assert aws_server.inventory("dlbox:box", "lab") == []
    assert [call for call in aws_server.calls() if call["status"] == 403] == []


def test_an_operator_makes_and_ends_a_spot_box(operator, aws_server):
    make(operator, spot=True)
    operator("dlbox_instance", state="absent")
    assert [call["status"] for call in aws_server.calls("CancelSpotInstanceRequests")] == [200]
    assert not [
        item for item in aws_server.inventory("dlbox:box", "lab") if item["kind"] in ("instance", "spot-request")
    ]


def test_an_operator_may_ask_for_a_quota(operator, aws_server):
    operator("dlbox_quota", instance_type="g5.48xlarge")
    (asked,) = aws_server.calls("RequestServiceQuotaIncrease")
    assert (asked["role"], asked["status"]) == ("operator", 200)


@pytest.mark.parametrize("action", ["StopInstances", "TerminateInstances", "ModifyInstanceAttribute", "CreateTags"])
def test_an_operator_cannot_touch_a_bystanders_instance(operator, aws_server, action):
    theirs = bystander(aws_server)["instance"]
    params = {"CreateTags": {"Resources": [theirs], "Tags": [{"Key": "dlbox:box", "Value": "lab"}]}}.get(
        action,
        {"InstanceId": theirs, "EbsOptimized": {"Value": True}}
        if action.startswith("Modify")
        else {"InstanceIds": [theirs]},
    )
    denied("ec2", xform_name(action), **params)


def test_an_operator_cannot_touch_a_bystanders_address_group_key_or_schedule(operator, aws_server):
    theirs = bystander(aws_server)
    denied("ec2", "release_address", AllocationId=theirs["address"])
    denied("ec2", "delete_security_group", GroupId=theirs["group"])
    denied("ec2", "delete_key_pair", KeyName="theirs")
    denied("scheduler", "delete_schedule_group", Name="theirs")
    denied("cloudwatch", "delete_alarms", AlarmNames=["theirs"])
    denied("sns", "delete_topic", TopicArn=theirs["topic"])
    denied("sns", "list_subscriptions_by_topic", TopicArn=theirs["topic"])


def test_an_operator_makes_nothing_without_the_box_tag(operator, aws_server):
    denied("ec2", "allocate_address", Domain="vpc")
    denied("ec2", "create_security_group", GroupName="mine", Description="mine")
    denied("ec2", "import_key_pair", KeyName="mine", PublicKeyMaterial=PUBLIC_KEY.encode())


@pytest.mark.parametrize("name", ["admin", "dlbox-admin", "my-dlbox-us-west-2-lab-stop"])
def test_an_operator_makes_no_other_role(operator, name):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    denied("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust)


def bystander(server: Server) -> dict[str, str]:
    """Things of somebody else's in the same account and region."""
    ec2 = server.client("ec2")
    image = ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])
    run = {"ImageId": image["Images"][0]["ImageId"], "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    ec2.import_key_pair(KeyName="theirs", PublicKeyMaterial=PUBLIC_KEY.encode())
    server.client("scheduler").create_schedule_group(Name="theirs")
    return {
        "instance": ec2.run_instances(**run)["Instances"][0]["InstanceId"],
        "address": ec2.allocate_address(Domain="vpc")["AllocationId"],
        "group": ec2.create_security_group(GroupName="theirs", Description="theirs")["GroupId"],
        "topic": server.client("sns").create_topic(Name="theirs")["TopicArn"],
    }


def denied(service: str, operation: str, **params: Any) -> None:
    """The call is refused for want of permission."""
    with pytest.raises(aws.AwsError) as refused:
        aws.Aws(REGION).call(service, operation, **params)
    assert refused.value.code in {"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"}, refused.value
