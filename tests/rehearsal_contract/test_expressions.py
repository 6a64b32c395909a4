"""Contracts of what is a cron, rate or at expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.patches.schedule_rules import expression_ok

from .world import World, code


@pytest.mark.parametrize("wrong", ["cron(0 25 * * ? *)", "cron(0 20 * * * *)", "rate(1 hours)"])
def test_a_rule_of_eventbridge_has_a_valid_expression(aws: World, wrong: str) -> None:
    assert code(aws.client("events").put_rule, Name="r", ScheduleExpression=wrong) == "ValidationException"


def test_a_rule_of_eventbridge_is_taken(world: World) -> None:
    world.client("events").put_rule(Name="r", ScheduleExpression="cron(0 12 ? * MON-FRI *)")
    assert [one["kind"] for one in world.server.inventory()] == ["rule"]


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("cron(0 20 * * ? *)", True), ("cron(0 20 ? * MON-FRI *)", True), ("cron(0/15 8-18 ? * 2#1 2026)", True),
        ("cron(0 20 L * ? *)", True), ("cron(0 20 ? * 6L *)", True), ("cron(0 20 * * * *)", False),
        ("cron(0 20 ? * ? *)", False), ("cron(60 20 * * ? *)", False), ("cron(0 20 ? * MON-XXX *)", False),
        ("rate(1 hour)", True), ("rate(2 hours)", True), ("rate(1 hours)", False), ("rate(0 days)", False),
        ("at(2026-11-21T20:00:00)", True), ("at(2026-02-30T20:00:00)", False), ("at(2026-11-21)", False),
    ],
)  # fmt: skip
def test_expressions(text: str, ok: bool) -> None:
    assert expression_ok(text) is ok


@given(st.integers(0, 59), st.integers(0, 23))
def test_every_time_of_day_is_an_expression(minute: int, hour: int) -> None:
    assert expression_ok(f"cron({minute} {hour} * * ? *)")
