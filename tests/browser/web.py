"""The login that the box's front door asks for, in a browser and with plain requests."""

from __future__ import annotations

import http.cookiejar
import pathlib
import ssl
import urllib.error
import urllib.request
from base64 import b64encode

from selenium.webdriver import Chrome

USER = "dlbox"


def sign_in(driver: Chrome, url: str, password: str) -> None:
    """Open a page as a user who types the password; after that the address holds none, and the cookie is there."""
    driver.get(url.replace("https://", f"https://{USER}:{password}@"))
    driver.get(url)


def opener(
    ca: str | pathlib.Path, jar: http.cookiejar.CookieJar | None = None, *more: urllib.request.BaseHandler
) -> urllib.request.OpenerDirector:
    """A fresh browser, so to speak: no proxy, and the box's authority as the only one it trusts."""
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca))
    cookies = urllib.request.HTTPCookieProcessor(jar if jar is not None else http.cookiejar.CookieJar())
    return urllib.request.build_opener(trust, cookies, urllib.request.ProxyHandler({}), *more)


def answer(browser: urllib.request.OpenerDirector, url: str, password: str | None = None, **headers: str) -> int:
    """The status that a page has for this browser, with a password or without."""
    if password is not None:
        headers["Authorization"] = f"Basic {b64encode(f'{USER}:{password}'.encode()).decode()}"
    try:
        return int(browser.open(urllib.request.Request(url, headers=headers), timeout=20).status)
    except urllib.error.HTTPError as error:
        return error.code
