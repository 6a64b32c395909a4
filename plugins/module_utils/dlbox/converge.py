"""observe, plan, apply: the one loop that every dlbox module runs.

A noun is a module plan_<noun>.py with: SPEC (Ansible's argument spec), want(params), needs(want, seen) -> the parts of
the picture that its plan reads, plan(want, seen) -> list[Change], result(want, seen, saved) -> what the module returns,
OWNS (parts that its writes change) and FRESH (parts to read again before a write, where no unique name or token guards it).
It may have follow(want, look, check, say), which calls look() until what was asked for has come, and
learned(want, seen, saved): the parts that its writes' own answers tell, so that nothing has to read them again; and
shown(want, seen): the parts that only a dry run reads, because they change no call but what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from . import act, change, observe
from .aws import Aws
from .errors import Refused, StateMoved, UnknownOutcome

ROUNDS = 5


def run_noun(
    noun: Any, params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Run a noun: its own run() where it has one, else the loop below, once or as often as its follow() wants it."""
    if own := getattr(noun, "run", None):
        return dict(own(params, check, say))

    def look(**more: Any) -> dict[str, Any]:
        return converge(noun, {**params, **more}, check, say)

    follow = getattr(noun, "follow", None)
    return dict(follow(noun.want(params), look, check, say)) if follow else look()


def converge(
    noun: Any, params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Bring one noun of a box to what params ask for; the module's result."""
    want = noun.want(params)
    aws = Aws(want.scope.region, want.scope.profile, say)
    given = dict(params.get("observed") or {})
    seen: dict[str, Any] = dict(given)
    saved: dict[str, Any] = {}
    done: list[change.Change] = []
    lost: list[change.Change] = []
    for attempt in range(ROUNDS):
        complete(aws, noun, want, seen, check)
        changes = noun.plan(want, seen)
        if changes and (old := [part for part in noun.FRESH if part in given]):
            forget(seen, given, old)
            continue
        # A write whose reply was lost and that is no longer asked for did happen.
        done += [item for item in lost if item.what not in {again.what for again in changes}]
        lost = []
        if check or not changes:
            return report(noun, want, seen, saved, done or changes, check)
        if missing := change.open_refs(changes):
            if attempt < ROUNDS - 1:
                # Right after a launch a describe may not show it yet.
                act.settle(attempt)
                forget(seen, given, (*noun.OWNS, "instances", "groups"))
                continue
            raise Refused(
                f"{changes[0].thing} needs {missing[0]}, which does not exist yet: run site.yml, which makes it first"
            )
        try:
            for item in changes:
                apply(aws, want, seen, saved, item)
                done.append(item)
        except StateMoved as moved:
            if attempt == ROUNDS - 1:
                raise
            lost = [item] if isinstance(moved, UnknownOutcome) else []
            say(f"{moved}; reading again")
            act.settle(attempt)
            forget(seen, given, (*noun.OWNS, *noun.FRESH))
            continue
        # The result may need what was seen before the writes; the next module must not.
        answer = report(noun, want, seen, saved, done, check)
        learned = noun.learned(want, seen, saved) if hasattr(noun, "learned") else {}
        forget(seen, given, noun.OWNS)
        seen.update(learned)
        return answer
    raise StateMoved(
        f"{want.scope.box} kept changing while this run looked at it: let the other run finish, then run the same command"
    )


def complete(aws: Aws, noun: Any, want: Any, seen: dict[str, Any], check: bool = False) -> None:
    """Observe what the plan still needs, independent parts side by side, until it needs nothing more; in check mode, what it shows too."""
    shown = getattr(noun, "shown", None) if check else None
    while missing := sorted((set(noun.needs(want, seen)) | (shown(want, seen) if shown else set())) - seen.keys()):
        tasks = [partial(observe.PARTS[part], aws, want, seen) for part in missing]
        seen.update(zip(missing, aws.together(tasks), strict=True))


def apply(aws: Aws, want: Any, seen: dict[str, Any], saved: dict[str, Any], item: change.Change) -> None:
    """Make one change real: its calls in order, each answer's saved values ready for the next."""
    for call in item.calls:
        params = change.resolve(call.params, saved)
        handler = act.HANDLERS.get((call.service, call.operation), act.plain)
        answer = handler(aws, want, seen, call, params)
        saved.update({name: change.dig(answer, path) for name, path in call.save.items()})


def forget(seen: dict[str, Any], given: dict[str, Any], parts: Iterable[str]) -> None:
    """Drop parts of the picture that no longer hold."""
    for part in parts:
        seen.pop(part, None)
        given.pop(part, None)


def report(
    noun: Any, want: Any, seen: dict[str, Any], saved: dict[str, Any], changes: list[change.Change], check: bool
) -> dict[str, Any]:
    """The module's result; `seen` is the picture for the next module of the same run."""
    return {
        **noun.result(want, seen, saved),
        "changed": bool(changes),
        "changes": [item.public() for item in changes],
        "diff": change.diff(changes),
        "unverified": list(getattr(noun, "UNVERIFIED", ())) if check and changes else [],
        "seen": seen,
    }
