"""The instance's plan: facts in, changes out; launch, drift and power."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import plan_instance
from dlbox.change import Ref, open_refs
from dlbox.errors import Refused
from unit.facts import STANDING, TAGS, altered, gpu_type, is_sentence, planned, standing, told, wanted

RADEON = gpu_type(4) | {"gpus": [{"name": "Radeon", "maker": "AMD", "count": 1, "memory_mib": 8192, "share": 1.0}]}
LAUNCH = "launch: ec2:run_instances"
UPDATE = "update: ec2:modify_instance_attribute"
STOP, START = "stop: ec2:stop_instances", "start: ec2:start_instances"
NOTHING: dict[str, Any] = {"instances": []}


def plan(seen: dict[str, Any], **params: Any) -> Any:
    return planned(plan_instance, seen, **{"instance_type": "g5.xlarge", **params})


def disk(size: int, device: str = "/dev/sda1") -> dict[str, Any]:
    return standing(
        volumes=[{"VolumeId": "vol-1", "Size": size, "Attachments": [{"Device": device, "InstanceId": "i-1"}]}]
    )


def stopped_with(facts: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A stopped box, where g4ad.xlarge can be had too."""
    seen = altered("instances", State="stopped") | parts
    seen["types"]["g4ad.xlarge"], seen["zones"]["g4ad.xlarge"] = facts, ["us-west-2b"]
    return seen


@pytest.mark.parametrize(
    ("seen", "params", "does"),
    [
        pytest.param(standing(), {}, [], id="nothing differs"),
        pytest.param(standing(**NOTHING), {}, [LAUNCH], id="first run"),
        pytest.param(standing(**NOTHING, groups=[]), {}, [LAUNCH], id="first run, nothing else there"),
        pytest.param(standing(**NOTHING), {"state": "stopped"}, [LAUNCH, STOP], id="first run, to be stopped"),
        pytest.param(altered("instances", Tags={}), {}, ["tag: ec2:create_tags"], id="tags removed"),
        pytest.param(altered("instances", Tags={**TAGS, "Name": "x"}), {}, ["tag: ec2:create_tags"], id="renamed"),
        pytest.param(altered("instances", Tags={**TAGS, "team": "x"}), {}, [], id="a tag of the user's"),
        pytest.param(altered("instances", Groups=["sg-1", "sg-2"]), {}, [UPDATE], id="in another group too"),
        pytest.param(altered("instances", Groups=[]), {}, [UPDATE], id="in no group"),
        pytest.param(altered("instances", MetadataOptions={"HttpTokens": "optional"}), {}, ["update: ec2:modify_instance_metadata_options"], id="IMDSv1"),
        pytest.param(standing(shutdown_behavior="terminate"), {}, [UPDATE], id="shutdown terminates"),
        pytest.param(standing(), {"disk_gib": "200"}, ["grow: ec2:modify_volume"], id="a larger disk"),
        pytest.param(disk(50, "/dev/sdb"), {}, [], id="a second disk is not the root"),
        pytest.param(altered("instances", State="stopped"), {}, [START], id="stopped by hand"),
        pytest.param(altered("instances", State="stopping"), {}, [START], id="stopping"),
        pytest.param(altered("instances", State="pending"), {}, ["await"], id="another run started it"),
        pytest.param(standing(), {"state": "stopped"}, [STOP], id="to be stopped"),
        pytest.param(altered("instances", State="pending"), {"state": "stopped"}, [STOP], id="to be stopped, pending"),
        pytest.param(altered("instances", State="stopped"), {"state": "stopped"}, [], id="stopped as asked"),
        pytest.param(altered("instances", State="stopped", InstanceType="t3.large"), {}, [f"resize: {UPDATE[8:]}", START], id="resized while stopped"),
        pytest.param(stopped_with(RADEON), {"instance_type": ["g4ad.xlarge", "t3.large"]}, ["resize: ec2:modify_instance_attribute", START], id="resized to what its drivers are for"),
        pytest.param(stopped_with(RADEON, own_image=None), {"instance_type": "g4ad.xlarge"}, ["resize: ec2:modify_instance_attribute", START], id="resized, its image is gone"),
        pytest.param(standing(), {"state": "absent"}, ["terminate: ec2:terminate_instances"], id="absent"),
        pytest.param(standing(**NOTHING), {"state": "absent"}, [], id="absent already"),
        pytest.param(altered("instances", State="stopped", Tags={}, Groups=[]), {"instance_type": ""}, [START], id="start alone, whatever drifted"),
        pytest.param(altered("instances", Groups=[]), {"instance_type": "", "state": "stopped"}, [STOP], id="stop alone"),
        pytest.param(standing(**NOTHING), {"instance_type": ""}, [], id="nothing to start"),
    ],
)  # fmt: skip
def test_plan(seen: dict[str, Any], params: dict[str, str], does: list[str]) -> None:
    changes = plan(seen, **params)
    assert told(changes) == does
    assert set(open_refs(changes)) <= ({"the security group"} if not seen["groups"] else set())


@pytest.mark.parametrize(
    ("state", "asked", "waits"),
    [("stopping", "running", ["stopped", "running"]), ("pending", "stopped", ["running", "stopped"]), ("pending", "running", ["running"])],
)  # fmt: skip
def test_a_change_of_state_waits_for_the_one_before_it(state: str, asked: str, waits: list[str]) -> None:
    (change,) = plan(altered("instances", State=state), state=asked)
    assert [call.params["State"] for call in change.calls if call.service == "wait"] == waits


def test_a_launch_carries_everything_in_one_call() -> None:
    (change,) = plan(standing(**NOTHING), disk_gib="150")
    params = change.calls[0].params
    assert params["InstanceInitiatedShutdownBehavior"] == "stop"
    assert params["MetadataOptions"]["HttpTokens"] == "required"
    device = params["BlockDeviceMappings"][0]
    assert device["DeviceName"] == "/dev/sda1"
    assert device["Ebs"] == {"VolumeSize": 150, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    place = {"InstanceType": "g5.xlarge", "Zone": "us-west-2b", "SubnetId": "subnet-b"}
    assert params["Places"] == [place], "us-west-2a does not offer the type"
    assert params["SecurityGroupIds"] == ["sg-1"]
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    numbered = [*tags, {"Key": "dlbox:generation", "Value": "1"}]
    assert {kind["ResourceType"]: kind["Tags"] for kind in params["TagSpecifications"]} == {"instance": numbered, "volume": tags}  # fmt: skip
    assert "ClientToken" not in params, "the token depends on what AWS remembers: act.run_instances adds it"
    assert (change.after["zone"], change.after["disk_gib"]) == ("us-west-2b", 150)
    assert "by the second" in change.bill


@pytest.mark.parametrize(
    ("noted", "dead", "number", "does"),
    [
        pytest.param({}, 0, "1", "launch: ec2:run_instances", id="first"),
        pytest.param({}, 1, "2", "launch: ec2:create_tags, ec2:run_instances", id="after a dead one"),
        pytest.param({"dlbox:generation": "2"}, 1, "2", "launch: ec2:run_instances", id="another run noted it"),
        pytest.param({"dlbox:generation": "4"}, 0, "4", "launch: ec2:run_instances", id="the dead are forgotten"),
    ],
)
def test_a_launch_takes_a_token_that_no_dead_instance_has(noted: dict[str, str], dead: int, number: str, does: str) -> None:  # fmt: skip
    group = {**STANDING["groups"][0], "Tags": {**TAGS, **noted}}
    (change,) = changes = plan(standing(**{**NOTHING, "groups": [group], "spent": dead}))
    assert told(changes) == [does]
    run = next(call for call in change.calls if call.operation == "run_instances")
    assert {"Key": "dlbox:generation", "Value": number} in run.params["TagSpecifications"][0]["Tags"]


@pytest.mark.parametrize(
    ("params", "prices", "bill"),
    [
        ({}, {"g5.xlarge": 1.006}, "+g5.xlarge ($1.006 an hour), +100 GiB gp3 by the month"),
        ({}, {}, "+g5.xlarge (by the second), +100 GiB"),
        ({"instance_type": ["g5.2xlarge", "g5.xlarge"]}, {"g5.2xlarge": 1.212}, "+g5.2xlarge ($1.212 an hour)"),
        ({"spot": True}, {"g5.xlarge": 1.006}, "+g5.xlarge (Spot, at most $1.006 an hour)"),
        ({"spot": True, "spot_max_usd": "0.5"}, {"g5.xlarge": 1.006}, "+g5.xlarge (Spot, at most $0.5 an hour)"),
        ({"spot": True}, {}, "+g5.xlarge (Spot, by the second)"),
    ],
)
def test_a_launch_names_its_price_where_it_is_known(
    params: dict[str, Any], prices: dict[str, float], bill: str
) -> None:
    asked = {"instance_type": "g5.xlarge", **params}
    want = wanted(plan_instance, **asked)
    (change,) = plan_instance.plan(want, standing(**NOTHING, prices=prices))
    assert bill in change.bill


@pytest.mark.parametrize(
    ("seen", "params", "parts"),
    [
        (standing(**NOTHING), {}, {"prices"}),
        (standing(**NOTHING), {"instance_type": ""}, set()),
        (standing(**NOTHING), {"state": "absent"}, set()),
        (standing(), {}, set()),
        ({}, {}, set()),
    ],
    ids=["a launch", "a start alone", "absent", "stands", "not known yet"],
)
def test_only_a_dry_run_of_a_launch_asks_for_prices(
    seen: dict[str, Any], params: dict[str, str], parts: set[str]
) -> None:
    want = wanted(plan_instance, **{"instance_type": "g5.xlarge", **params})
    assert plan_instance.shown(want, seen) == parts
    assert "prices" not in plan_instance.needs(want, seen)


def test_a_launch_before_its_group_exists_refers_to_it() -> None:
    (change,) = plan(standing(**NOTHING, groups=[]))
    assert change.calls[0].params["SecurityGroupIds"] == [Ref("the security group")]


@pytest.mark.parametrize(
    ("seen", "params", "says"),
    [
        pytest.param(standing(**NOTHING), {"instance_type": "p2.xlarge"}, "box_instance_type: p2.xlarge is retired.*set box_instance_type: g4dn.xlarge", id="retired"),
        pytest.param(standing(**NOTHING), {"instance_type": "g5.xlagre"}, "us-west-2 knows no g5.xlagre: set box_instance_type: g5.xlarge, if you mean that", id="unknown type"),
        pytest.param(standing(**NOTHING, zones={}), {}, "g5.xlarge is not offered in us-west-2", id="not offered"),
        pytest.param(standing(**NOTHING, zones={"g5.xlarge": ["us-west-2d"]}), {}, "offered in us-west-2d, where there is no default subnet", id="offered elsewhere"),
        pytest.param(standing(**NOTHING, subnets=[]), {}, "no default subnet", id="no subnets"),
        pytest.param(standing(**NOTHING, image={**STANDING["image"], "architecture": "arm64"}), {}, "box_ami: g5.xlarge is for x86_64 and ami-1 for arm64", id="another architecture"),
        pytest.param(standing(**NOTHING), {"disk_gib": "50"}, "box_disk_gib: 50 is smaller than the 75 GiB", id="disk under the snapshot"),
        pytest.param(standing(**NOTHING, strays=[{"InstanceId": "i-9", "Tags": {}}]), {}, "i-9 is in this box's security group without the tag", id="its tag was removed"),
        pytest.param(standing(instances=STANDING["instances"] * 2), {}, "i-1 and i-1 both carry the tag", id="two of them"),
        pytest.param(standing(), {"disk_gib": "50"}, "cannot shrink to 50", id="a smaller disk"),
        pytest.param(standing(), {"instance_type": "g5.2xlarge"}, "only while the box is stopped", id="resized while running"),
        pytest.param(altered("instances", State="stopped", Zone="us-west-2a"), {"instance_type": "g5.2xlarge"}, "not offered in us-west-2a, where this box's disk is", id="resized into another zone"),
        pytest.param(standing(**NOTHING), {"instance_type": "zz9.huge"}, "us-west-2 knows no zz9.huge: set box_instance_type: g4dn.xlarge", id="nothing near"),
        pytest.param(standing(**NOTHING, types={"mac1.metal": gpu_type(12, architectures=["x86_64_mac"])}), {"instance_type": "mac1.metal"}, "mac1.metal cannot be had: it runs macOS alone, on a Dedicated Host", id="a Mac"),
        pytest.param(stopped_with(RADEON), {"instance_type": "g4ad.xlarge"}, "g4ad.xlarge has a GPU of AMD and ami-0 drivers for NVIDIA's alone: set a type", id="resized to a GPU that its drivers are not for"),
        pytest.param(altered("instances", State="stopped"), {"instance_type": "p3.2xlarge"}, "is retired", id="resized to a retired type"),
    ],
)  # fmt: skip
def test_what_aws_would_refuse_is_refused_before(seen: dict[str, Any], params: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        plan(seen, **params)
    assert is_sentence(str(refused.value))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"instance_type": "big"}, "box_instance_type: 'big'"),
        ({"ami": "windows"}, "box_ami: 'windows' is not one of pytorch, base, ubuntu"),
        ({"ubuntu": "20.04"}, "box_ubuntu: '20.04' is not one of"),
        ({"disk_gib": "4"}, "box_disk_gib: '4'"),
        ({"disk_gib": "100G"}, "box_disk_gib: '100G'"),
    ],
)
def test_bad_input_is_named(params: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        wanted(plan_instance, **params)
    assert is_sentence(str(refused.value))


def test_a_box_that_stands_asks_for_little() -> None:
    little = {"account", "instances", "groups", "volumes", "shutdown_behavior"}
    assert plan_instance.needs(wanted(plan_instance, instance_type="g5.xlarge"), standing()) == little
    assert "image" not in plan_instance.needs(wanted(plan_instance, instance_type="t3.large"), standing())


def test_the_result_names_what_was_launched() -> None:
    want = wanted(plan_instance, instance_type="g5.xlarge")
    assert plan_instance.result(want, standing(**NOTHING), {"InstanceId": "i-2"})["instance_id"] == "i-2"
    standing_box = {"instance_id": "i-1", "instance_type": "g5.xlarge", "attempts": []}
    assert plan_instance.result(want, standing(), {}) == standing_box
    assert plan_instance.result(want, standing(**NOTHING), {})["instance_id"] is None


def test_the_last_wait_tells_the_box_as_it_is_now_and_nobody_need_read_the_group_again() -> None:
    box, groups = STANDING["instances"][0], STANDING["groups"]
    for params in ({}, {"state": "stopped"}):
        want = wanted(plan_instance, instance_type="g5.xlarge", **params)
        assert plan_instance.learned(want, {"groups": groups}, {"instance": box}) == {
            "instances": [box],
            "groups": groups,
        }
        assert plan_instance.learned(want, {}, {}) == {}
    assert plan_instance.learned(wanted(plan_instance, state="absent"), {}, {"instance": box}) == {}


@pytest.mark.parametrize("params", [{}, {"state": "stopped"}])
def test_a_launch_ends_with_a_wait_that_saves_the_box(params: dict[str, str]) -> None:
    last = plan(standing(**NOTHING), **params)[-1].calls[-1]
    assert (last.service, last.save) == ("wait", {"instance": "Instance"})
