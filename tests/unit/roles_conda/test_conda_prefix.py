"""An environment read from its files: as big as a user's, and in the forms that conda and uv leave."""

import json
import pathlib
import time
from typing import Any

import pytest
from unit.roles_loader import load

prefix = load("conda/module_utils/conda_prefix.py")


def put(path: pathlib.Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def record(env: pathlib.Path, name: str, version: str = "1.0", **more: Any) -> None:
    base = {
        "name": name,
        "version": version,
        "build": "0",
        "subdir": "linux-64",
        "depends": [],
        "files": [],
        "md5": "aa",
    }
    put(
        env / f"conda-meta/{name}-{version}-0.json",
        json.dumps({**base, "url": f"https://c.example.org/{name}.conda", **more}),
    )


def dist(env: pathlib.Path, name: str, installer: str = "uv", **files: str) -> None:
    for file, text in {"METADATA": f"Name: {name}\n", "INSTALLER": installer, **files}.items():
        put(env / f"lib/python3.12/site-packages/{name}-2.0.dist-info/{file}", text)


@pytest.fixture
def env(tmp_path: pathlib.Path) -> pathlib.Path:
    put(tmp_path / "conda-meta/history", "# update specs: ['python', 'scikit-learn']\n")
    record(tmp_path, "python", "3.12.1")
    files = ["lib/python3.12/site-packages/scikit_learn-1.0.dist-info/METADATA"]
    record(tmp_path, "scikit-learn", depends=["python >=3.12,<3.13.0a0", "joblib"], files=files)
    dist(tmp_path, "scikit_learn", installer="conda\n")
    # The last two as ipython's: what an extra would need is no need.
    needs = [
        "Scikit_Learn>=1; python_version > '3'",
        "numpy>=2.0; extra == 'test-extra'",
        'joblib; python_version > "3" and extra == "x"',
    ]
    text = "".join(f"Requires-Dist: {one}\n" for one in needs)
    dist(tmp_path, "einops", METADATA=f"Name: einops\n{text}", REQUESTED="")
    dist(
        tmp_path,
        "mine",
        **{
            "direct_url.json": json.dumps(
                {"url": "https://g.example.org/m", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}
            )
        },
    )
    return tmp_path


def test_observe(env: pathlib.Path) -> None:
    seen = prefix.observe(str(env))
    assert seen.conda == {"python": "3.12.1 0", "scikit-learn": "1.0 0"}
    assert seen.pip == {"einops": "2.0", "mine": "2.0"}
    assert seen.note == {}


def test_packages(env: pathlib.Path) -> None:
    found = {min(package.names): package for package in prefix.packages(str(env))}
    assert {name: package.asked for name, package in found.items()} == {
        "python": True,
        "scikit-learn": True,
        "einops": True,
        "mine": False,
    }
    assert found["scikit-learn"].needs == {"python", "joblib"}
    assert found["einops"].needs == {"scikit-learn"}


def test_locks(env: pathlib.Path) -> None:
    locks = prefix.locks(str(env))
    assert locks["lock"].splitlines() == [
        "# platform: linux-64", "@EXPLICIT", "https://c.example.org/python.conda#aa", "https://c.example.org/scikit-learn.conda#aa",
    ]  # fmt: skip
    assert locks["pip.txt"] == "einops==2.0\nmine @ git+https://g.example.org/m@c0ffee\n"


def test_condas_own_folder_is_no_environment(env: pathlib.Path) -> None:
    assert prefix.exists(str(env))
    (env / "envs").mkdir()
    assert not prefix.exists(str(env))
    assert not prefix.exists("")
    assert not prefix.exists(str(env / "nosuch"))


def test_a_big_environment_is_read_within_a_second(env: pathlib.Path) -> None:
    for number in range(500):
        record(env, f"package-{number}", files=["lib/x"] * 2000)
        dist(env, f"dist{number}")
    began = time.monotonic()
    seen = prefix.observe(str(env))
    assert time.monotonic() - began < 1
    assert (len(seen.conda), len(seen.pip)) == (502, 502)
