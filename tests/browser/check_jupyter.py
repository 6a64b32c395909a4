"""A real browser signs in to JupyterLab and runs a cell in a conda environment. DLBOX_RECEIPT names the box's receipt."""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, url_contains
from selenium.webdriver.support.wait import WebDriverWait

OUT = pathlib.Path(__file__).parent / "out"
CODE = "import sys; print('prefix', sys.prefix, 6 * 7)"


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


@pytest.fixture
def lab(receipt: dict[str, Any], tmp_path: pathlib.Path) -> Iterator[Chrome]:
    """A browser that trusts the box, with a picture of its last page kept."""
    chromium.trust(tmp_path, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(tmp_path) as driver:
        yield driver
        OUT.mkdir(exist_ok=True)
        driver.save_screenshot(str(OUT / "jupyter.png"))


def click(driver: Chrome, selector: str, wait: float = 60) -> None:
    """Click something as soon as it can be clicked."""
    WebDriverWait(driver, wait).until(element_to_be_clickable((By.CSS_SELECTOR, selector))).click()


def outputs(driver: Chrome) -> str:
    """The text below the notebook's cells."""
    return " ".join(part.text for part in driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output pre"))


def ran(driver: Chrome) -> bool:
    """Run the first cell until its output is there: JupyterLab drops a run that comes before its kernel is known."""
    if "42" in outputs(driver):
        return True
    first = driver.find_element(By.CSS_SELECTOR, ".jp-Notebook .jp-Cell")
    if first.find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text.strip() == "[ ]:":
        first.find_element(By.CSS_SELECTOR, ".cm-content").send_keys(Keys.CONTROL + Keys.ENTER)
    return False


def test_a_browser_that_does_not_know_the_box_is_warned(receipt: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with chromium.browser(tmp_path) as driver:
        driver.get(receipt["urls"]["jupyter"])
        assert "ERR_CERT_AUTHORITY_INVALID" in driver.find_element(By.TAG_NAME, "body").text


def test_a_cell_runs_in_the_conda_environment(receipt: dict[str, Any], lab: Chrome) -> None:
    # Without what an earlier session left open.
    lab.get(f"{receipt['urls']['jupyter']}?reset")
    field = WebDriverWait(lab, 30).until(element_to_be_clickable((By.NAME, "password")))
    field.send_keys(pathlib.Path(receipt["password_file"]).read_text().strip() + Keys.ENTER)
    WebDriverWait(lab, 60).until(url_contains("/lab"))
    click(lab, ".jp-LauncherCard[data-category='Notebook'][title^='Python (dl)']")
    cell = WebDriverWait(lab, 60).until(element_to_be_clickable((By.CSS_SELECTOR, ".jp-Notebook .cm-content")))
    cell.send_keys(CODE)
    WebDriverWait(lab, 120, poll_frequency=2).until(ran)
    assert outputs(lab).split()[1].endswith("/envs/dl")
    # A new user is asked once whether JupyterLab may fetch news: not part of the picture.
    for button in lab.find_elements(By.CSS_SELECTOR, ".Toastify button[title='Close'], .Toastify__close-button"):
        button.click()
