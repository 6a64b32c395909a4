"""CloudWatch's alarms: how one begins, what an update leaves as it was, and how far back one may look."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch import models
from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend as Backend

from ..state import STATE

HOUR, DAY, WEEK = 3600, 86400, 604800


def apply() -> None:
    """Patch moto."""
    put, delete = Backend.put_metric_alarm, Backend.delete_alarms

    def put_metric_alarm(self: Any, **given: Any) -> Any:
        period, periods = int(given["period"] or 0), int(given["evaluation_periods"] or 0)
        if period * periods > (DAY if period < HOUR else WEEK):
            raise ValidationError("Metrics cannot be checked across more than a day (EvaluationPeriods * Period).")
        before = self.alarms.get(given["name"])
        alarm = put(self, **given if before is None else {**given, "tags": None})
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            return alarm
        kept = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")
        alarm.__dict__.update({key: before.__dict__[key] for key in kept})
        return alarm

    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        delete(self, alarm_names)

    models.utcnow = lambda: STATE.now().replace(tzinfo=None)
    Backend.put_metric_alarm = put_metric_alarm
    Backend.delete_alarms = delete_alarms
