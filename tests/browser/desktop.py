"""The desktop in the browser: what its canvas shows, and keys and pointer on it."""

from __future__ import annotations

import pathlib
from typing import Any

from browser import web
from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

# The colours of a part of the canvas, and how many pixels each has, the most frequent first.
COLOURS = """
const canvas = document.querySelector('#noVNC_container canvas'), [top, bottom] = arguments;
if (!canvas || !canvas.width) return [];
const height = Math.round(canvas.height * (bottom - top)), seen = new Map();
const data = canvas.getContext('2d').getImageData(0, Math.round(canvas.height * top), canvas.width, height).data;
for (const one of new Uint32Array(data.buffer)) seen.set(one, (seen.get(one) || 0) + 1);
return [...seen.entries()].sort((a, b) => b[1] - a[1]).slice(0, 500);
"""
CLIPBOARD = """
const area = document.querySelector('#noVNC_clipboard_text');
area.value = arguments[0];
area.dispatchEvent(new Event('change'));
"""
DRAWN_ANEW = [JavascriptException, NoSuchElementException, StaleElementReferenceException]


def sign_in(driver: Chrome, receipt: dict[str, Any]) -> None:
    """Open the desktop and wait until its panel is there."""
    web.sign_in(driver, receipt["urls"]["desktop"], pathlib.Path(receipt["desktop_password_file"]).read_text())
    WebDriverWait(driver, 180, ignored_exceptions=DRAWN_ANEW).until(drawn)


def colours(driver: Chrome, top: float = 0, bottom: float = 1) -> dict[int, int]:
    """The most frequent colours between two heights of the canvas, and how many pixels each has."""
    return {int(colour): int(count) for colour, count in driver.execute_script(COLOURS, top, bottom)}


def drawn(driver: Chrome) -> bool:
    """Whether the panel is at the top, with letters on it, and the background below it, of another colour."""
    panel, middle = colours(driver, 0, 0.02), colours(driver, 0.3, 0.7)
    return len(panel) > 8 and bool(middle) and next(iter(panel)) != next(iter(middle))


def bright(driver: Chrome) -> bool:
    """Whether a tenth of the middle is nearly white, as a terminal makes it."""
    found = colours(driver, 0.3, 0.7)
    white = sum(count for colour, count in found.items() if all(colour >> shift & 255 > 230 for shift in (0, 8, 16)))
    return white > sum(found.values()) / 10


def canvas(driver: Chrome) -> WebElement:
    """Where it is drawn."""
    return driver.find_element(By.CSS_SELECTOR, "#noVNC_container canvas")


def click(driver: Chrome) -> None:
    """Click into the middle."""
    ActionChains(driver).move_to_element(canvas(driver)).click().perform()


def press(driver: Chrome, *keys: str) -> None:
    """Press keys one after another on the desktop."""
    ActionChains(driver).send_keys_to_element(canvas(driver), *keys).perform()


def shortcut(driver: Chrome, key: str) -> None:
    """Press a key with Control and Shift."""
    held = ActionChains(driver).key_down(Keys.CONTROL).key_down(Keys.SHIFT)
    held.send_keys(key).key_up(Keys.SHIFT).key_up(Keys.CONTROL).perform()


def clipboard(driver: Chrome, text: str) -> None:
    """Write into the clipboard's field of noVNC's panel."""
    driver.execute_script(CLIPBOARD, text)
