"""Brings the machines of one rehearsal to what AWS says, round by round."""

from __future__ import annotations

import pathlib
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from . import forward, machines
from .cloud import Cloud, Facts
from .containers import Yard
from .machines import Boot, Step

RECHECK_S = 5.0
RETRY_S = 5.0


def log(text: str) -> None:
    """Write one line with the time."""
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)


class Keeper:
    """Brings the machines to what AWS says, several at a time, never two steps of one machine at once."""

    def __init__(self, cloud: Cloud, yard: Yard, suffix: str, bridge: str) -> None:
        self.cloud, self.yard, self.suffix, self.bridge = cloud, yard, suffix, bridge
        self.pool = ThreadPoolExecutor(8)
        self.busy: dict[str, Future[None]] = {}
        self.not_before: dict[str, float] = {}
        self.containers: dict[str, machines.Container] = {}
        self.looked = 0.0
        self.applied: tuple[str, float] = ("", 0.0)

    def look(self) -> None:
        """List the containers when a step has ended, a machine's process is gone, or some time has passed."""
        ended = [name for name, future in self.busy.items() if future.done()]
        self.busy = {name: future for name, future in self.busy.items() if name not in ended}
        dead = any(one.status == "running" and not alive(one.pid) for one in self.containers.values())
        if ended or dead or time.monotonic() - self.looked > RECHECK_S:
            self.containers, self.looked = self.yard.listing(), time.monotonic()

    def tick(self, regions: list[str]) -> None:
        """Compare and act once."""
        self.look()
        facts = self.cloud.facts(regions)
        for one in machines.steps(facts, self.containers, self.yard.boots()):
            if one.instance_id not in self.busy and time.monotonic() >= self.not_before.get(one.instance_id, 0):
                log(f"{one.verb} {one.instance_id}: {one.reason}")
                self.busy[one.instance_id] = self.pool.submit(self.act, one, facts)
        self.forward(facts)

    def forward(self, facts: Facts) -> None:
        """Open what the security groups open; written again now and then, in case somebody flushed the tables."""
        running = [name for name, one in self.containers.items() if one.status == "running"]
        text = forward.table(self.suffix, machines.forwards(facts, running, self.yard.subnet), facts.addresses)
        if text != self.applied[0] or time.monotonic() - self.applied[1] > 2 * RECHECK_S:
            forward.apply(self.suffix, self.bridge, text)
            self.applied = (text, time.monotonic())

    def act(self, step: Step, facts: Facts) -> None:
        """Do one step; a failure is logged and tried again later."""
        one = facts.instances.get(step.instance_id)
        try:
            if one is None or step.verb == "remove":
                self.yard.remove(step.instance_id)
            elif step.verb == "create":
                self.yard.create(one, self.cloud.public_key(one))
            elif step.verb == "start":
                self.yard.start(one)
            elif step.verb == "stop":
                self.yard.stop(one)
            elif step.verb == "adopt":
                self.yard.note(one.id, Boot(one.launched, up=True))
            else:
                self.cloud.ask("shutdown", {"region": one.region, "instance_id": one.id})
                self.yard.note(one.id, Boot(one.launched, up=False))
        except Exception as problem:
            log(f"{step.verb} {step.instance_id} failed: {problem}")
            self.not_before[step.instance_id] = time.monotonic() + RETRY_S


def alive(pid: int) -> bool:
    """Tell whether a process exists."""
    return pathlib.Path(f"/proc/{pid}").exists()
