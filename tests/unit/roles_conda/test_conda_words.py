"""What conda, mamba, micromamba and uv say when they fail, and what the user reads; each row named by its case.

The texts of conda are those of conda 26 and of its exceptions.py, those of mamba from its issues, uv's from uv 0.13.
"""

import pytest
from unit.facts import is_sentence
from unit.roles_loader import load

words = load("conda/module_utils/conda_words.py")
MIB = 2**20

# What it said, its status, bytes free and missing; what stands in the sentence.
ROWS = {
    "disk full": ("[Errno 28] No space left on device", 1, 90 * MIB, 0, ["The disk is full", "90 MiB are free", "box_disk_gib"]),
    "disk full, how much": (
        "NoSpaceLeftError: No space left on devices.", 1, 100 * MIB, 300 * MIB,
        ["300 MiB are still to be downloaded", "100 MiB are free", "at least 1612 MiB are missing"],
    ),
    "disk full, uv": ("error: Failed to install: torch.whl\n Caused by: No space left on device (os error 28)", 2, 5, 0, ["The disk is full"]),
    "disk full, before the link": ("NotEnoughDiskSpaceError", 1, 5 * MIB, 0, ["The disk is full", "5 MiB are free"]),
    "killed": ("", -9, 0, 0, ["killed by signal 9", "memory"]),
    "timeout, conda": (
        "HTTP 000 CONNECTION FAILED for url <https://m.example.org/cloud/conda-forge/linux-64/repodata.json>", 1, 0, 0,
        ["https://m.example.org/cloud/conda-forge/linux-64/repodata.json does not answer", "box_conda_mirror"],
    ),
    "timeout, micromamba": (
        "Download error (28) Timeout was reached [https://m.example.org/noarch/repodata.json.zst]", 1, 0, 0,
        ["https://m.example.org/noarch/repodata.json.zst does not answer", "box_conda_mirror"],
    ),
    "timeout, uv": (
        "error: Failed to fetch: `https://m.example.org/simple/torch/` Caused by: operation timed out", 2, 0, 0,
        ["https://m.example.org/simple/torch/ does not answer", "box_pypi_index"],
    ),
    "no such host, uv": (
        "error: Request failed after 3 retries Caused by: error sending request for url (https://m.example.org/simple/x/)", 2, 0, 0,
        ["https://m.example.org/simple/x/ does not answer"],
    ),
    "damaged, conda": (
        "ChecksumMismatchError: Conda detected a mismatch between the expected content and downloaded content\n"
        "for url 'https://m.example.org/noarch/x-1-0.conda'.", 1, 0, 0,
        ["https://m.example.org/noarch/x-1-0.conda has not the checksum", "another mirror"],
    ),
    "no solution": ("LibMambaUnsatisfiableError: nothing provides nosuch", 1, 0, 0, ["nothing provides nosuch", "box_environments"]),
    "silence": ("", 1, 0, 0, ["it said nothing"]),
}  # fmt: skip


@pytest.mark.parametrize(("said", "status", "free", "missing", "expected"), ROWS.values(), ids=ROWS)
def test_explain(said: str, status: int, free: int, missing: int, expected: list[str]) -> None:
    sentence = words.explain("conda", "install the packages of dl", said, status, free, missing, "box_environments")
    assert [part for part in expected if part not in sentence] == []
    assert "install the packages of dl" in sentence
    named = words.explain(
        "conda", "install the packages of dl", said, status, free, missing, "~/project/environment.yml"
    )
    assert ("correct it in ~/project/environment.yml" in named) == ("correct it in box_environments" in sentence)
    assert "nothing of it was changed" in sentence
    assert is_sentence(sentence.removesuffix("."))
