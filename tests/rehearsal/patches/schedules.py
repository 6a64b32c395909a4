"""EventBridge Scheduler: what it validates, its client tokens, and the life of groups."""

from __future__ import annotations

from typing import Any

from moto.scheduler import models
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend as Backend
from moto.scheduler.responses import EventBridgeSchedulerResponse as Response

from ..iam_session import cannot_assume
from ..state import STATE
from .schedule_rules import expression_ok, zone_ok


class Conflict(ValidationException):  # type: ignore[misc]
    """AWS's ConflictException."""

    code = 409
    description: str

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error_type = "ConflictException"
        self.description = self.description.replace("ValidationException", "ConflictException")


def check(backend: Any, given: dict[str, Any]) -> None:
    """Refuse a schedule that AWS would refuse."""
    group = backend.get_schedule_group(given["group_name"])
    if not expression_ok(given["schedule_expression"] or ""):
        raise ValidationException(f"Invalid Schedule Expression {given['schedule_expression']}.")
    zone = given["schedule_expression_timezone"]
    if zone and not zone_ok(zone):
        raise ValidationException(f"Invalid Schedule Expression Timezone {zone}.")
    window, target = given["flexible_time_window"], given["target"]
    if not window or not target or not target.get("Arn") or not target.get("RoleArn"):
        raise ValidationException("FlexibleTimeWindow, Target.Arn and Target.RoleArn are required.")
    if cannot_assume(target["RoleArn"], "scheduler.amazonaws.com", group.arn):
        text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise ValidationException(text)


def apply() -> None:
    """Patch moto."""
    create, update = Backend.create_schedule, Backend.update_schedule
    make_group, drop_group = Backend.create_schedule_group, Backend.delete_schedule_group
    answer, listed = Response.create_schedule, Backend.list_schedules

    def create_schedule(self: Any, **given: Any) -> Any:
        check(self, given)
        return create(self, **given)

    def update_schedule(self: Any, **given: Any) -> Any:
        check(self, given)
        return update(self, **{**given, "state": given["state"] or "ENABLED"})

    def answer_create(self: Any) -> Any:
        token, name = self._get_param("ClientToken"), self.uri.split("/")[-1]
        group = self._get_param("GroupName") or "default"
        tokens = self.scheduler_backend.__dict__.setdefault("_schedule_tokens", {})
        # A token repeats its answer only while the schedule lives and the request is the same.
        if (
            token
            and (group, name, token) in tokens
            and name in self.scheduler_backend.get_schedule_group(group).schedules
        ):
            body, done = tokens[group, name, token]
            if body != self.body:
                raise Conflict(f"The client token {token} was used with other parameters.")
            return done
        done = answer(self)
        tokens[group, name, token] = (self.body, done)
        return done

    def create_schedule_group(self: Any, name: str, tags: Any) -> Any:
        if name in self.schedule_groups:
            raise Conflict(f"Schedule group {name} already exists.")
        return make_group(self, name, tags or [])

    def delete_schedule_group(self: Any, name: str | None) -> None:
        if name in (None, "default"):
            raise ValidationException("The default schedule group cannot be deleted.")
        if name not in self.schedule_groups:
            raise ScheduleGroupNotFound(name)
        self.tagger.delete_all_tags_for_resource(self.schedule_groups[name].arn)
        drop_group(self, name)

    def list_schedules(self: Any, group_names: Any, *args: Any, **options: Any) -> Any:
        for name in group_names or []:
            self.get_schedule_group(name)
        return listed(self, group_names, *args, **options)

    # Its dates, and what a start date is held against, follow the rehearsal's clock.
    models.unix_time = lambda: STATE.now().timestamp()
    models.utcnow = lambda: STATE.now().replace(tzinfo=None)
    Backend.list_schedules = list_schedules
    Backend.create_schedule = create_schedule
    Backend.update_schedule = update_schedule
    Backend.create_schedule_group = create_schedule_group
    Backend.delete_schedule_group = delete_schedule_group
    Response.create_schedule = answer_create
