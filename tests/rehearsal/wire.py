"""Reading a signed AWS request off the wire: which service, action, region and parameters it names."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

from .state import ACCOUNT

# Signing names that differ from botocore's service names.
SERVICES = {"servicequotas": "service-quotas", "monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}
READS = (
    "Describe",
    "Filter",
    "Get",
    "List",
    "Search",
    "Lookup",
    "Simulate",
    "BatchGet",
    "Assume",
    "Test",
    "Query",
    "Validate",
)
# The machines' driver and the clock mark their calls so, and are spared latency, faults and the journal's default view.
DRIVER = "dlbox-driver"


@dataclass
class Call:
    """One API call as its caller sent it."""

    service: str
    action: str
    region: str
    access_key: str
    agent: str
    protocol: str
    body: bytes
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def write(self) -> bool:
        """Whether the call may change something."""
        dry = str(self.params.get("DryRun", "")).lower() == "true"
        return not dry and not self.action.startswith(READS)

    @property
    def driver(self) -> bool:
        """Whether the rehearsal itself made the call."""
        return DRIVER in self.agent

    @property
    def signature(self) -> str:
        """The same text for two calls that ask the same thing."""
        asked = {k: v for k, v in self.params.items() if k != "ClientToken"}
        return json.dumps([account_of(self.access_key), self.service, self.region, self.action, asked])


def scope(authorization: str) -> tuple[str, str, str] | None:
    """Access key, region and service from a SigV4 header; None for a request that is not signed so."""
    found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request", authorization)
    return (found[1], found[2], found[3].lower()) if found else None


def account_of(access_key: str) -> str:
    """The account of a key: an access key id of twelve digits names its own, every other is the rehearsal's."""
    return access_key if re.fullmatch(r"\d{12}", access_key) else ACCOUNT


def read(environ: dict[str, Any]) -> Call | None:
    """The Call in a WSGI environ, whose body stays readable; None for a request that is not signed."""
    where = scope(environ.get("HTTP_AUTHORIZATION", ""))
    if where is None:
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    key, region, signed = where
    service = SERVICES.get(signed, signed)
    action, protocol, params = _operation(environ, service, body)
    environ["wsgi.input"] = io.BytesIO(body)
    return Call(service, action, region, key, environ.get("HTTP_USER_AGENT", ""), protocol, body, params)


def _operation(environ: dict[str, Any], service: str, body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Action, protocol and parameters; an unknown service is read by its headers alone."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.split(".")[-1], "json", _json(body)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if b"Action=" in body else {}
    if form:
        action = form.pop("Action")
        form.pop("Version", None)
        return action, "ec2" if service == "ec2" else "query", form
    with contextlib.suppress(Exception):
        operation, path = get_service_router(service).match(Request(environ.copy()))
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        return operation.name, get_service_model(service).protocol, {**_json(body), **query, **path}
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", "rest-json", _json(body)


def _json(body: bytes) -> dict[str, Any]:
    """The body as a JSON object, or nothing."""
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
