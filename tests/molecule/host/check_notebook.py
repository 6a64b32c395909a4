"""What a user feels: HTTPS that their browser trusts, a password, kernels that run in their environments."""

import json
import os
import pathlib
import ssl
import urllib.error
import urllib.request

import pytest
from browser.notebook import Notebook


@pytest.fixture(scope="module")
def box() -> Notebook:
    """The box of the receipt that DLBOX_RECEIPT names."""
    return Notebook(json.loads(pathlib.Path(os.environ["DLBOX_RECEIPT"]).read_text()))


def test_the_password_opens_it(box: Notebook) -> None:
    assert box.sign_in(box.password) == 200


@pytest.mark.parametrize("wrong", ["", "password", "x" * 24])
def test_another_password_does_not(box: Notebook, wrong: str) -> None:
    assert box.sign_in(wrong) == 401


def test_who_does_not_trust_the_boxs_authority_is_warned(box: Notebook) -> None:
    with pytest.raises(urllib.error.URLError) as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(box.lab, timeout=20)
    assert isinstance(caught.value.reason, ssl.SSLCertVerificationError)


def test_the_api_wants_the_token(box: Notebook) -> None:
    assert box.api("status", box.token)["kernels"] >= 0
    with pytest.raises(urllib.error.HTTPError) as caught:
        box.api("status", "wrong")
    assert caught.value.code == 403


def test_there_is_a_kernel_per_environment_and_no_other(box: Notebook) -> None:
    expected = os.environ.get("DLBOX_KERNELS", "conda-dl").split()
    assert sorted(box.api("kernelspecs", box.token)["kernelspecs"]) == expected


def test_a_cell_runs_in_its_environment(box: Notebook) -> None:
    code = "import os, sys; print(sys.prefix, os.environ['CONDA_PREFIX'], os.environ['PATH'].split(':')[0])"
    prefix, conda, path = box.run("conda-dl", code).split()
    assert prefix.endswith("/envs/dl")
    assert conda == prefix
    assert path == f"{prefix}/bin"


def test_its_declared_packages_can_be_imported(box: Notebook) -> None:
    packages = os.environ.get("DLBOX_PACKAGES", "ipykernel").split()
    code = f"import {', '.join(packages)}; print({', '.join(f'{name}.__name__' for name in packages)})"
    assert box.run("conda-dl", code).split() == packages
