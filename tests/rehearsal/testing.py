"""The rehearsal AWS for tests: started once, steered by its knobs, reached by boto3 through a profile of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

TESTS = Path(__file__).parents[1]
PROFILE = "dlbox-rehearsal"
REGION = "us-west-2"
CONFIG = """[profile {profile}]
region = {region}
endpoint_url = {url}
aws_access_key_id = {key}
aws_secret_access_key = rehearsal
"""
KEY = "AKIAREHEARSAL0000000"


@dataclass
class Server:
    """A running rehearsal AWS."""

    url: str
    home: Path
    _sessions: dict[str, Any] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """The environment in which boto3, ansible and the tools talk to this server and to nothing else."""
        own = {
            "AWS_CONFIG_FILE": str(self.home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_PROFILE": PROFILE,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | own

    def env_for(self, key: str, **variables: str) -> dict[str, str]:
        """The same with another access key: an account of twelve digits, or a key that IAM made."""
        path = self.home / f"config-{key}"
        path.write_text(CONFIG.format(profile=PROFILE, region=REGION, url=self.url, key=key))
        return self.env | {"AWS_CONFIG_FILE": str(path)} | variables

    def get(self, path: str) -> Any:
        """Read a window of the rehearsal: get("calls")."""
        with urllib.request.urlopen(f"{self.url}/dlbox/{path}") as reply:
            return json.load(reply)

    def post(self, path: str, body: Any = None) -> Any:
        """Turn a knob: post("latency", {"ms": 80})."""
        data = json.dumps(body if body is not None else {}).encode()
        request = urllib.request.Request(f"{self.url}/dlbox/{path}", data=data, method="POST")
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def reset(self) -> None:
        """Empty it: resources, knobs, journal."""
        self.post("reset")

    def calls(self, *actions: str, writes: bool = False) -> list[dict[str, Any]]:
        """The journal, or the calls of the named actions, or the writes alone."""
        kept = [c for c in self.get("calls") if not actions or c["action"] in actions]
        return [c for c in kept if c["write"] or not writes]

    def forget_calls(self) -> None:
        """Empty the journal alone."""
        self.post("calls/reset")

    def inventory(self, tag: str = "", value: str = "") -> list[dict[str, Any]]:
        """Every resource, or those that carry a tag."""
        found: list[dict[str, Any]] = self.get("inventory")
        return [one for one in found if not tag or one["tags"].get(tag) == value]

    def fault(self, action: str, **more: Any) -> None:
        """Inject one kind of fault, in place of those that waited: fault("RunInstances", kind="drop", when="after")."""
        self.post("faults", [{"action": action, **more}])

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        """A boto3 client through the profile; retries and timeouts as botocore's Config takes them."""
        key = repr((service, region, sorted(config.items())))
        if key not in self._sessions:
            session = boto3.Session(aws_access_key_id=KEY, aws_secret_access_key="rehearsal", region_name=region)
            self._sessions[key] = session.client(service, endpoint_url=self.url, config=Config(**config))
        return self._sessions[key]


@contextmanager
def start_server(port: int = 0, **options: Any) -> Iterator[Server]:
    """Start the server in a process of its own and end it: start_server(transition=0.2, quota_policy="approve")."""
    flags = [f"--{k.replace('_', '-')}" + ("" if v is True else f"={v}") for k, v in options.items()]
    command = [sys.executable, "-m", "rehearsal.server", "--until-eof", "--port", str(port), *flags]
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as home:
        process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline() if process.stdout else ""
            if " ready at " not in line:
                raise RuntimeError(f"the rehearsal AWS did not start: {line!r}, exit status {process.poll()}")
            url = line.split(" ready at ")[1].split(",")[0]
            (Path(home) / "config").write_text(CONFIG.format(profile=PROFILE, region=REGION, url=url, key=KEY))
            yield Server(url, Path(home))
        finally:
            process.terminate()
            process.wait(timeout=10)
