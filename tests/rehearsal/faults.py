"""Choosing the fault that meets a call, and remembering answers for stale reads."""

from __future__ import annotations

import fnmatch

from .replies import Reply
from .state import Fault, State
from .wire import Call


def take(state: State, call: Call) -> Fault | None:
    """The first fault that matches this call, counted down; None when the call goes undisturbed."""
    for fault in state.faults:
        if fault.service not in ("", call.service) or not fnmatch.fnmatchcase(call.action, fault.action):
            continue
        if fault.skip > 0:
            fault.skip -= 1
            continue
        if fault.times > 0:
            fault.times -= 1
        if fault.times == 0:
            state.faults.remove(fault)
        return fault
    return None


def remember(state: State, call: Call, writes: int, settled: int | None, reply: Reply) -> None:
    """Keep a read's answer under the number of writes before it: the newest, and the newest of an earlier number."""
    earlier = [(number, old) for number, old in state.answers.get(call.signature, []) if number < writes]
    state.answers[call.signature] = [*earlier[-1:], (writes, reply)]
    # An answer given while something was under way says what will soon be wrong.
    if settled is not None:
        state.settled[call.signature] = (settled, reply)


def unchanged(state: State, call: Call) -> Reply | None:
    """The answer to the same EC2 question when nothing can have changed since; moto takes 10 ms for each instance."""
    changes, reply = state.settled.get(call.signature, (-1, None))
    return reply if changes == state.changes and call.service == "ec2" and not call.write else None


def before_last_write(state: State, call: Call) -> Reply | None:
    """What the same question was answered before the last write; None when nobody had asked."""
    older = [reply for writes, reply in state.answers.get(call.signature, []) if writes < state.writes]
    return older[-1] if older else None
