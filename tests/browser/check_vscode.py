"""A real browser signs in to VS Code, opens a folder, and sees an extension and a webview. DLBOX_RECEIPT names the receipt.

A webview draws through a service worker, which a browser refuses under a certificate that it does not trust.
"""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

OUT = pathlib.Path(__file__).parent / "out"
FOLDER = os.environ.get("DLBOX_FOLDER", "/home/ubuntu/project")


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


@pytest.fixture(scope="module")
def code(receipt: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser that trusts the box, signed in, in the folder, with a picture of its last page kept."""
    home = tmp_path_factory.mktemp("home")
    chromium.trust(home, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(home) as driver:
        driver.get(f"{receipt['urls']['vscode']}?folder={FOLDER}")
        field = WebDriverWait(driver, 30).until(element_to_be_clickable((By.NAME, "password")))
        field.send_keys(pathlib.Path(receipt["vscode_password_file"]).read_text().strip() + Keys.ENTER)
        seen(driver, ".monaco-workbench")
        yield driver
        driver.switch_to.default_content()
        OUT.mkdir(exist_ok=True)
        driver.save_screenshot(str(OUT / "vscode.png"))


# What is found may be drawn anew, or covered for a moment, before it is used.
DRAWN_ANEW = [StaleElementReferenceException, ElementNotInteractableException, ElementClickInterceptedException]


def seen(driver: Chrome, selector: str) -> WebElement:
    """Wait until an element is there and can be clicked."""
    wait = WebDriverWait(driver, 90, ignored_exceptions=DRAWN_ANEW)
    found = wait.until(element_to_be_clickable((By.CSS_SELECTOR, selector)))
    assert isinstance(found, WebElement)
    return found


def click(driver: Chrome, selector: str) -> None:
    """Click an element once it can be."""
    WebDriverWait(driver, 90, ignored_exceptions=DRAWN_ANEW).until(lambda _: seen(driver, selector).click() or True)


def test_a_wrong_password_stays_outside(receipt: dict[str, Any], tmp_path: pathlib.Path) -> None:
    chromium.trust(tmp_path, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(tmp_path) as driver:
        driver.get(receipt["urls"]["vscode"])
        WebDriverWait(driver, 30).until(element_to_be_clickable((By.NAME, "password"))).send_keys("wrong" + Keys.ENTER)
        WebDriverWait(driver, 30).until(presence_of_element_located((By.CSS_SELECTOR, ".error")))
        assert driver.find_elements(By.CSS_SELECTOR, ".monaco-workbench") == []


def test_the_explorer_shows_the_folders_files(code: Chrome) -> None:
    seen(code, ".explorer-folders-view .monaco-list-row[aria-label^='README.md']")


def test_the_extension_that_was_a_file_runs_on_the_box(code: Chrome) -> None:
    # Only where folders are trusted, as the box's settings say, does an extension run.
    item = seen(code, ".statusbar-item[id^='dlbox.hello']")
    assert item.text == f"hello from {os.environ.get('DLBOX_USER', 'ubuntu')}"


def test_a_webview_draws(code: Chrome) -> None:
    click(code, ".explorer-folders-view .monaco-list-row[aria-label^='README.md']")
    click(code, ".editor-actions [aria-label*='Preview to the Side']")
    for frame in ("iframe.webview.ready", "#active-frame"):
        found = WebDriverWait(code, 60).until(presence_of_element_located((By.CSS_SELECTOR, frame)))
        code.switch_to.frame(found)
    heading = WebDriverWait(code, 60).until(presence_of_element_located((By.TAG_NAME, "h1")))
    assert heading.text == "A small project"
