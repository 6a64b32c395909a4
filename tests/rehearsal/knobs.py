"""The knobs and windows under /dlbox/: how a test steers the rehearsal and looks at what happened. See README.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from moto.core.exceptions import ServiceException

from . import deeds, iam_session, spot_life, supply, sweep
from .replies import Reply
from .state import STATE, Fault
from .wire import Call

Body = Any


def journal(call: Call) -> dict[str, Any]:
    """Write a call into the journal; its entry is completed when the answer is known."""
    entry: dict[str, Any] = {
        "n": len(STATE.calls) + 1, "at": STATE.now().isoformat(), "service": call.service, "action": call.action,
        "region": call.region, "params": call.params, "write": call.write, "driver": call.driver,
        "agent": call.agent, "role": None, "status": None,
    }  # fmt: skip
    # The driver looks every second; only what it changes is worth keeping.
    if call.write or not call.driver:
        STATE.calls.append(entry)
    return entry


def calls(_: Body, query: dict[str, str]) -> Any:
    """The journal; the driver's own writes only when asked with ?all=1, those it made in a box's role always."""
    return [c for c in STATE.calls if query.get("all") or c["role"] or not c["driver"]]


def forget_calls(_: Body, __: dict[str, str]) -> Any:
    """Empty the journal."""
    STATE.calls.clear()
    return {}


def set_knobs(body: Body, _: dict[str, str]) -> Any:
    """Set any of Settings by name; answer all of them."""
    unknown = sorted(set(body) - set(vars(STATE.knobs)))
    if unknown:
        raise ValueError(f"unknown knob {unknown[0]}: one of {', '.join(sorted(vars(STATE.knobs)))}")
    for name, value in body.items():
        setattr(STATE.knobs, name, value)
    return vars(STATE.knobs)


def set_latency(body: Body, _: dict[str, str]) -> Any:
    """Add so many milliseconds to every API call."""
    STATE.knobs.latency_ms = body["ms"]
    return {"ms": STATE.knobs.latency_ms}


def set_faults(body: Body, _: dict[str, str]) -> Any:
    """Replace the faults that wait to be injected."""
    STATE.faults = [Fault(**one) for one in body]
    return [vars(fault) for fault in STATE.faults]


def get_clock(_: Body, __: dict[str, str]) -> Any:
    """The rehearsal's time and how far it was moved."""
    return {"now": STATE.now().isoformat(), "offset_s": STATE.clock_offset_s}


def set_clock(body: Body, query: dict[str, str]) -> Any:
    """Move the clock: to `now` (ISO, with zone) or by `advance_s`; `firing` is when what is being fired was due, null ends that."""
    if "firing" in body:
        STATE.firing_at = datetime.fromisoformat(body["firing"]) if body["firing"] else None
    if "now" in body:
        STATE.clock_offset_s += (datetime.fromisoformat(body["now"]) - STATE.now()) / timedelta(seconds=1)
    STATE.clock_offset_s += body.get("advance_s", 0)
    return get_clock(body, query)


def reset(_: Body, __: dict[str, str]) -> Any:
    """Empty the rehearsal: every resource, every knob, the journal."""
    sweep.empty_moto()
    STATE.reset()
    return {}


ROUTES: dict[tuple[str, str], Callable[[Body, dict[str, str]], Any]] = {
    ("GET", "calls"): calls,
    ("POST", "calls/reset"): forget_calls,
    ("GET", "knobs"): set_knobs,
    ("POST", "knobs"): set_knobs,
    ("POST", "latency"): set_latency,
    ("POST", "faults"): set_faults,
    ("POST", "capacity"): supply.set_capacity,
    ("POST", "spot"): supply.set_spot_price,
    ("POST", "interrupt"): spot_life.interrupt,
    ("GET", "clock"): get_clock,
    ("POST", "clock"): set_clock,
    ("GET", "ran"): deeds.ran,
    ("POST", "confirm"): deeds.confirm_mail,
    ("POST", "reset"): reset,
    ("POST", "quota"): deeds.decide_quota,
    ("POST", "shutdown"): deeds.power_off,
    ("GET", "status"): sweep.status,
    ("GET", "inventory"): sweep.inventory,
    ("POST", "assume"): iam_session.assume_for_service,
    ("GET", "functions"): lambda _, __: STATE.functions_run,
}


def answer(environ: dict[str, Any], path: str) -> Reply:
    """Answer a request under /dlbox/."""
    name = path.removeprefix("/dlbox/").rstrip("/")
    if name == "checkip":
        return 200, [("Content-Type", "text/plain")], f"{environ['REMOTE_ADDR']}\n".encode()
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    query = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
    route = ROUTES.get((environ["REQUEST_METHOD"], name))
    if route is None:
        return _json(
            404, {"error": f"no knob {environ['REQUEST_METHOD']} /dlbox/{name}: see tests/rehearsal/README.md"}
        )
    if environ["REQUEST_METHOD"] == "POST":
        STATE.changed(write=False)
    try:
        return _json(200, route(json.loads(raw or b"{}"), query))
    except PermissionError as refused:
        return _json(403, {"error": str(refused)})
    except (ValueError, KeyError, TypeError, ServiceException) as problem:
        return _json(400, {"error": f"{type(problem).__name__}: {problem}"})


def _json(status: int, value: Any) -> Reply:
    """A JSON reply."""
    return status, [("Content-Type", "application/json")], json.dumps(value, default=str).encode()
