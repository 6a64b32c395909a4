"""How long playbooks/quota.yml takes for the regions of an account, beside one region: what seventeen cost more than one.

python tests/bench/regions.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from rehearsal.testing import REGION, start_server  # noqa: E402

ROUNDS = 5
LATENCY_MS = 80
ONE, ALL = "one region", "all regions"


def timed(command: list[str], env: dict[str, str], home: Path) -> tuple[float, float, float]:
    """Seconds of a command by the clock and of CPU, and its peak memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, env=env, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed in {home}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(rounds: int = ROUNDS) -> None:
    """Print the lines; the two run in turn, after one run of each that warms them."""
    with start_server(transition=0) as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "group_vars").mkdir()
        (home / "group_vars" / "all.yml").write_text(f'box_region: {REGION}\nbox_profile: ""\n')
        (home / "boxes.yml").write_text("boxes:\n  hosts:\n    lab:\n")
        kept = {name: value for name, value in server.env.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        env = kept | {
            "HOME": folder,
            "ANSIBLE_HOME": str(home / "ansible"),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        }
        book = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "boxes.yml",
            str(ROOT / "playbooks/quota.yml"),
        ]
        commands = {ONE: book, ALL: [*book, "-e", "quota_regions=all"]}
        server.post("latency", {"ms": LATENCY_MS})
        runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        calls, regions = {}, {}
        for number in range(rounds + 1):
            for name, command in commands.items():
                server.forget_calls()
                took = timed(command, env, home)
                runs[name] += [took] if number else []
                made = server.calls()
                calls[name], regions[name] = (
                    len(made),
                    len({call["region"] for call in made if call["service"] == "ec2"}),
                )
        base = statistics.median(wall for wall, _, _ in runs[ONE])
        print(f"{'':<34}{'wall s':>8}{'ratio':>8}{'cpu s':>8}{'MB':>6}{'calls':>7}{'regions':>9}")
        for name, rows in runs.items():
            wall, cpu, peak = (statistics.median(column) for column in zip(*rows, strict=True))
            numbers = f"{wall:>8.2f}{wall / base:>7.2f}x{cpu:>8.2f}{peak:>6.0f}{calls[name]:>7}{regions[name]:>9}"
            print(f"  {name:<32}{numbers}", flush=True)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"runs of each ({ROUNDS})")
    given = parser.parse_args()
    print(f"playbooks/quota.yml   ({LATENCY_MS} ms per AWS call, medians of {given.rounds}; target: 2x)")
    measure(given.rounds)


if __name__ == "__main__":
    main()
