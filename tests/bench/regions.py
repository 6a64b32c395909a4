"""How long playbooks/quota.yml takes for the regions of an account, beside one region: what seventeen cost more than one.

python tests/bench/regions.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.timed import Took, timed  # noqa: E402
from rehearsal.testing import REGION, start_server  # noqa: E402

ROUNDS = 5
LATENCY_MS = 80
ONE, ALL = "one region", "all regions"


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
        runs: dict[str, list[Took]] = {name: [] for name in commands}
        calls, regions = {}, {}
        for number in range(rounds + 1):
            for name, command in commands.items():
                server.forget_calls()
                took, _ = timed(command, env, home)
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
