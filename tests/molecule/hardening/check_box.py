"""What the rest of the box has of it: the idle stop, and the audit's score."""

import json
import os
import pathlib

from there import on_box


def test_the_idle_stop_reads_all_its_signals() -> None:
    signals = json.loads(on_box("dlbox look; dlbox idle --json"))["signals"]
    assert [name for name, one in signals.items() if one["busy"] is None] == []


def test_the_audits_score_went_up() -> None:
    before = int(pathlib.Path(os.environ["DLBOX_SCORE"]).read_text())
    after = int(
        on_box("lynis audit system --quick --quiet >/dev/null; sed -n s/^hardening_index=//p /var/log/lynis-report.dat")
    )
    print(f"lynis: {before} before, {after} after")
    assert after >= before + 4
