"""What moto lacks of AWS, one module per subject; each has a contract test in tests/rehearsal_contract."""

from __future__ import annotations

from importlib import import_module

SUBJECTS = (
    "accounts", "images", "run_instances", "limits", "states", "attributes", "addresses", "groups", "rules",
    "prefix_rules", "answers", "roles", "schedules", "functions", "spot", "spot_calls",
    "instance_types", "regions", "speed", "mails", "alarms",
)  # fmt: skip


def apply_to_moto(subjects: tuple[str, ...]) -> None:
    """Patch moto in this process, once, before the first request."""
    for subject in subjects:
        import_module(f"{__name__}.{subject}").apply()
