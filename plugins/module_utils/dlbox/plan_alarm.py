"""The mail when the box ran longer than asked within 24 hours: a CloudWatch alarm and an SNS topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import values
from .alarm_form import alarm_name, marked, topic_arn, view, wanted
from .alarm_mail import confirmed, is_wanted, mails, retag, topic
from .change import Call, Change, Ref
from .errors import Refused
from .names import ALARM_TAG, Scope, scope, tag_list
from .spec import COMMON_SPEC

SPEC = {
    **COMMON_SPEC,
    "hours": {"type": "raw", "default": 0},
    "email": {"type": "str", "default": ""},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
OWNS = ("alarm", "alarm_topic", "alarm_subscriptions", "groups")
FRESH = ()
BILL = "+$0.10 a month, unless it is one of the account's first ten alarms"
WHY = {
    "hours": "box_alarm_hours differs",
    "instance": "it watches another instance",
    "counts": "it counts something else than the minutes that the box ran",
    "missing": "it would take a stopped box for a running one",
    "enabled": "its actions are switched off",
    "does": "it does something else than mail",
    "text": "its text differs",
}


@dataclass(frozen=True)
class Want:
    """The alarm asked for; no hours mean none, and whatever there is of it goes."""

    scope: Scope
    hours: int
    email: str
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for; refuses hours without an address."""
    state = params.get("state") or "present"
    hours = values.hours("box_alarm_hours", 0 if state == "absent" else params["hours"])
    email = values.email("box_alarm_email", params.get("email") or "")
    if hours and not email:
        raise Refused(
            f"box_alarm_email is empty, so nobody would hear of it when the box ran more than {hours} hours: "
            "write your address, as in you@example.org, or set box_alarm_hours: 0"
        )
    return Want(scope(params), hours, email, state)


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads: where no alarm is asked for and none was made, the group alone."""
    if "groups" not in seen or not (want.hours or want.state == "absent" or marked(seen)):
        return {"groups"}
    parts = {"groups", "account"} | ({"instances"} if want.hours else set())
    inside = {"alarm", "alarm_topic"} | ({"alarm_subscriptions"} if want.hours else set())
    return parts | (inside if parts <= seen.keys() else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that leave this one alarm, mailing this one address; or none of it."""
    if not want.hours:
        return _remove(want, seen) if "alarm" in seen else []
    # First, so that whatever a run leaves half done is found again.
    return [*_mark(want, seen, "true"), *topic(want, seen), *mails(want, seen), *_alarm(want, seen)]


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The alarm's name, and what is left for the user to do."""
    if not want.hours:
        return {"alarm_name": None, "message": ""}
    waits = (
        "" if any(is_wanted(want, one) for one in confirmed(seen)) else f": confirm the mail from AWS to {want.email}"
    )
    return {
        "alarm_name": alarm_name(want.scope),
        "message": f"{want.email} gets a mail after {want.hours} hours within 24{waits}",
    }


def _mark(want: Want, seen: dict[str, Any], value: str) -> list[Change]:
    if marked(seen) == (value == "true") or (not seen["groups"] and value != "true"):
        return []
    unmade: dict[str, Any] = {"GroupId": Ref("the security group"), "Tags": {}}
    group: dict[str, Any] = next(iter(seen["groups"]), unmade)
    before, after = group["Tags"], {**group["Tags"], ALARM_TAG: value}
    calls = (Call("ec2", "create_tags", {"Resources": [group["GroupId"]], "Tags": tag_list({ALARM_TAG: value})}),)
    reason = "later runs look for an alarm where this says so"
    return [Change("tag", f"security group {want.scope.prefix}", reason, before, after, calls=calls)]


def _alarm(want: Want, seen: dict[str, Any]) -> list[Change]:
    box, found, name = next(iter(seen["instances"]), None), seen["alarm"], alarm_name(want.scope)
    form = wanted(want, seen, box["InstanceId"] if box else None)
    thing, after, params = f"alarm {name}", view(form), {"AlarmName": name, **form}
    if found is None:
        calls = (Call("cloudwatch", "put_metric_alarm", {**params, "Tags": tag_list(want.scope.tags)}),)
        return [Change("create", thing, "there is none of this name", None, after, BILL, calls)]
    before, changes = view(found), []
    if differing := [key for key in after if before[key] != after[key]]:
        shown, wants = ({key: side[key] for key in differing} for side in (before, after))
        reason = "; ".join(WHY[key] for key in differing)
        changes.append(
            Change("update", thing, reason, shown, wants, calls=(Call("cloudwatch", "put_metric_alarm", params),))
        )
    # An update takes no tags.
    return changes + retag(
        want, thing, found["Tags"], Call("cloudwatch", "tag_resource", {"ResourceARN": found["AlarmArn"]})
    )


def _remove(want: Want, seen: dict[str, Any]) -> list[Change]:
    name, changes = alarm_name(want.scope), []
    reason = "the box is to be absent" if want.state == "absent" else "box_alarm_hours is 0"
    if seen["alarm"]:
        calls = (Call("cloudwatch", "delete_alarms", {"AlarmNames": [name]}),)
        changes.append(Change("delete", f"alarm {name}", reason, view(seen["alarm"]), None, "-$0.10 a month", calls))
    if seen["alarm_topic"]:
        calls = (Call("sns", "delete_topic", {"TopicArn": topic_arn(want.scope, seen)}),)
        changes.append(Change("delete", f"topic {name}", reason, seen["alarm_topic"]["Tags"], None, calls=calls))
    return [*changes, *_mark(want, seen, "false")]
