"""What a user feels: HTTPS that their browser trusts, a password, kernels that run in their environments."""

import ast
import json
import os
import ssl
import urllib.error
import urllib.request

import pytest
from browser.notebook import Notebook, execute


def test_the_password_opens_it(box: Notebook, session: urllib.request.OpenerDirector) -> None:
    assert box.answers(session) == 200
    assert box.answers(box.opener()) == 403


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
    code = "import os, sys; print(sys.prefix, os.environ['CONDA_PREFIX'], os.environ['PATH'])\n!which python"
    prefix, conda, path, python = box.run("conda-dl", code).split()
    assert prefix.endswith("/envs/dl")
    assert conda == prefix
    assert python == f"{prefix}/bin/python"
    # Where the environment has no nvcc, !nvcc is the image's.
    assert path.split(":")[0::7] == [f"{prefix}/bin", "/usr/local/cuda/bin"]


def test_a_cell_has_the_settings_variables(box: Notebook) -> None:
    code = "import os; print([os.environ[name] for name in ('SCENARIO_TOKEN', 'SCENARIO_TEXT', 'SCENARIO_STEPS')])"
    assert ast.literal_eval(box.run("conda-plain", code)) == ["given-4f2a9c", 'a "b" $c `d` e\\f', "7"]


def test_it_shows_the_folder_with_something_to_start_from(box: Notebook) -> None:
    listed = {one["path"] for one in box.api("contents/starter", box.token)["content"]}
    assert listed == {"starter/starter.ipynb", "starter/train.py"}
    assert {one["path"] for one in box.api("contents/project", box.token)["content"]} == {
        "project/mine.txt",
        "project/notes.txt",
    }
    changed = box.api("contents/starter/train.py", box.token)["content"]
    assert changed == "# mine\n"


def test_the_status_bar_has_numbers_and_the_gpu_dashboard_waits_for_a_gpu(box: Notebook) -> None:
    used = box.api("metrics/v1", box.token)
    assert 0 < used["pss"] < used["limits"]["memory"]["pss"]
    assert used["disk_total"] > 0
    opener = box.opener()
    assert box.sign_in(box.password, opener) == 200
    page = opener.open(box.lab, timeout=20).read().decode()
    config = json.loads(page.split('id="jupyter-config-data" type="application/json">')[1].split("</script>")[0])
    assert {one["name"] for one in config["federated_extensions"]} >= {"@jupyter-server/resource-usage"}
    assert "nvdashboard" not in page


def test_asking_a_kernel_what_it_uses_is_no_use_of_it(box: Notebook) -> None:
    with box.kernel("conda-plain") as (identity, channel):
        assert execute(channel, "print(1)") == "1\n"
        asked = []
        for _ in range(4):
            usage = box.api(f"metrics/v1/kernel_usage/get_usage/{identity}", box.token)
            assert usage["content"]["pid"]
            asked.append(box.api(f"kernels/{identity}", box.token)["last_activity"])
        assert len(set(asked)) == 1


def test_its_declared_packages_can_be_imported(box: Notebook) -> None:
    packages = os.environ.get("DLBOX_PACKAGES", "ipykernel").split()
    code = f"import {', '.join(packages)}; print({', '.join(f'{name}.__name__' for name in packages)})"
    assert box.run("conda-dl", code).split() == packages
