"""JupyterLab as its user sees it: signs in over verified HTTPS, asks the API, and runs code in a kernel."""

from __future__ import annotations

import http.cookiejar
import json
import pathlib
import ssl
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket


class Notebook:
    """One box, known by its receipt."""

    def __init__(self, receipt: dict[str, Any]) -> None:
        self.lab = receipt["urls"]["jupyter"]
        self.root = self.lab.removesuffix("/lab")
        self.ca = receipt["ca_file"]
        self.password = pathlib.Path(receipt["password_file"]).read_text().strip()
        self.token = pathlib.Path(receipt["password_file"]).with_name("jupyter_token").read_text()

    def opener(self) -> urllib.request.OpenerDirector:
        """A fresh browser, so to speak: no cookies, no proxy, and the box's authority as the only one it trusts."""
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        return urllib.request.build_opener(trust, cookies, urllib.request.ProxyHandler({}))

    def sign_in(self, password: str, opener: urllib.request.OpenerDirector | None = None) -> int:
        """Sign in through the login form, in a fresh browser if none is given; the status of the page that follows."""
        opener = opener or self.opener()
        page = opener.open(f"{self.root}/login", timeout=20).read().decode()
        field = page.split('name="_xsrf" value="')[1].split('"')[0]
        form = urllib.parse.urlencode({"password": password, "_xsrf": field}).encode()
        try:
            with opener.open(f"{self.root}/login?next=%2Fapi%2Fcontents", form, timeout=20) as answer:
                return int(answer.status) if answer.url.endswith("/api/contents") else 0
        except urllib.error.HTTPError as error:
            return error.code

    def api(self, path: str, token: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """Ask the API with a token; what is sent is posted."""
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.root}/api/{path}", data, headers, method=method)
        with self.opener().open(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def answers(self, opener: urllib.request.OpenerDirector) -> int:
        """The status that the API has for this browser's session."""
        try:
            return int(opener.open(f"{self.root}/api/contents", timeout=20).status)
        except urllib.error.HTTPError as error:
            return error.code

    def channel(self, path: str) -> websocket.WebSocket:
        """A WebSocket below the root."""
        url, header = f"{self.root.replace('https:', 'wss:')}/{path}", [f"Authorization: token {self.token}"]
        return websocket.create_connection(
            url, header=header, sslopt={"ca_certs": self.ca}, timeout=60, http_no_proxy=["*"]
        )

    @contextmanager
    def kernel(self, name: str) -> Iterator[tuple[str, websocket.WebSocket]]:
        """The id and the channel of a new kernel, ended afterwards where it still runs."""
        identity = self.api("kernels", self.token, {"name": name})["id"]
        channel = self.channel(f"api/kernels/{identity}/channels")
        try:
            yield identity, channel
        finally:
            channel.close()
            if identity in [one["id"] for one in self.api("kernels", self.token)]:
                self.api(f"kernels/{identity}", self.token, method="DELETE")

    def run(self, kernel: str, code: str) -> str:
        """Run code in a new kernel and return what it prints; an exception in it is raised here."""
        with self.kernel(kernel) as (_, channel):
            return execute(channel, code)


def send(channel: websocket.WebSocket, code: str) -> str:
    """Send one cell over a kernel's channel; the message's id."""
    identity = uuid.uuid4().hex
    header = {"msg_id": identity, "msg_type": "execute_request", "username": "", "session": identity, "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps({**message, "buffers": []}))
    return identity


def execute(channel: websocket.WebSocket, code: str) -> str:
    """Send one cell and gather its output until the kernel is idle again."""
    identity = send(channel, code)
    printed = ""
    while True:
        answer = json.loads(channel.recv())
        if answer["parent_header"].get("msg_id") != identity:
            continue
        if answer["msg_type"] == "stream":
            printed += answer["content"]["text"]
        elif answer["msg_type"] == "error":
            raise RuntimeError("\n".join(answer["content"]["traceback"]))
        elif answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            return printed
