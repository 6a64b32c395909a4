"""Start, stop and terminate: changes of the running state, with the waits they need."""

from __future__ import annotations

from typing import Any

from .change import Call, Change, Ref


def start(instance: str) -> tuple[Call, ...]:
    """The calls that start an instance and wait for it."""
    return (Call("ec2", "start_instances", {"InstanceIds": [instance]}), wait(instance, "running"))


def stop(instance: str) -> tuple[Call, ...]:
    """The calls that stop an instance and wait for it."""
    return (Call("ec2", "stop_instances", {"InstanceIds": [instance]}), wait(instance, "stopped"))


def wait(instance: Any, state: str) -> Call:
    """A wait for a state, which ends with the instance as it is then."""
    return Call("wait", "instance_state", {"InstanceIds": [instance], "State": state}, {"instance": "Instance"})


def power(want: Any, box: dict[str, Any]) -> list[Change]:
    """Changes that bring the box to the wanted running state."""
    here, ident, thing = box["State"], box["InstanceId"], f"instance {box['InstanceId']}"
    if want.state == "running":
        if here == "pending":
            return [
                Change(
                    "await",
                    thing,
                    "another run or the console started it",
                    here,
                    "running",
                    calls=(wait(ident, "running"),),
                )
            ]
        if here in ("stopped", "stopping"):
            calls = ((wait(ident, "stopped"),) if here == "stopping" else ()) + start(ident)
            return [
                Change(
                    "start", thing, f"it is {here}", here, "running", "the instance bills by the second from now", calls
                )
            ]
    if want.state == "stopped" and here in ("running", "pending"):
        calls = ((wait(ident, "running"),) if here == "pending" else ()) + stop(ident)
        return [
            Change(
                "stop",
                thing,
                f"it is {here}",
                here,
                "stopped",
                "the instance stops billing; disk and address go on",
                calls,
            )
        ]
    return []


def to_be_stopped(want: Any) -> Change:
    """The stop that follows the launch of a box whose wanted state is stopped."""
    calls = (Call("ec2", "stop_instances", {"InstanceIds": [Ref("InstanceId")]}), wait(Ref("InstanceId"), "stopped"))
    return Change("stop", f"instance {want.scope.box}", "box_state is stopped", "running", "stopped", calls=calls)


def terminate(box: dict[str, Any]) -> list[Change]:
    """The change that ends the box; its disk goes with it."""
    ident = box["InstanceId"]
    calls = (Call("ec2", "terminate_instances", {"InstanceIds": [ident]}), wait(ident, "terminated"))
    return [
        Change(
            "terminate",
            f"instance {ident}",
            "the box is to be absent",
            box["State"],
            None,
            "instance and disk stop billing",
            calls,
        )
    ]
