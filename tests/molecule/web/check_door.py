"""The front door: who gets in, and how."""

import http.cookiejar
import json
import os
import pathlib
from typing import Any

import pytest
import websocket
from browser import web


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


@pytest.fixture(scope="module")
def password(receipt: dict[str, Any]) -> str:
    """The password of this moment."""
    return pathlib.Path(receipt["tensorboard_password_file"]).read_text()


def test_the_password_opens_it_and_the_cookie_after_it(receipt: dict[str, Any], password: str) -> None:
    page, browser = receipt["urls"]["tensorboard"], web.opener(receipt["ca_file"])
    assert web.answer(browser, page) == 401
    assert web.answer(browser, page, password) == 200
    assert web.answer(browser, page) == 200
    assert web.answer(browser, f"{page}data/runs") == 200


# Few, as ten from one address shut the door to it: see check_ban.py.
@pytest.mark.parametrize(
    ("wrong", "paths"),
    [("", []), ("x" * 24, []), ("password", ["dlbox-ready", "%2e%2e/dlbox-ready", "//", "data/runs"])],
)
def test_another_password_does_not_and_gives_no_cookie(receipt: dict[str, Any], wrong: str, paths: list[str]) -> None:
    page, jar = receipt["urls"]["tensorboard"], http.cookiejar.CookieJar()
    browser = web.opener(receipt["ca_file"], jar)
    for path in paths:
        web.answer(browser, page + path, wrong)
    assert web.answer(browser, page, wrong) == 401
    assert len(jar) == 0


def test_who_was_signed_in_before_the_new_password_is_not_any_more(receipt: dict[str, Any]) -> None:
    jar = http.cookiejar.MozillaCookieJar()
    # curl marks a cookie that scripts must not read with a prefix that looks like a comment.
    kept = pathlib.Path(os.environ["DLBOX_COOKIES"])
    old = kept.with_name("cookies.txt")
    old.write_text("# Netscape HTTP Cookie File\n" + kept.read_text().replace("#HttpOnly_", ""))
    jar.load(str(old), ignore_discard=True, ignore_expires=True)
    assert len(jar) == 1
    assert web.answer(web.opener(receipt["ca_file"], jar), receipt["urls"]["tensorboard"]) == 401


def test_a_page_of_another_origin_is_refused(receipt: dict[str, Any], password: str) -> None:
    page, browser = receipt["urls"]["tensorboard"], web.opener(receipt["ca_file"])
    own = page.rstrip("/")
    assert web.answer(browser, page, password, Origin=own) == 200
    for origin in ("https://example.org", "null", own.replace("8082", "8080"), own.replace("https", "http"), f"{own}0"):
        assert web.answer(browser, page, password, Origin=origin) == 403


def test_who_types_http_is_led_to_https(receipt: dict[str, Any], password: str) -> None:
    page = receipt["urls"]["tensorboard"]
    assert web.answer(web.opener(receipt["ca_file"]), page.replace("https:", "http:"), password) == 200


def test_a_websocket_without_the_cookie_is_refused(receipt: dict[str, Any]) -> None:
    url = receipt["urls"]["tensorboard"].replace("https:", "wss:")
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(url, sslopt={"ca_certs": receipt["ca_file"]}, timeout=20, http_no_proxy=["*"])
    assert caught.value.status_code == 401
