"""AWS clients: made once per profile, region and service, and inherited by forked processes unconnected."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import botocore.loaders
import botocore.session
from botocore.config import Config

# One attempt per call: botocore would repeat a create whose reply was lost, and a second address would bill.
_CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=20,
    max_pool_connections=16,
    user_agent_extra="dlbox",
)
_LOADER = botocore.loaders.create_loader()
_SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()
# What every run of provision.yml asks.
SERVICES = ("ec2", "iam", "scheduler", "sts")


class _Lean:
    """API models with a few operations each: a client of all 830 of EC2 takes 18 ms to make, one of four takes 3."""

    def __init__(self, operations: Iterable[str]) -> None:
        self._kept = frozenset(operations)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """botocore's model, without the operations that are not asked for."""
        model = _LOADER.load_service_model(service_name, type_name, api_version)
        if type_name != "service-2":
            return model
        return {**model, "operations": {name: one for name, one in model["operations"].items() if name in self._kept}}

    def __getattr__(self, name: str) -> Any:
        return getattr(_LOADER, name)


class Session:
    """The clients of one profile; botocore's own, because boto3 around them takes 0.2 s to import."""

    def __init__(self, profile: str, operations: Iterable[str] = ()) -> None:
        self._core = botocore.session.Session(profile=profile or None)
        self._core.register_component("data_loader", _Lean(operations) if operations else _LOADER)
        self._clients: dict[tuple[str, str], Any] = {}
        # Using a client is safe in threads, making one is not.
        self._making = threading.Lock()
        _SESSIONS.add(self)

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region."""
        key = service, region
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._core.create_client(service, region_name=region, config=_CONFIG)
        return self._clients[key]

    def disconnect(self) -> None:
        """Close every connection; the clients go on."""
        for client in self._clients.values():
            client.close()


@lru_cache(maxsize=8)
def session(profile: str, operations: tuple[str, ...] = ()) -> Session:
    """The session of a profile; with operations named as in "DescribeInstances", one that can do nothing else and asks many regions."""
    return Session(profile, operations)


def preload(services: Iterable[str] = SERVICES) -> None:
    """Read API models into this process, so that forks find them in memory."""
    for service in services:
        _LOADER.load_service_model(service, "service-2")
        _LOADER.load_service_model(service, "endpoint-rule-set-1")
    _LOADER.load_data("endpoints")


def _in_child() -> None:
    """Two processes on one connection would read each other's answers."""
    for inherited in _SESSIONS:
        inherited.disconnect()


os.register_at_fork(after_in_child=_in_child)
