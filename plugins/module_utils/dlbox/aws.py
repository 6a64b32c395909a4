"""The only place that talks to AWS: one retry policy, and errors as sentences."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto

from .aws_errors import ABSENT, credential_advice, refused, sentence, throttled, unassumable
from .clients import session as _session
from .errors import AwsError, DlboxError, UnknownOutcome
from .retry import DEADLINE_S, backoff

# Never left this machine, so any call may be made again; and a network that is not there is said soon.
_UNREACHED = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
UNREACHED_S = 8.0
_LOST = (boto.ConnectionError, boto.HTTPClientError)
# These have no client token and no unique name to fall back on, or AWS answers a repeat with a misleading error.
_ONCE = ("create_", "allocate_", "import_", "request_", "authorize_")
_TOKENED = {"create_schedule", "create_tags"}


class Aws:
    """Clients of one region and profile; `say` takes a line of progress.

    `patience` is how many seconds a call is tried again; `operations`, as in "DescribeInstances", are all that will be asked.
    """

    def __init__(
        self,
        region: str,
        profile: str = "",
        say: Callable[[str], None] = lambda line: None,
        patience: float = DEADLINE_S,
        operations: tuple[str, ...] = (),
    ) -> None:
        self.region, self.profile, self.say = region, profile, say
        self.patience, self.operations = patience, operations

    def client(self, service: str, region: str | None = None) -> Any:
        """A client, made once per service."""
        try:
            return _session(self.profile, self.operations).client(service, region or self.region)
        except boto.BotoCoreError as error:
            raise DlboxError(credential_advice(error, self.profile)) from error

    @property
    def rehearsal(self) -> bool:
        """Whether the profile's endpoint is a rehearsal on this machine."""
        return is_loopback(self.client("ec2").meta.endpoint_url)

    def call(self, service: str, operation: str, /, region: str | None = None, **params: Any) -> Any:
        """One API call, repeated while that is harmless; raises AwsError, or UnknownOutcome for a lost create."""
        method = getattr(self.client(service, region), operation)
        once = operation.startswith(_ONCE) and operation not in _TOKENED
        pauses, near = backoff(self.patience), backoff(min(self.patience, UNREACHED_S))
        while True:
            try:
                return method(**params)
            except boto.ClientError as error:
                if refused(error):
                    code = error.response["Error"]["Code"]
                    raise AwsError(sentence(service, operation, error, self.profile), code, operation) from error
                if once and not throttled(error):
                    raise UnknownOutcome(sentence(service, operation, error, self.profile)) from error
                failure, pause = error, next(pauses, None)
            except _UNREACHED as error:
                failure, pause = error, next(near, None)
            except _LOST as error:
                if once:
                    raise UnknownOutcome(f"the reply to {service}:{operation} was lost: run it again") from error
                failure, pause = error, next(pauses, None)
            except boto.BotoCoreError as error:
                raise DlboxError(credential_advice(error, self.profile)) from error
            if pause is None:
                raise AwsError(sentence(service, operation, failure, self.profile), "", operation) from failure
            self.say(f"{service}:{operation} got no answer from AWS, trying again")
            time.sleep(pause)

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        """Every item under `key` over all pages of an operation that pages by NextToken."""
        items: list[Any] = []
        while True:
            page = self.call(service, operation, **params)
            items += page.get(key, [])
            if not page.get("NextToken"):
                return items
            params["NextToken"] = page["NextToken"]

    def together(self, tasks: Iterable[Callable[[], Any]], workers: int = 16) -> list[Any]:
        """The results of independent reads, made side by side."""
        tasks = list(tasks)
        if len(tasks) == 1:
            return [tasks[0]()]
        with ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(lambda task: task(), tasks))

    def until_propagated(self, service: str, operation: str, /, **params: Any) -> Any:
        """A call that AWS refuses while its role, just made, cannot be assumed yet: repeated with progress."""
        for pause in backoff(total=900.0, longest=15.0):
            try:
                return self.call(service, operation, **params)
            except AwsError as error:
                if not unassumable(error):
                    raise
                self.say(f"AWS has not spread the new role yet; trying {service}:{operation} again in {pause:.0f} s")
                time.sleep(pause)
        return self.call(service, operation, **params)


def if_there(read: Callable[..., Any], /, *args: Any, **params: Any) -> Any:
    """What a read, `Aws.call` or `Aws.pages`, answers; None where the thing is not there."""
    try:
        return read(*args, **params)
    except AwsError as error:
        if error.code not in ABSENT:
            raise
        return None


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
