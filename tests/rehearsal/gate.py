"""The gate every request passes: knobs, journal, latency, faults and the policy judge, around moto's application."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from boto3 import Session
from werkzeug.test import run_wsgi_app

from . import faults, knobs, replies, wire
from .iam_session import verdict
from .replies import Reply
from .state import STATE, Fault
from .wire import Call

# EC2 answers these with a server's status, so botocore retries them as it does on AWS.
REGIONS = frozenset(Session().get_available_regions("ec2")) | {"aws-global"}
SERVER_ERRORS = (b"<Code>InsufficientInstanceCapacity</Code>",)


class Gate:
    """WSGI middleware; calls are answered one at a time, because moto's backends do not lock."""

    def __init__(self, app: Any, bare: bool = False) -> None:
        self.app = app
        self.bare = bare
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/dlbox/"):
            with self.lock:
                return _send(knobs.answer(environ, path), start_response)
        if path == "/moto-api/reset":
            STATE.reset()
        call = None if self.bare else wire.read(environ)
        if call is None:
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        entry = knobs.journal(call)
        fault = None
        if not call.driver:
            time.sleep(STATE.knobs.latency_ms / 1000)
            fault = faults.take(STATE, call)
        reply = self.reply(environ, call, entry, fault)
        entry["status"] = reply[0] if reply else 0
        if reply is None:
            _hang_up(environ)
        return _send(reply, start_response)  # type: ignore[arg-type]

    def reply(self, environ: dict[str, Any], call: Call, entry: dict[str, Any], fault: Fault | None) -> Reply | None:
        """The answer to a call; None means that the caller's connection is to be dropped."""
        if fault:
            entry["fault"] = f"{fault.kind} {fault.when}"
        if fault and fault.kind == "stale":
            return faults.before_last_write(STATE, call) or replies.empty(call)
        if fault and fault.when == "before":
            return None if fault.kind == "drop" else replies.error(call, fault.code, fault.message, fault.status)
        denied, writes = verdict(call, entry), STATE.writes
        settled = STATE.changes if STATE.quiet() else None
        done = denied or faults.unchanged(STATE, call) or self.execute(environ, call)
        if call.write:
            STATE.changed(write=True)
        elif not denied:
            faults.remember(STATE, call, writes, settled, done)
        if fault:
            return None if fault.kind == "drop" else replies.error(call, fault.code, fault.message, fault.status)
        return done

    def execute(self, environ: dict[str, Any], call: Call) -> Reply:
        """Let moto answer; what it cannot do becomes an error that botocore can read."""
        # A function that runs calls back into this server, so its caller must not hold the lock.
        if call.region not in REGIONS:
            return replies.error(call, "InvalidRegion", f"AWS has no region {call.region}.", 400)
        free = call.service == "lambda" and call.action == "Invoke"
        try:
            self.app.get_application(environ)
        except Exception:
            return replies.error(call, "NotImplemented", f"The rehearsal has no {call.service}.", 501)
        try:
            with nullcontext() if free else self.lock:
                chunks, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        except NotImplementedError as problem:
            return replies.error(call, "NotImplemented", f"{call.service} {call.action}: {problem}", 501)
        except Exception as problem:
            traceback.print_exc()
            return replies.error(call, "InternalFailure", f"{call.service} {call.action}: {problem!r}", 500)
        body = b"".join(chunks)
        if call.service == "ec2" and any(mark in body for mark in SERVER_ERRORS):
            return 500, list(headers), body
        return int(status.split()[0]), list(headers), body


def _send(reply: Reply, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Hand a reply to the web server."""
    status, headers, body = reply
    kept = [(k, v) for k, v in headers if k.lower() not in ("content-length", "connection")]
    start_response(f"{status} X", [*kept, ("Content-Length", str(len(body)))])
    return [body]


def _hang_up(environ: dict[str, Any]) -> None:
    """Drop the caller's connection without an answer."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault")
