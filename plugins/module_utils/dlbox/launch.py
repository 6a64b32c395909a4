"""The launch: refuse what AWS would refuse, before anything is created; then one RunInstances with everything in it."""

from __future__ import annotations

from typing import Any

from . import spot
from .change import Call, Change, Ref
from .choose import Choice, choose
from .errors import Refused
from .launch_checks import check_image, subnets, unbootable
from .names import BOX_TAG, GENERATION_TAG, SPOT_TAG, tag_list, tag_spec
from .power import wait


def launch(want: Any, seen: dict[str, Any]) -> list[Change]:
    """The one change that creates the instance: what every attempt asks for, and the places in the order to try."""
    _check_strays(want, seen)
    spot.check_requests(seen)
    choice, image = choose(want, seen), seen["image"]
    bootable = [kind for kind in choice.types if not unbootable(image, seen["types"][kind])]
    first = next(iter(bootable), choice.types[0])
    check_image(want, image, first, seen["types"][first])
    places = [
        {"InstanceType": kind, "Zone": subnet["Zone"], "SubnetId": subnet["SubnetId"]}
        for kind, subnet in subnets(want, seen, bootable)
    ]
    number = generation(seen)
    run = Call(
        "ec2",
        "run_instances",
        {**_params(want, seen, number), "Places": places},
        {"InstanceId": "Instances.0.InstanceId", "InstanceType": "Instances.0.InstanceType", "attempts": "Attempts"},
    )
    paid = "Spot, " if want.spot else ""
    bill = f"+{places[0]['InstanceType']} ({paid}{_price(want, seen, places[0]['InstanceType'])}), +{want.disk_gib} GiB gp3 by the month"
    return [
        Change(
            "launch",
            f"instance {want.scope.box}",
            "no live instance carries the box's tag",
            None,
            _shown(want, seen, choice, places),
            bill,
            (*_note(want, seen, number), run, wait(Ref("InstanceId"), "running")),
        )
    ]


def _params(want: Any, seen: dict[str, Any], number: int) -> dict[str, Any]:
    """What every attempt asks for alike."""
    image = seen["image"]
    disk = {"VolumeSize": want.disk_gib, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    specs = [
        tag_spec("instance", {**want.scope.tags, GENERATION_TAG: str(number)}),
        tag_spec("volume", want.scope.tags),
    ]
    return {
        "ImageId": image["ami"],
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": want.scope.prefix,
        "SecurityGroupIds": [seen["groups"][0]["GroupId"] if seen["groups"] else Ref("the security group")],
        "InstanceInitiatedShutdownBehavior": "stop",
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
        "BlockDeviceMappings": [{"DeviceName": image["root_device"], "Ebs": disk}],
        "TagSpecifications": [
            *specs,
            *([tag_spec("spot-instances-request", want.scope.tags)] if want.spot else []),
        ],
        **spot.market(want),
    }


def _shown(want: Any, seen: dict[str, Any], choice: Choice, places: list[dict[str, str]]) -> dict[str, Any]:
    """The launch as a diff shows it: the choice, what follows where AWS refuses it, and what was passed over and why."""
    image = seen["image"]
    misfits = {kind: f"it {why}" for kind in choice.types if (why := unbootable(image, seen["types"][kind]))}
    return {
        "type": places[0]["InstanceType"],
        "zone": places[0]["Zone"],
        "else": [f"{place['InstanceType']} in {place['Zone']}" for place in places[1:]],
        "passed over": dict(choice.passed) | misfits,
        "ami": image["ami"],
        "image": image["name"],
        "disk_gib": want.disk_gib,
    }


def _price(want: Any, seen: dict[str, Any], kind: str) -> str:
    usd = seen.get("prices", {}).get(kind)
    # A Spot hour without a cap of its own costs the On-Demand price at most.
    cap = want.spot_max_usd or (f"{usd:g}" if usd else "")
    if want.spot:
        return f"at most ${cap} an hour" if cap else "by the second"
    return f"${usd:g} an hour" if usd else "by the second"


def _check_strays(want: Any, seen: dict[str, Any]) -> None:
    lost = [item["InstanceId"] for item in seen["strays"] if item["Tags"].get(BOX_TAG) != want.scope.box]
    if lost:
        raise Refused(
            f"{lost[0]} is in this box's security group without the tag dlbox:box={want.scope.box}, and bills: put the tag back to keep it "
            f"(`aws ec2 create-tags --resources {lost[0]} --tags Key=dlbox:box,Value={want.scope.box}`), or terminate it"
        )


def generation(seen: dict[str, Any]) -> int:
    """The number in the launch's token: the group's, or the one after that of the last dead instance."""
    return max(_noted(seen), int(seen["spent"]) + 1)


def _noted(seen: dict[str, Any]) -> int:
    return int(seen["groups"][0]["Tags"].get(GENERATION_TAG, "1")) if seen["groups"] else 1


def _note(want: Any, seen: dict[str, Any], number: int) -> tuple[Call, ...]:
    """The group keeps the number, because dead instances are forgotten; and that there may be a Spot request."""
    notes = {} if number == _noted(seen) else {GENERATION_TAG: str(number)}
    if want.spot and not spot.known(seen):
        notes[SPOT_TAG] = "true"
    if not notes:
        return ()
    group = seen["groups"][0]["GroupId"] if seen["groups"] else Ref("the security group")
    return (Call("ec2", "create_tags", {"Resources": [group], "Tags": tag_list(notes)}),)
