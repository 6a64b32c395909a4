"""What the checks of this scenario share."""

import json
import os
import pathlib
import urllib.request

import pytest
from browser.notebook import Notebook


def receipt() -> Notebook:
    """The box of the receipt that DLBOX_RECEIPT names, with the password and the token of this moment."""
    return Notebook(json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text()))


@pytest.fixture
def box() -> Notebook:
    """The box."""
    return receipt()


@pytest.fixture(scope="session")
def session() -> urllib.request.OpenerDirector:
    """A browser that signed in before the run that sets new secrets."""
    opener = receipt().opener()
    assert receipt().sign_in(receipt().password, opener) == 200
    return opener
