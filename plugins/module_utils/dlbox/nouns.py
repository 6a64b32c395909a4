"""Every noun by its module's name."""

from __future__ import annotations

from typing import Any

from . import (
    doctor,
    info,
    plan_alarm,
    plan_eip,
    plan_firewall,
    plan_instance,
    plan_key,
    plan_quota,
    plan_schedule,
    preflight,
    quota_info,
    stop_proof,
)

NOUNS: dict[str, Any] = {
    "dlbox_preflight": preflight,
    "dlbox_key": plan_key,
    "dlbox_firewall": plan_firewall,
    "dlbox_quota": plan_quota,
    "dlbox_instance": plan_instance,
    "dlbox_eip": plan_eip,
    "dlbox_schedule": plan_schedule,
    "dlbox_alarm": plan_alarm,
    "dlbox_info": info,
    "dlbox_doctor": doctor,
    "dlbox_quota_info": quota_info,
    "dlbox_stop_proof": stop_proof,
}
