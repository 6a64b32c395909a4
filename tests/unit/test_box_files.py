"""Files and folders of the box: facts in, changes out, and what is really written."""

import os
import pathlib
import pwd

import pytest
from dlbox.plan_files import Seen, plan
from unit.roles_loader import load

files = load("../library/box_files.py")
A, FOLDER = Seen("text\n", "644", "root"), Seen("", "755", "root")

CASES = {
    "nothing differs": (A, []),
    "none": (None, [("write", "/a", "there is none")]),
    "another text": (A._replace(text="mine\n"), [("write", "/a", "it differs")]),
    "another text and mode": (A._replace(text="mine\n", mode="777"), [("write", "/a", "it differs")]),
    "another mode": (A._replace(mode="777"), [("mend", "/a", "its owner or mode")]),
    "another owner": (A._replace(owner="ubuntu"), [("mend", "/a", "its owner or mode")]),
}


@pytest.mark.parametrize(("now", "expected"), CASES.values(), ids=CASES)
def test_a_file(now: Seen | None, expected: list[tuple[str, str, str]]) -> None:
    changes = plan({"/a": A}, {}, {"/a": now})
    assert [(one.verb, one.thing, one.reason) for one in changes] == expected


def test_folders_come_first() -> None:
    changes = plan({"/f/a": A}, {"/f": FOLDER}, {"/f/a": None, "/f": None})
    assert [(one.verb, one.thing) for one in changes] == [("make", "/f"), ("write", "/f/a")]


def test_a_folder_with_something_in_it_is_only_mended() -> None:
    changes = plan({}, {"/f": FOLDER}, {"/f": FOLDER._replace(owner="nobody")})
    assert [(one.verb, one.before, one.after) for one in changes] == [("mend", "nobody 755", "root 755")]


def test_what_is_written(tmp_path: pathlib.Path) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    file, folder = tmp_path / "deep/er/file", tmp_path / "folder"
    want = files.wanted(
        {str(file): {"content": "a\n", "owner": me}, str(folder): {"owner": me, "mode": "0700"}}, "0644"
    )
    files.apply("write", file, want[str(file)])
    files.apply("make", folder, want[str(folder)])
    assert files.seen(file) == Seen("a\n", "644", me)
    assert files.seen(folder) == Seen("", "700", me)
    assert [one.name for one in file.parent.iterdir()] == ["file"]
    born = file.stat().st_mtime_ns
    file.chmod(0o600)
    files.apply("mend", file, want[str(file)])
    # A service is not restarted for it.
    assert (files.seen(file), file.stat().st_mtime_ns) == (want[str(file)], born)
