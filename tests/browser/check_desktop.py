"""A real browser signs in, lands in the desktop, and works there. DLBOX_RECEIPT names the box's receipt."""

import json
import os
import pathlib
import shlex
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from browser import chromium, desktop, web
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

OUT = pathlib.Path(__file__).parent / "out"
STAMP = (
    "import json, sys; sys.path.insert(0, '/usr/local/lib/dlbox-idle'); from dlbox_idle import facts, state;"
    "print(json.dumps(facts.desktop(state.config())))"
)


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


@pytest.fixture(scope="module")
def driver(receipt: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser that trusts the box, signed in, with a picture of its last page kept."""
    home = tmp_path_factory.mktemp("home")
    chromium.trust(home, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(home) as found:
        try:
            desktop.sign_in(found, receipt)
            yield found
        finally:
            OUT.mkdir(exist_ok=True)
            found.save_screenshot(str(OUT / "desktop.png"))


def ssh(command: str, text: str = "") -> str:
    """What a command on the box prints."""
    whole = [*shlex.split(os.environ["DLBOX_SSH"]), command]
    return subprocess.run(whole, input=text, capture_output=True, text=True, check=True).stdout


def open_terminal(driver: Chrome) -> None:
    """Let a program draw on the display, and wait until it did."""
    profile = "DCONF_PROFILE=/etc/dlbox/desktop/profile DISPLAY=:83 XAUTHORITY=/run/desktop/xauthority"
    terminal = "setsid dbus-run-session -- mate-terminal --geometry 100x26+180+110"
    ssh(f"{profile} {terminal} >/dev/null 2>&1 </dev/null &")
    WebDriverWait(driver, 60).until(desktop.bright)


def last_input() -> dict[str, Any]:
    """What the idle stop reads of the desktop."""
    found: dict[str, Any] = json.loads(ssh("sudo python3 -", STAMP))
    return found


def test_a_wrong_password_stays_outside(receipt: dict[str, Any], tmp_path: pathlib.Path) -> None:
    chromium.trust(tmp_path, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(tmp_path) as outside:
        web.sign_in(outside, receipt["urls"]["desktop"], "wrong")
        assert outside.get_cookies() == []
        assert outside.find_elements(By.TAG_NAME, "canvas") == []


def socket_status(receipt: dict[str, Any], **given: Any) -> int:
    """What the door answers to a WebSocket; 101 where it lets it in."""
    url = receipt["urls"]["desktop"].replace("https:", "wss:") + "websockify"
    trust = {"ca_certs": receipt["ca_file"]}
    try:
        websocket.create_connection(url, sslopt=trust, timeout=20, http_no_proxy=["*"], **given).close()
    except websocket.WebSocketBadStatusException as refused:
        return int(refused.status_code)
    return 101


def test_the_websocket_wants_the_cookie_and_its_own_page(receipt: dict[str, Any], driver: Chrome) -> None:
    (cookie,) = driver.get_cookies()
    known = f"{cookie['name']}={cookie['value']}"
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    # The password is not asked for again: the cookie alone, as in a browser that sends no password with a WebSocket.
    assert socket_status(receipt, cookie=known) == 101
    assert socket_status(receipt) == 401
    assert socket_status(receipt, cookie=f"{known[:-1]}{'a' if known[-1] != 'a' else 'b'}") == 401
    assert socket_status(receipt, cookie=known, origin="https://example.org") == 403


def test_it_lands_in_the_desktop_as_large_as_the_window(receipt: dict[str, Any], driver: Chrome) -> None:
    size = driver.execute_script("return [innerWidth, innerHeight]")
    WebDriverWait(driver, 30).until(
        lambda _: (
            driver.execute_script("const c = document.querySelector('canvas'); return [c.width, c.height]") == size
        )
    )
    assert desktop.drawn(driver)
    assert "/vnc.html" in driver.current_url


def test_an_open_tab_is_no_use_and_the_pointer_is(driver: Chrome) -> None:
    before = last_input()
    # As long as it takes to tell apart: the tab is open, and nobody touches it.
    until = time.monotonic() + 6
    while time.monotonic() < until:
        after = last_input()
        assert after["started"] == before["started"]
        assert abs(after["input"] - before["input"]) < 1
    ActionChains(driver).move_to_element_with_offset(desktop.canvas(driver), 90, 60).perform()
    WebDriverWait(driver, 20).until(lambda _: last_input()["input"] - before["input"] > 5)


def test_keys_reach_a_terminal_and_the_clipboard_goes_both_ways(driver: Chrome) -> None:
    ssh("rm -f typed pasted")
    open_terminal(driver)

    def typed(_: Chrome) -> bool:
        desktop.click(driver)
        desktop.press(driver, "touch typed", Keys.ENTER)
        return "typed" in ssh("ls")

    WebDriverWait(driver, 60, poll_frequency=2).until(typed)
    desktop.clipboard(driver, "touch pasted # from the user's own machine")

    def pasted(_: Chrome) -> bool:
        desktop.shortcut(driver, "v")
        desktop.press(driver, Keys.ENTER)
        return "pasted" in ssh("ls")

    WebDriverWait(driver, 60, poll_frequency=2).until(pasted)

    def copied(_: Chrome) -> bool:
        desktop.shortcut(driver, "a")
        desktop.shortcut(driver, "c")
        text = driver.execute_script("return document.querySelector('#noVNC_clipboard_text').value")
        return "$ touch typed" in text

    WebDriverWait(driver, 60, poll_frequency=2).until(copied)


def test_nothing_but_the_door_is_on_the_network(receipt: dict[str, Any]) -> None:
    listening = ssh("sudo ss -Hltn").split("\n")
    beyond = {
        line.split()[3].rpartition(":")[2] for line in listening if line and not line.split()[3].startswith("127.")
    }
    assert beyond <= {"22", "8080", "8083"}
    assert ssh("sudo stat --format '%a %U' /run/desktop /run/desktop/vnc.sock /run/desktop-bridge/web.sock").split(
        "\n"
    )[:3] == ["700 ubuntu", "600 ubuntu", "600 ubuntu"]


def test_a_killed_display_comes_back_in_the_open_tab(driver: Chrome) -> None:
    started = last_input()["started"]
    ssh("sudo systemctl kill --kill-who=main --signal=KILL desktop.service")
    WebDriverWait(driver, 60).until(lambda _: last_input()["started"] not in (None, started))

    wait = WebDriverWait(driver, 120, ignored_exceptions=desktop.DRAWN_ANEW)
    wait.until(lambda _: desktop.drawn(driver) and not desktop.bright(driver))
    # For the picture.
    open_terminal(driver)
