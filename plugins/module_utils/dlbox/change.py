"""A plan is a list of changes; a change carries its reason and, as data, the API calls that make it real."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ref:
    """A value that an earlier call of the same plan saves, such as Ref("GroupId")."""

    name: str


@dataclass(frozen=True)
class Call:
    """One API call: boto3's service and method names, parameters (may hold Ref), and what to save of the answer.

    `save` maps a name to a dotted path in the answer: {"GroupId": "GroupId"}, {"InstanceId": "Instances.0.InstanceId"}.
    The service "local" means a step on the controller, "wait" a wait for a state: neither writes to AWS.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One difference between what is and what is wanted."""

    verb: str
    thing: str
    reason: str
    before: Any = None
    after: Any = None
    bill: str = ""
    calls: tuple[Call, ...] = ()

    @property
    def what(self) -> tuple[str, str]:
        """Which change this is, whatever its details."""
        return self.verb, self.thing

    def public(self) -> dict[str, Any]:
        """The change as a module returns it."""
        shown = {"verb": self.verb, "thing": self.thing, "reason": self.reason, "bill": self.bill}
        return {**shown, "before": self.before, "after": self.after, "writes": [*writes([self])]}


def writes(changes: Iterable[Change]) -> list[str]:
    """The AWS writes of a plan in order, as `service:operation`."""
    calls = (call for change in changes for call in change.calls)
    return [f"{call.service}:{call.operation}" for call in calls if call.service not in ("local", "wait")]


def diff(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Ansible's diff form, one entry per change, with the reason in its header."""
    return [
        {
            "before_header": change.thing,
            "after_header": f"{change.thing}: {change.verb}, because {change.reason}"
            + (f" [{change.bill}]" if change.bill else ""),
            "before": _text(change.before),
            "after": _text(change.after),
        }
        for change in changes
    ]


def open_refs(changes: Iterable[Change]) -> list[str]:
    """Names that the plan's calls refer to and no earlier call of it saves."""
    known: set[str] = set()
    missing: list[str] = []
    for call in (call for item in changes for call in item.calls):
        missing += [name for name in _refs(call.params) if name not in known]
        known |= call.save.keys()
    return missing


def _refs(value: Any) -> Iterable[str]:
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _refs(item)


def resolve(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with every Ref replaced by what was saved under its name."""
    if isinstance(value, Ref):
        return saved[value.name]
    if isinstance(value, Mapping):
        return {key: resolve(item, saved) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, saved) for item in value]
    return value


def dig(answer: Any, path: str) -> Any:
    """The part of an answer at a dotted path; a number is a list index."""
    for step in path.split("."):
        answer = answer[int(step)] if step.isdigit() else answer[step]
    return answer


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value + "\n" if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, default=str) + "\n"
