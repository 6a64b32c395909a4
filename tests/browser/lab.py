"""JupyterLab in the browser: sign in, open a notebook, run its first cell."""

from __future__ import annotations

import pathlib
from contextlib import suppress
from typing import Any

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, url_contains
from selenium.webdriver.support.wait import WebDriverWait

# What is found may be drawn anew, moved or covered before it is asked.
DRAWN_ANEW = (
    NoSuchElementException,
    StaleElementReferenceException,
    ElementNotInteractableException,
    ElementClickInterceptedException,
)


def sign_in(driver: Chrome, page: str, receipt: dict[str, Any]) -> None:
    """Open JupyterLab at its page, without what an earlier session left open, and sign in."""
    driver.get(f"{page}?reset")
    field = WebDriverWait(driver, 60).until(element_to_be_clickable((By.NAME, "password")))
    field.send_keys(pathlib.Path(receipt["password_file"]).read_text().strip() + Keys.ENTER)
    WebDriverWait(driver, 120).until(url_contains("/lab"))


def open_notebook(driver: Chrome, kernel: str, code: str) -> WebElement:
    """Click a kernel's card in the launcher and type into the first cell of the new notebook, which is returned."""
    card = f".jp-LauncherCard[data-category='Notebook'][title^='{kernel}']"
    wait = WebDriverWait(driver, 120, ignored_exceptions=DRAWN_ANEW)

    def opened(_: Chrome) -> bool:
        driver.find_element(By.CSS_SELECTOR, card).click()
        return True

    def typed(_: Chrome) -> WebElement | None:
        cell = driver.find_element(By.CSS_SELECTOR, ".jp-Notebook .cm-content")
        if cell.text.split() == code.split():
            return cell
        # Drawn anew while it is typed into, it has lost what came before.
        cell.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE, code)
        return None

    wait.until(opened)
    return wait.until(typed)


def outputs(driver: Chrome) -> str:
    """The text below the notebook's cells."""
    return " ".join(part.text for part in driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output pre"))


def ran(driver: Chrome, text: str) -> bool:
    """Run the first cell until the text is in its output: JupyterLab drops a run that comes before its kernel is known."""
    if text in outputs(driver):
        return True
    # Drawn anew in between, it is asked again at the next look.
    with suppress(*DRAWN_ANEW):
        first = driver.find_element(By.CSS_SELECTOR, ".jp-Notebook .jp-Cell")
        if first.find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text.strip() == "[ ]:":
            first.find_element(By.CSS_SELECTOR, ".cm-content").send_keys(Keys.CONTROL + Keys.ENTER)
    return False
