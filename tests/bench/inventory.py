"""How long `ansible-inventory --list` takes with N instances, beside a plain boto3 script that asks the same.

    python tests/bench/inventory.py [N ...] [--collections DIR]

The rehearsal's answer is recorded once and replayed, because rendering it takes moto longer than everything measured
here. DIR is a place where amazon.aws is installed (ansible_collections/amazon/aws): then the stock plugin runs too.
"""

from __future__ import annotations

import argparse
import http.server
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.timed import timed  # noqa: E402
from rehearsal.testing import PROFILE, REGION, Server, start_server  # noqa: E402

ROUNDS = 5
PLAIN = """import boto3
found = {}
pages = boto3.client("ec2").get_paginator("describe_instances")
for page in pages.paginate(Filters=[{"Name": "tag-key", "Values": ["dlbox:box"]}], PaginationConfig={"PageSize": 1000}):
    for reservation in page["Reservations"]:
        for one in reservation["Instances"]:
            found[one["InstanceId"]] = (one["State"]["Name"], one.get("PublicIpAddress"), one["InstanceType"])
print(len(found))
"""
STOCK = f"""plugin: amazon.aws.aws_ec2
regions: [{REGION}]
filters: {{"tag-key": ["dlbox:box"]}}
keyed_groups: [{{key: instance_type, prefix: type}}, {{key: state.name, prefix: state}}]
"""


@contextmanager
def replay(url: str) -> Iterator[str]:
    """A server that asks the rehearsal once per question and then repeats the answer."""
    known: dict[bytes, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if body not in known:
                kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=kept)) as answer:
                    known[body] = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(known[body])))
            self.end_headers()
            self.wfile.write(known[body])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def fill(server: Server, count: int) -> None:
    """Launch instances that carry the box tag, one of them the declared box, and wait until they run."""
    server.post("quota", {"region": REGION, "code": "L-1216C47A", "value": 100_000})
    ec2 = server.client("ec2", read_timeout=300)
    images = ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])
    for box, number in (("lab", 1), *((f"other-{n}", min(100, count - 1 - n)) for n in range(0, count - 1, 100))):
        tags = [{"Key": "dlbox:box", "Value": box}, {"Key": "Name", "Value": box}]
        ec2.run_instances(
            ImageId=images["Images"][0]["ImageId"], InstanceType="t3.micro", MinCount=number, MaxCount=number,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )  # fmt: skip
    pending = [{"Name": "instance-state-name", "Values": ["pending"]}]
    while ec2.describe_instances(Filters=pending)["Reservations"]:
        time.sleep(0.2)


def medians(command: list[str], env: dict[str, str], home: Path) -> list[float]:
    """What a command takes, the medians of its runs after one that warms it."""
    runs = [timed(command, env, home)[0] for _ in range(ROUNDS + 1)]
    return [statistics.median(column) for column in zip(*runs[1:], strict=True)]


def measure(count: int, collections: str) -> None:
    """Print the lines of one number of instances."""
    with start_server(transition=0) as server, replay(server.url) as url, tempfile.TemporaryDirectory() as folder:
        fill(server, count)
        home = Path(folder)
        (home / "group_vars").mkdir()
        (home / "group_vars" / "all.yml").write_text(f"box_region: {REGION}\n")
        (home / "boxes.yml").write_text("boxes:\n  hosts:\n    lab:\n")
        (home / "dlbox.yml").write_text("plugin: dlbox\n")
        (home / "stock.aws_ec2.yml").write_text(STOCK)
        (home / "aws").write_text((server.home / "config").read_text().replace(server.url, url))
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        env |= {"AWS_CONFIG_FILE": str(home / "aws"), "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PROFILE": PROFILE}
        env |= {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "AWS_EC2_METADATA_DISABLED": "true"}
        lister = [str(Path(sys.executable).with_name("ansible-inventory")), "--list"]
        commands: dict[str, tuple[list[str], dict[str, str]]] = {
            "plain boto3": ([sys.executable, "-c", PLAIN], {}),
            "no inventory plugin": ([*lister, "-i", "boxes.yml"], {}),
            "dlbox": ([*lister, "-i", "boxes.yml", "-i", "dlbox.yml"], {}),
        }
        if collections:
            own = {"ANSIBLE_INVENTORY_ENABLED": "amazon.aws.aws_ec2", "ANSIBLE_COLLECTIONS_PATH": collections}
            commands["amazon.aws"] = ([*lister, "-i", "stock.aws_ec2.yml"], own)
        base = 0.0
        for name, (command, more) in commands.items():
            wall, cpu, peak = medians(command, env | more, home)
            base = base or wall
            print(f"{count:>9}  {name:<20} {wall:>6.2f} {cpu:>6.2f} {wall / base:>6.1f}x {peak:>5.0f}", flush=True)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("counts", nargs="*", type=int, default=[10, 100, 1000], metavar="N")
    parser.add_argument("--collections", default="", help="where amazon.aws is installed: runs the stock plugin too")
    given = parser.parse_args()
    print(f"instances  command                wall    cpu   ratio    MB   (seconds, median of {ROUNDS})")
    for count in given.counts or [10, 100, 1000]:
        measure(count, given.collections)


if __name__ == "__main__":
    main()
