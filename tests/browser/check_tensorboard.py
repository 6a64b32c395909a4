"""A real browser signs in to TensorBoard and sees the curves of a training. DLBOX_RECEIPT names the box's receipt."""

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium, web
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

OUT = pathlib.Path(__file__).parent / "out"
# How many colours a chart's canvas has: a white one has one.
COLOURS = """
const canvas = arguments[0], copy = document.createElement('canvas');
[copy.width, copy.height] = [canvas.width, canvas.height];
const context = copy.getContext('2d');
context.drawImage(canvas, 0, 0);
return new Set(new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer)).size;
"""


@pytest.fixture(scope="module")
def receipt() -> dict[str, Any]:
    """The box."""
    found: dict[str, Any] = json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text())
    return found


@pytest.fixture
def driver(receipt: dict[str, Any], tmp_path: pathlib.Path) -> Iterator[Chrome]:
    """A browser that trusts the box, with a picture of its last page kept."""
    chromium.trust(tmp_path, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(tmp_path) as found:
        yield found
        OUT.mkdir(exist_ok=True)
        found.save_screenshot(str(OUT / "tensorboard.png"))


def test_a_wrong_password_stays_outside(receipt: dict[str, Any], tmp_path: pathlib.Path) -> None:
    chromium.trust(tmp_path, pathlib.Path(receipt["ca_file"]))
    with chromium.browser(tmp_path) as outside:
        web.sign_in(outside, receipt["urls"]["tensorboard"], "wrong")
        assert outside.get_cookies() == []
        assert outside.find_elements(By.TAG_NAME, "tb-webapp") == []


def test_the_curves_of_both_runs_are_drawn(receipt: dict[str, Any], driver: Chrome) -> None:
    password = pathlib.Path(receipt["tensorboard_password_file"]).read_text()
    web.sign_in(driver, receipt["urls"]["tensorboard"], password)

    def drawn(_: Chrome) -> bool:
        cards = driver.find_elements(By.CSS_SELECTOR, "scalar-card")
        charts = driver.find_elements(By.CSS_SELECTOR, "scalar-card canvas")
        return len(cards) == 2 and len(charts) == 2 and all(driver.execute_script(COLOURS, one) > 3 for one in charts)

    WebDriverWait(driver, 90, poll_frequency=1).until(drawn)
    shown = driver.execute_script("return document.querySelector('tb-webapp').textContent")
    assert [word for word in ("train/loss", "train/accuracy", "adam", "sgd") if word not in shown] == []
