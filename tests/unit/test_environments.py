"""Environments as users declare them: a list, or their own environment.yml; each row named by its case."""

from pathlib import Path
from typing import Any

import pytest
from dlbox import environments, settings
from dlbox.errors import Refused
from unit.facts import is_sentence

FILE = """name: theirs
channels: [pytorch, nodefaults, conda-forge]
dependencies:
  - python=3.12
  - pytorch::pytorch>=2
  - pip
  - pip:
      - einops
      - --extra-index-url https://w.example.org/cu121
      - git+https://g.example.org/p
prefix: /home/they/envs/theirs
"""


def declared(entry: Any, text: str = FILE) -> dict[str, Any]:
    return environments.declared("box_environments", entry, lambda path: text)


def test_a_list() -> None:
    found = declared({"name": "dl", "python": "3.12", "packages": ["numpy"], "pip": ["einops"]})
    assert found == {
        "name": "dl", "state": "present", "channels": [], "packages": ["python=3.12", "numpy"], "pip": ["einops"], "source": "", "file": "",
    }  # fmt: skip
    assert declared({"name": "dl"})["packages"] == ["python"]


def test_a_file() -> None:
    assert declared({"file": "x.yml"}) == {
        "name": "theirs", "state": "present", "channels": ["pytorch", "conda-forge"],
        "packages": ["python=3.12", "pytorch::pytorch>=2", "pip"],
        "pip": ["einops", "--extra-index-url https://w.example.org/cu121", "git+https://g.example.org/p"], "source": FILE,
        "file": "x.yml",
    }  # fmt: skip
    assert declared({"file": "x.yml", "name": "mine"})["name"] == "mine"
    assert declared({"file": "x.yml", "state": "absent"})["state"] == "absent"


def test_absent_reads_no_file() -> None:
    assert declared({"name": "old", "file": "gone.yml", "state": "absent"}, "no: [yaml")["name"] == "old"


REFUSED = {
    "no name": ({"python": "3.12"}, FILE, "needs a name"),
    "conda's own": ({"name": "base"}, FILE, "where conda itself lies"),
    "conda's own in the file": ({"file": "x.yml"}, FILE.replace("theirs", "base", 1), "where conda itself lies"),
    "no name in the file": ({"file": "x.yml"}, "dependencies: [python]", "needs a name"),
    "a blank in a name": ({"name": "my env"}, FILE, "'my env' is no name"),
    "a path as a name": ({"file": "x.yml", "name": "../x"}, FILE, "'../x' is no name"),
    "file and list": ({"file": "x.yml", "pip": ["x"]}, FILE, "has a file and pip"),
    "a state": ({"name": "dl", "state": "gone"}, FILE, "neither present nor absent"),
    "not YAML": ({"file": "x.yml"}, "a: [", "x.yml is not YAML"),
    "a lock": ({"file": "x.yml"}, "@EXPLICIT", "x.yml is not YAML"),
    "a text": ({"file": "x.yml"}, "torch\n", "has no list of dependencies"),
    "variables": ({"file": "x.yml"}, FILE + "variables: {A: b}\n", "has variables, which is not kept here"),
    "npm": ({"file": "x.yml"}, "name: x\ndependencies: [{npm: [a]}]", "neither a conda package nor the list of pip's"),
    "a file of requirements": (
        {"file": "x.yml"},
        "name: x\ndependencies: [{pip: [-r r.txt]}]",
        "'-r r.txt' lies on your machine",
    ),
    "a password in a list": (
        {"name": "dl", "pip": ["--index-url https://me:s3cret@w.example.org/simple"]},
        FILE,
        "dl has an address with a user or password",
    ),
    "a token in a list": ({"name": "dl", "pip": ["x @ git+https://s3cret@g.example.org/x"]}, FILE, "~/.netrc"),
    "a password in a file": (
        {"file": "x.yml"},
        FILE.replace("[pytorch", "['https://me:s3cret@c.example.org/p'"),
        "x.yml has an address",
    ),
    "a folder": ({"file": "x.yml"}, "name: x\ndependencies: [{pip: [-e .]}]", "'-e .' lies on your machine"),
}


@pytest.mark.parametrize(("entry", "text", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(entry: dict[str, Any], text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        declared(entry, text)
    assert says in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert is_sentence(str(refused.value))


def test_the_user_of_git_over_ssh_is_no_secret() -> None:
    line = "x @ git+ssh://git@g.example.org/x"
    assert declared({"name": "dl", "pip": [line]})["pip"] == [line]


def test_a_file_is_read_beside_site_yml_before_anything_is_created(tmp_path: Path) -> None:
    keys = tmp_path / "group_vars/all.yml"
    keys.parent.mkdir()
    keys.write_text("")
    given = {"box_environments": [{"file": "x.yml"}, {"name": "theirs"}]}
    with pytest.raises(Refused, match=r"box_environments: x.yml cannot be read \(No such file or directory\)"):
        settings.check(given, str(keys))
    (tmp_path / "x.yml").write_text(FILE)
    with pytest.raises(Refused, match="theirs stands there twice"):
        settings.check(given, str(keys))
    settings.check({"box_environments": [{"file": "x.yml"}]}, str(keys))


@pytest.mark.parametrize("address", ["", "https://m.example.org/ubuntu", "http://127.0.0.1:8999/simple/"])
def test_a_mirror(address: str) -> None:
    assert environments.mirror("box_apt_mirror", address) == address


@pytest.mark.parametrize(
    "address", ["m.example.org", "https://you:secret@m.example.org/simple", "file:///srv", 1, 'https://m" x']
)
def test_no_mirror(address: Any) -> None:
    with pytest.raises(Refused, match=r"box_pypi_index: .* is not the address of a mirror") as refused:
        environments.mirror("box_pypi_index", address)
    assert "secret" not in str(refused.value)
