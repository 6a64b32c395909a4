"""The quotas: code, name, AWS's default for an account and what the rehearsal's account was granted."""

from __future__ import annotations

from .others import OTHERS

FAMILY = "Running On-Demand {} instances"
# Defaults of an account that never asked; AWS gives new accounts 0 to 5 vCPUs, differing by account and family.
QUOTAS: dict[str, tuple[str, float]] = {
    "L-1216C47A": (FAMILY.format("Standard (A, C, D, H, I, M, R, T, Z)"), 5.0),
    "L-DB2E81BA": (FAMILY.format("G and VT"), 0.0),
    "L-417A185B": (FAMILY.format("P"), 0.0),
    "L-1945791B": (FAMILY.format("Inf"), 0.0),
    "L-2C3B7624": (FAMILY.format("Trn"), 0.0),
    "L-6E869C2A": (FAMILY.format("DL"), 0.0),
    "L-74FC7D96": (FAMILY.format("F"), 0.0),
    "L-7295265B": (FAMILY.format("X"), 0.0),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5.0),
    "L-3819A6DF": ("All G and VT Spot Instance Requests", 0.0),
    "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 0.0),
    "L-C4BD4855": ("All P5 Spot Instance Requests", 0.0),
    "L-B5D1601B": ("All Inf Spot Instance Requests", 0.0),
    "L-6B0D517C": ("All Trn Spot Instance Requests", 0.0),
    "L-85EED4F7": ("All DL Spot Instance Requests", 0.0),
    "L-88CF9481": ("All F Spot Instance Requests", 0.0),
    "L-E3A00192": ("All X Spot Instance Requests", 0.0),
    "L-0263D0A3": ("EC2-VPC Elastic IPs", 5.0),
    **OTHERS,
}
# Granted beforehand, so that `make up` works at once: two g5.xlarge boxes and eight vCPUs of standard types.
GRANTED = {"L-DB2E81BA": 8.0, "L-1216C47A": 8.0}
OPEN = ("PENDING", "CASE_OPENED")
# What a request is once AWS made a support case of it.
CASES = ("CASE_OPENED", "CASE_CLOSED")
DECISIONS = {"approve": "APPROVED", "partial": "APPROVED", "deny": "DENIED"}


def granted(policy: str, have: float, want: float) -> float:
    """The value a decided request leaves; a partial grant is AWS's APPROVED with less than was asked for."""
    return {"approve": want, "partial": min(want, have + 1)}.get(policy, have)
