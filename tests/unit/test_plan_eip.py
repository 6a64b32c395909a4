"""The address's plan: facts in, changes out; and that any set of addresses ends as one."""

from __future__ import annotations

from typing import Any

import pytest
from dlbox import plan_eip
from dlbox.change import Change, Ref, open_refs
from dlbox.plan_eip import address_age
from hypothesis import assume, given
from hypothesis import strategies as st
from unit.facts import STANDING, TAGS, altered, planned, standing, told, wanted

IDLE = {"AllocationId": "eipalloc-2", "PublicIp": "198.51.100.2", "Tags": TAGS}
MINE = STANDING["addresses"][0]
RELEASE, ASSOCIATE = "release: ec2:release_address", "associate: ec2:associate_address"
LEAVE = "release: ec2:disassociate_address, ec2:release_address"


@pytest.mark.parametrize(
    ("seen", "params", "does"),
    [
        pytest.param(standing(), {}, [], id="nothing differs"),
        pytest.param(standing(addresses=[]), {}, ["allocate: ec2:allocate_address", ASSOCIATE], id="first run"),
        pytest.param(standing(addresses=[], instances=[]), {}, ["allocate: ec2:allocate_address", ASSOCIATE], id="no instance yet"),
        pytest.param(standing(addresses=[IDLE]), {}, [ASSOCIATE], id="association lost"),
        pytest.param(standing(addresses=[MINE, IDLE]), {}, [RELEASE], id="a second one"),
        pytest.param(altered("addresses", InstanceId="i-0"), {}, [ASSOCIATE], id="at an instance of before"),
        pytest.param(altered("addresses", Tags={"dlbox:box": "lab"}), {}, ["tag: ec2:create_tags"], id="tags removed"),
        pytest.param(standing(addresses=[MINE, {**MINE, "AllocationId": "eipalloc-0", "InstanceId": "i-9"}]), {}, [], id="a second one in use elsewhere"),
        pytest.param(standing(), {"state": "absent"}, [LEAVE], id="absent"),
        pytest.param(standing(addresses=[IDLE]), {"state": "absent"}, [RELEASE], id="absent, idle"),
        pytest.param(standing(addresses=[]), {"state": "absent"}, [], id="absent already"),
    ],
)  # fmt: skip
def test_plan(seen: dict[str, Any], params: dict[str, str], does: list[str]) -> None:
    changes = planned(plan_eip, seen, **params)
    assert told(changes) == does
    assert set(open_refs(changes)) <= ({"the box's instance"} if not seen["instances"] else set())


def test_an_address_is_allocated_with_its_tags_and_goes_to_the_box() -> None:
    allocate, associate = planned(plan_eip, standing(addresses=[]))
    assert allocate.calls[0].params["TagSpecifications"][0]["ResourceType"] == "elastic-ip"
    assert {item["Key"] for item in allocate.calls[0].params["TagSpecifications"][0]["Tags"]} == TAGS.keys()
    assert associate.calls[0].params == {"AllocationId": Ref("AllocationId"), "InstanceId": "i-1", "AllowReassociation": True}  # fmt: skip
    assert "$" in allocate.bill


def test_the_result_is_the_address_that_is_kept() -> None:
    elsewhere = {**MINE, "AllocationId": "eipalloc-0", "PublicIp": "198.51.100.9", "InstanceId": "i-9"}
    seen = standing(addresses=[elsewhere, MINE])
    assert plan_eip.result(wanted(plan_eip), seen, {})["public_ip"] == MINE["PublicIp"]
    assert plan_eip.result(wanted(plan_eip), standing(addresses=[]), {"PublicIp": "192.0.2.1"})["public_ip"] == "192.0.2.1"  # fmt: skip


@st.composite
def addresses(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Tagged addresses of any age, some in use by this box or another instance; AWS puts one on an instance."""
    count = draw(st.integers(0, 5))
    owners = draw(st.lists(st.sampled_from(["i-1", "i-7", "i-8", "i-9"]), unique=True, max_size=count))
    found = []
    for number, owner in enumerate([*owners, *[None] * (count - len(owners))]):
        created = draw(st.sampled_from(["2026-01-01", "2026-01-02", ""]))
        tags = {**TAGS, **({"dlbox:created": created} if created else {})}
        item = {"AllocationId": f"eipalloc-{number}", "PublicIp": f"198.51.100.{number}", "Tags": tags}
        found.append(item | ({"AssociationId": f"a-{number}", "InstanceId": owner} if owner else {}))
    return list(draw(st.permutations(found)))


def after(found: list[dict[str, Any]], changes: list[Change]) -> list[dict[str, Any]]:
    """What the calls of a plan leave."""
    left = {item["AllocationId"]: dict(item) for item in found}
    for call in (call for change in changes for call in change.calls):
        ident = call.params.get("AllocationId")
        if call.operation == "allocate_address":
            left["new"] = {"AllocationId": "new", "PublicIp": "192.0.2.1", "Tags": TAGS}
        elif call.operation == "release_address":
            assert "AssociationId" not in left[ident], "an address in use is released"
            del left[ident]
        elif call.operation == "associate_address":
            left["new" if isinstance(ident, Ref) else ident] |= {"AssociationId": "a", "InstanceId": "i-1"}
    return [*left.values()]


@given(addresses())
def test_any_set_of_addresses_ends_as_one_on_the_box(found: list[dict[str, Any]]) -> None:
    left = after(found, planned(plan_eip, standing(addresses=found)))
    assert len([item for item in left if item.get("InstanceId") == "i-1"]) == 1
    assert not [item for item in left if "AssociationId" not in item], "an idle address bills"
    assert planned(plan_eip, standing(addresses=left)) == []


@given(addresses())
def test_the_one_on_the_box_is_kept_else_one_in_use_else_the_oldest(found: list[dict[str, Any]]) -> None:
    assume(found)
    kept = next(item for item in after(found, planned(plan_eip, standing(addresses=found))) if item.get("InstanceId") == "i-1")  # fmt: skip
    here = [item["AllocationId"] for item in found if item.get("InstanceId") == "i-1"]
    used = [item["AllocationId"] for item in found if "AssociationId" in item]
    oldest = min(found, key=lambda item: (item["Tags"].get("dlbox:created", "9"), item["AllocationId"]))
    assert kept["AllocationId"] in (here or used or [oldest["AllocationId"]])


@given(addresses(), st.randoms())
def test_two_runs_choose_the_same_in_whatever_order_aws_lists_them(found: list[dict[str, Any]], random: Any) -> None:
    other = list(found)
    random.shuffle(other)
    assert planned(plan_eip, standing(addresses=found)) == planned(plan_eip, standing(addresses=other))
    assert sorted(found, key=address_age) == sorted(other, key=address_age)
