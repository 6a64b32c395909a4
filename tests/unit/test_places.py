"""A folder in a volume that is away is left out."""

from __future__ import annotations

import pathlib

import pytest
from dlbox.places import away, left_out, make, text
from unit.facts import is_sentence


@pytest.mark.parametrize(
    ("folder", "is_away"),
    [
        ("data", True), ("data/runs", True), ("more", False), ("database", False), ("home/data/runs", True), ("home/own", False), ("", False),
    ],
)  # fmt: skip
def test_a_folder_below_a_place_where_nothing_is_mounted(tmp_path: pathlib.Path, folder: str, is_away: bool) -> None:
    place, note = tmp_path / "data", tmp_path / "note"
    (tmp_path / "home").mkdir()
    (tmp_path / "home/data").symlink_to(place)
    assert away(str(tmp_path / folder), str(note)) == ""
    note.write_text(text([str(place), "/proc"]))
    assert away(str(tmp_path / folder), str(note)) == (str(place) if is_away else "")
    # Something is mounted there.
    assert away("/proc/self", str(note)) == ""


def test_it_is_told_in_a_sentence() -> None:
    assert is_sentence(left_out("box_tensorboard_folder", "/data/runs", "/data", "tensorboard"))


def test_a_folder_is_made_with_those_above_it(tmp_path: pathlib.Path) -> None:
    state = tmp_path.stat()
    make(tmp_path / "a/b", state.st_uid, state.st_gid)
    assert (tmp_path / "a/b").is_dir()
