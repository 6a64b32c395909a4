"""The desktop's front door: a new password ended what was open before, and the page leads on by itself."""

import http.cookiejar
import json
import os
import pathlib
import urllib.error
import urllib.request
from typing import Any

import pytest
from browser import web


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


def test_who_was_signed_in_before_the_new_password_is_not_any_more(receipt: dict[str, Any]) -> None:
    kept = pathlib.Path(os.environ["DLBOX_COOKIES"])
    old = kept.with_name("cookies.txt")
    # curl marks a cookie that scripts must not read with a prefix that looks like a comment.
    old.write_text("# Netscape HTTP Cookie File\n" + kept.read_text().replace("#HttpOnly_", ""))
    jar = http.cookiejar.MozillaCookieJar()
    jar.load(str(old), ignore_discard=True, ignore_expires=True)
    assert len(jar) == 1
    assert web.answer(web.opener(receipt["ca_file"], jar), receipt["urls"]["desktop"] + "vnc.html") == 401


def test_the_page_leads_into_the_desktop_and_every_file_wants_the_login(receipt: dict[str, Any]) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    page, jar = receipt["urls"]["desktop"], http.cookiejar.CookieJar()
    browser = web.opener(receipt["ca_file"], jar)
    for path in ("vnc.html", "core/rfb.js", "app/ui.js", "websockify", "nothing"):
        assert web.answer(browser, page + path) == 401
    with pytest.raises(urllib.error.HTTPError) as led:
        web.opener(receipt["ca_file"], jar, Stay()).open(page, timeout=20)
    # Relative, since a tunnel may begin at another port.
    assert led.value.headers["Location"].startswith("/vnc.html?autoconnect=true&resize=remote&")
    assert len(jar) == 0
