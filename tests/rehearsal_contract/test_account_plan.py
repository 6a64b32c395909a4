"""Contracts of the account's plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .spot import market
from .world import World, code


def test_the_plan_is_told(aws: World) -> None:
    found = aws.client("freetier", "us-east-1").get_account_plan_state()
    found.pop("ResponseMetadata")
    assert found == {
        "accountId": "000000000000", "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE",
        "accountPlanRemainingCredits": {"amount": 0.0, "unit": "USD"},
    }  # fmt: skip


def test_a_free_plan_has_credits_and_an_end(world: World) -> None:
    world.server.post("knobs", {"account_plan": "FREE"})
    found = world.client("freetier", "us-east-1").get_account_plan_state()
    assert (found["accountPlanType"], found["accountPlanRemainingCredits"]) == (
        "FREE",
        {"amount": 100.0, "unit": "USD"},
    )
    assert found["accountPlanExpirationDate"] - datetime.now(UTC) > timedelta(days=180)


def test_one_region_alone_answers(world: World) -> None:
    assert code(world.client("freetier").get_account_plan_state) == "ValidationException"


@pytest.mark.parametrize("options", [{}, {"InstanceMarketOptions": market()}])
def test_a_free_plan_launches_free_types_alone(world: World, options: dict[str, object]) -> None:
    world.server.post("knobs", {"account_plan": "FREE"})
    assert code(world.run, InstanceType="g5.xlarge", **options) == "InvalidParameterCombination"
    assert code(world.run, InstanceType="t3.medium", **options) == "InvalidParameterCombination"
    assert world.run(InstanceType="t3.small", **options)["InstanceType"] == "t3.small"


def test_the_types_that_are_free_say_so(world: World) -> None:
    filters = [{"Name": "free-tier-eligible", "Values": ["true"]}]
    found = {one["InstanceType"] for one in world.ec2.describe_instance_types(Filters=filters)["InstanceTypes"]}
    assert {"t3.micro", "t3.small", "t4g.micro", "t4g.small", "c7i-flex.large", "m7i-flex.large"} <= found


def test_a_free_plan_may_ask_for_quota(world: World) -> None:
    world.server.post("knobs", {"account_plan": "FREE"})
    asked = {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA", "DesiredValue": 16.0}
    made = world.client("service-quotas").request_service_quota_increase(**asked)["RequestedQuota"]
    assert made["Status"] == "PENDING"
