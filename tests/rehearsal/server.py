"""`python -m rehearsal.server`: the rehearsal AWS in one process, on the loopback, until it is told to end."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .state import ACCOUNT, STATE

PORT = 4566


def build(bare: bool = False) -> Any:
    """The whole application: moto with overlay and patches behind the gate; bare is moto with nothing but our images."""
    import moto

    # The overlay's packages win over moto's own.
    if not bare:
        moto.__path__.insert(0, str(Path(__file__).parent / "overlay"))
    import re

    from moto.backend_index import backend_url_patterns

    backend_url_patterns.append(("pricing", re.compile(r"https?://(api\.)?pricing\.(.+)\.amazonaws\.com")))
    backend_url_patterns.append(("freetier", re.compile(r"https?://freetier\.(.+)\.amazonaws\.com")))
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from .gate import Gate
    from .patches import SUBJECTS, apply_to_moto

    apply_to_moto(("images",) if bare else SUBJECTS)
    return Gate(DomainDispatcherApplication(create_backend_app), bare)


def serve(port: int, bare: bool) -> None:
    """Listen, say so in one line, and answer until a signal."""
    from werkzeug.serving import make_server

    application = build(bare)
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):  # type: ignore[misc]
        """Every answer carries the time by the rehearsal's clock, as AWS's carry AWS's."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return str(super().date_time_string(STATE.now().timestamp() if timestamp is None else timestamp))

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    STATE.endpoint = f"http://127.0.0.1:{server.port}"
    os.environ["MOTO_PORT"] = str(server.port)
    print(f"rehearsal AWS ready at {STATE.endpoint}, account {ACCOUNT}", flush=True)
    server.serve_forever()


def end_with_stdin() -> None:
    """End when whoever holds our standard input is gone, so that a killed test run leaves nothing behind."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.server", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--transition", type=float, default=1.0, help="seconds an instance's state change takes")
    parser.add_argument("--quota-policy", choices=("none", "approve", "deny", "partial"), default="none")
    parser.add_argument("--bare", action="store_true", help="moto without overlay and patches, for the contract tests")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    given = parser.parse_args()
    STATE.defaults.transition_s = given.transition
    STATE.defaults.quota_policy = given.quota_policy
    STATE.reset()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    if given.until_eof:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    try:
        serve(given.port, given.bare)
    except OSError as problem:
        sys.exit(
            f"rehearsal AWS: port {given.port} on 127.0.0.1 cannot be opened ({problem}); give another with --port"
        )


if __name__ == "__main__":
    main()
