"""A real browser signs in to JupyterLab and runs a cell in a conda environment. DLBOX_RECEIPT names the box's receipt."""

import json
import os
import pathlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from browser import chromium
from browser.lab import DRAWN_ANEW, open_notebook, outputs, ran, sign_in
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import text_to_be_present_in_element
from selenium.webdriver.support.wait import WebDriverWait

OUT = pathlib.Path(__file__).parent / "out"
CODE = "import sys; python = !which python\nprint('prefix', sys.prefix, *python, 6 * 7)"


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


def test_a_browser_that_does_not_know_the_box_is_warned(receipt: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with chromium.browser(tmp_path) as driver:
        driver.get(receipt["urls"]["jupyter"])
        assert "ERR_CERT_AUTHORITY_INVALID" in driver.find_element(By.TAG_NAME, "body").text


def test_a_cell_runs_in_the_conda_environment(receipt: dict[str, Any], lab: Chrome) -> None:
    sign_in(lab, receipt["urls"]["jupyter"], receipt)
    open_notebook(lab, "Python (dl)", CODE)
    WebDriverWait(lab, 120, poll_frequency=2).until(lambda driver: ran(driver, "42"))
    prefix, python = outputs(lab).split()[1:3]
    assert prefix.endswith("/envs/dl")
    assert python == f"{prefix}/bin/python"
    WebDriverWait(lab, 30).until(text_to_be_present_in_element((By.ID, "jp-main-statusbar"), "Mem:"))
    # A new user is asked once whether JupyterLab may fetch news: not part of the picture.
    for button in lab.find_elements(By.CSS_SELECTOR, ".Toastify button[title='Close'], .Toastify__close-button"):
        with suppress(*DRAWN_ANEW):
            button.click()
