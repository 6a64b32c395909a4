"""What becomes of disks, folders and swap: facts in, changes out. What is not blank is never formatted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit import roles_loader
from unit.facts import is_sentence

assert roles_loader.HELPERS
from ansible.module_utils.dlbox.errors import Refused  # noqa: E402
from ansible.module_utils.dlbox.places import NOTE, text  # noqa: E402
from ansible.module_utils.plan_storage import GIB, SWAP, SWAPPINESS, SYSCTL, Plan, plan  # noqa: E402
from ansible.module_utils.plan_volumes import find  # noqa: E402
from ansible.module_utils.storage_disks import Disk  # noqa: E402
from ansible.module_utils.storage_scratch import IMAGES, LABEL, PLACE, STORE, scratch  # noqa: E402

EBS = "Amazon Elastic Block Store"
EXT4 = {"TYPE": "ext4", "UUID": "u-1", "USAGE": "filesystem"}
ROOT = [
    Disk("/dev/nvme0n1", size=100 * GIB, model=EBS, serial="vol0a", above=("/dev/nvme0n1p1", "/dev/nvme0n1p15")),
    Disk(
        "/dev/nvme0n1p1", "part", 99 * GIB, mounts=("/",), held={**EXT4, "UUID": "u-root", "LABEL": "cloudimg-rootfs"}
    ),
    Disk(
        "/dev/nvme0n1p15",
        "part",
        GIB,
        mounts=("/boot/efi",),
        held={"TYPE": "vfat", "USAGE": "filesystem", "UUID": "u-efi"},
    ),
]
BLANK = Disk("/dev/nvme1n1", size=50 * GIB, model=EBS, serial="vol0b", zeros=True)
OURS = "UUID=u-1 /data ext4 defaults,nofail,x-systemd.device-timeout=30s,x-dlbox 0 2"
LIST = [{"volume": "vol-0b", "path": "/data"}]
FILES = {"/lib/x.py": "program", "/etc/systemd/system/x.service": "unit"}


def store(number: int, **facts: Any) -> Disk:
    """A disk of the instance store, blank where nothing else is said."""
    return Disk(f"/dev/nvme{number}n1", size=200 * GIB, model=STORE, serial=f"AWS{number}", **{"zeros": True, **facts})


def decide(*disks: Disk, want: dict[str, Any] | None = None, **seen: Any) -> Plan:
    """The plan on a box whose root disk is as it should be and whose data folder is there."""
    facts = {
        "disks": [*ROOT, *disks], "images_own": False, "stripes": True, "stands": "", "mend": [], "scratch_places": (PLACE, IMAGES), "links": {}, "filled": [], "others": {},
        "sizes": {"/dev/nvme0n1p1": 99 * GIB}, "fstab": "LABEL=cloudimg-rootfs / ext4 defaults 0 1\n", "root": ROOT[:2],
        "beyond": 0, "number": 1, "growpart": True, "free": 60 * GIB, "swap": {"bytes": 0, "on": False}, "container": False,
        "data": "dir", "links_of_home": {"/home/u/data": ("full", ""), "/home/u/scratch": ("none", "")}, "files": {},
    }  # fmt: skip
    asked = {
        "user": "u",
        "home": "/home/u",
        "instance": "i-1",
        "volumes": [],
        "data": "/home/u/data",
        "swap_gib": 0,
        "files": FILES,
    }
    asked |= want or {}
    paths = [entry["path"] for entry in asked["volumes"]]
    seen["files"] = {**({NOTE: text(paths)} if paths else {}), **seen.get("files", {})}
    return plan(asked, {**facts, **seen}, lambda: "u-new")


def shown(done: Plan) -> list[tuple[str, str]]:
    """The changes without their details."""
    return [change.what for change in done.changes]


def test_a_plain_box_needs_nothing() -> None:
    assert decide() == Plan([], [], "", "/home/u/data")
    assert decide(BLANK) == Plan([], [], "", "/home/u/data")


# --- volumes


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("vol-0b", BLANK), ("vol-0", None), ("vol-0c", None), ("/dev/nvme1n1", BLANK), ("/dev/disk/by-id/x", BLANK), ("/dev/sdf", None),
        ("UUID=u-root", ROOT[1]), ("LABEL=cloudimg-rootfs", ROOT[1]), ("LABEL=", None), ("UUID=u", None),
    ],
)  # fmt: skip
def test_a_volume_is_found_by_any_of_its_names(name: str, found: Disk | None) -> None:
    assert find(name, [*ROOT, BLANK], {"/dev/disk/by-id/x": "/dev/nvme1n1"}) == found


def test_a_blank_volume_is_formatted_written_down_and_mounted() -> None:
    done = decide(BLANK, want={"volumes": LIST})
    assert shown(done) == [("format", "/dev/nvme1n1"), ("write", "/etc/fstab"), ("mount", "/data")]
    assert done.changes[0].after == {"uuid": "u-new", "path": "/data"}
    line = "UUID=u-new /data ext4 defaults,nofail,x-systemd.device-timeout=30s,x-dlbox 0 2"
    assert done.changes[1].after == f"LABEL=cloudimg-rootfs / ext4 defaults 0 1\n{line}\n"


@pytest.mark.parametrize(
    ("disk", "fstab", "changes"),
    [
        (BLANK._replace(held=EXT4, mounts=("/data",)), OURS, []),
        (BLANK._replace(held=EXT4), OURS, [("mount", "/data")]),
        (BLANK._replace(held=EXT4, mounts=("/data",)), OURS.replace("nofail", "noatime"), [("write", "/etc/fstab")]),
        (BLANK._replace(held=EXT4, mounts=("/data",)), "", [("write", "/etc/fstab")]),
        # Mounted by hand elsewhere: it stays there.
        (BLANK._replace(held=EXT4, mounts=("/mnt",)), OURS, [("mount", "/data")]),
        # The user's own line for that place.
        (BLANK._replace(held=EXT4, mounts=("/data",)), "/dev/sdf /data ext4 noatime 0 0", []),
        # The path in the list was another.
        (BLANK._replace(held=EXT4, mounts=("/old",)), OURS.replace("/data", "/old"), [("unmount", "/old"), ("write", "/etc/fstab"), ("mount", "/data")]),
    ],
)  # fmt: skip
def test_a_volume_with_a_file_system_is_mounted_by_our_line(
    disk: Disk, fstab: str, changes: list[tuple[str, str]]
) -> None:
    assert shown(decide(disk, want={"volumes": LIST}, fstab=fstab)) == changes


@pytest.mark.parametrize(
    ("disk", "unmounts"),
    [
        (BLANK._replace(held=EXT4, mounts=("/data",)), ["/data"]),
        # Somebody mounted another disk there, and ours elsewhere.
        (BLANK._replace(held={**EXT4, "UUID": "u-2"}, mounts=("/data",)), []),
        (BLANK._replace(mounts=("/data",)), []),
        (BLANK._replace(held=EXT4, mounts=("/mnt",)), []),
    ],
)
def test_only_the_disk_of_our_line_is_unmounted(disk: Disk, unmounts: list[str]) -> None:
    done = decide(disk, fstab=f"{OURS}\n")
    assert [change.thing for change in done.changes if change.verb == "unmount"] == unmounts
    assert ("write", "/etc/fstab") in shown(done)


def test_a_volume_in_another_comes_after_it_and_goes_before() -> None:
    outer = BLANK._replace(held=EXT4)
    inner = outer._replace(path="/dev/nvme2n1", serial="vol0c", held={**EXT4, "UUID": "u-2"})
    nested = [{"volume": "vol-0c", "path": "/data/in"}, *LIST]
    done = decide(outer, inner, want={"volumes": nested})
    assert [change.thing for change in done.changes if change.verb == "mount"] == ["/data", "/data/in"]
    mounted = [outer._replace(mounts=("/data",)), inner._replace(mounts=("/data/in",))]
    assert shown(decide(*mounted, want={"volumes": nested}, fstab=done.changes[0].after)) == []
    off = decide(*mounted, fstab=done.changes[0].after)
    assert [change.thing for change in off.changes if change.verb == "unmount"] == ["/data/in", "/data"]
    # On the root disk it would hide itself once the other is there.
    waits = decide(inner, want={"volumes": nested})
    assert waits.changes == []
    assert waits.told[1:] == ["/data/in waits for /data"]


def test_a_path_where_no_disk_is_mounted_but_something_else_is_refused() -> None:
    with pytest.raises(Refused, match=r"box_volumes: /data is where another file system \(nfs4\) is mounted") as said:
        decide(BLANK, want={"volumes": LIST}, others={"/data": "nfs4"}, filled=["/data"])
    assert is_sentence(str(said.value))
    mounted = BLANK._replace(held=EXT4, mounts=("/data",))
    assert shown(decide(mounted, want={"volumes": LIST}, fstab=OURS, others={"/data": "ext4"})) == []


def test_what_a_cut_off_format_left_can_be_emptied() -> None:
    with pytest.raises(Refused) as said:
        decide(BLANK._replace(zeros=False), want={"volumes": LIST})
    assert "`sudo wipefs --all /dev/nvme1n1 && sudo blkdiscard --zeroout /dev/nvme1n1` empties it" in str(said.value)
    assert "by hand" not in str(said.value)
    with pytest.raises(Refused, match="mount it by hand"):
        decide(BLANK._replace(held={"TYPE": "LVM2_member", "USAGE": "raid"}), want={"volumes": LIST})


def test_what_is_taken_off_the_list_loses_our_line_alone() -> None:
    mounted = BLANK._replace(held=EXT4, mounts=("/data",))
    done = decide(mounted, fstab=f"# mine\n{OURS}\n/dev/sdg /mnt ext4 defaults 0 0\n")
    assert shown(done) == [("unmount", "/data"), ("write", "/etc/fstab")]
    assert done.changes[1].after == "# mine\n/dev/sdg /mnt ext4 defaults 0 0\n"
    assert decide(mounted, fstab="/dev/sdf /data ext4 defaults 0 0\n").changes == []


@pytest.mark.parametrize(
    ("disk", "says"),
    [
        (BLANK._replace(zeros=False), "holds bytes of a form that is not known here, which cannot be mounted"),
        (BLANK._replace(held={"TYPE": "LVM2_member", "USAGE": "raid"}), "holds LVM2_member, which cannot be mounted"),
        (BLANK._replace(held={"PTTYPE": "gpt"}), "holds gpt"),
        (BLANK._replace(held={"TYPE": "squashfs", "USAGE": "filesystem"}), "holds squashfs"),
        (BLANK._replace(mounts=("/mnt",)), "is mounted at /mnt"),
        (BLANK._replace(above=("/dev/mapper/x",)), "holds /dev/mapper/x"),
        (BLANK._replace(model=STORE), "is instance store, which a stop wipes"),
        (BLANK._replace(kind="lvm", path="/dev/nvme1n1"), "is not a whole disk"),
    ],
)  # fmt: skip
def test_what_cannot_be_mounted_is_refused(disk: Disk, says: str) -> None:
    with pytest.raises(Refused, match=says) as said:
        decide(disk, want={"volumes": [{"volume": "/dev/nvme1n1", "path": "/data"}]})
    assert is_sentence(str(said.value))


@pytest.mark.parametrize(
    ("volumes", "filled", "says"),
    [
        (LIST, ["/data"], "/data holds files that vol-0b would hide"),
        ([{"volume": "vol-0b", "path": "/boot/efi"}], [], "/boot/efi is where /dev/nvme0n1p15 is mounted"),
        ([{"volume": "vol-0a", "path": "/data"}], [], "is the box's root disk"),
        ([{"volume": "UUID=u-root", "path": "/data"}], [], "is the box's root disk"),
        ([*LIST, {"volume": "/dev/nvme1n1", "path": "/more"}], [], "is in conflict with another entry"),
        ([*LIST, {"volume": "vol-0c", "path": "/data"}], [], "is in conflict with another entry"),
        ([{"volume": "vol-0b", "path": PLACE}], [], f"or with {PLACE}"),
    ],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_refused(volumes: list[dict[str, str]], filled: list[str], says: str) -> None:
    with pytest.raises(Refused, match=says) as said:
        decide(BLANK, want={"volumes": volumes}, filled=filled)
    assert is_sentence(str(said.value))


def test_a_divided_volume_wants_one_of_its_parts() -> None:
    whole = BLANK._replace(above=("/dev/nvme1n1p1",), zeros=False)
    part = Disk("/dev/nvme1n1p1", "part", 50 * GIB, held=EXT4)
    with pytest.raises(Refused, match="is divided into /dev/nvme1n1p1: name the one that is meant, as in UUID=u-1"):
        decide(whole, part, want={"volumes": LIST})
    done = decide(whole, part, want={"volumes": [{"volume": "UUID=u-1", "path": "/data"}]})
    assert shown(done) == [("write", "/etc/fstab"), ("mount", "/data")]


def test_a_volume_that_is_not_attached_is_told_and_keeps_its_line() -> None:
    done = decide(want={"volumes": LIST}, fstab=f"{OURS}\n")
    assert done.changes == []
    assert done.told == [
        "vol-0b is not attached, so /data is not there: `aws ec2 attach-volume --volume-id vol-0b --instance-id i-1 --device /dev/sdf`, or"
        " Volumes, Actions, Attach volume in the EC2 console, then run `ansible-playbook site.yml --tags storage`"
    ]
    later = decide(want={"volumes": LIST, "data": "/data/sets"}, data="none")
    assert [change for change in later.changes if change.thing == "/data/sets"] == []
    assert "the data folder /data/sets is not made before /data is there" in later.told


def test_the_places_of_volumes_are_noted_for_other_roles() -> None:
    done = decide(want={"volumes": LIST}, files={NOTE: None})
    assert [(change.what, change.after) for change in done.changes] == [(("write", NOTE), '{"places": ["/data"]}\n')]
    assert shown(decide(files={NOTE: text(["/data"])})) == [("erase", NOTE)]


@pytest.mark.parametrize(("size", "grows"), [(50 * GIB, 0), (50 * GIB - 1, 0), (20 * GIB, 1), (None, 0)])
def test_a_file_system_grows_with_its_volume(size: int | None, grows: int) -> None:
    done = decide(
        BLANK._replace(held=EXT4, mounts=("/data",)),
        want={"volumes": LIST},
        fstab=OURS,
        sizes={"/dev/nvme1n1": size, "/dev/nvme0n1p1": 99 * GIB},
    )
    assert shown(done) == [("grow", "/dev/nvme1n1")] * grows


# --- the root disk


@pytest.mark.parametrize(
    ("seen", "changes"),
    [
        ({"beyond": 50 * GIB}, [("widen", "/dev/nvme0n1p1"), ("grow", "/dev/nvme0n1p1")]),
        ({"beyond": 50 * GIB, "growpart": False}, []),
        ({"beyond": 1 << 20}, []),
        ({"sizes": {"/dev/nvme0n1p1": 50 * GIB}}, [("grow", "/dev/nvme0n1p1")]),
        ({"root": None, "sizes": {}}, []),
    ],
)  # fmt: skip
def test_the_root_disk_grows(seen: dict[str, Any], changes: list[tuple[str, str]]) -> None:
    assert shown(decide(**seen)) == changes


# --- the instance store


@pytest.mark.parametrize(
    ("disks", "verb", "at", "told"),
    [
        ([], "", "", ""),
        ([store(1)], "format", PLACE, ""),
        ([store(1), store(2)], "format", PLACE, ""),
        ([store(1, held={"TYPE": "ext4", "LABEL": LABEL})], "mount", PLACE, ""),
        ([store(1, held={"TYPE": "btrfs", "LABEL": LABEL}), store(2, held={"TYPE": "btrfs", "LABEL": LABEL})], "mount", PLACE, ""),
        ([store(1, held={"TYPE": "btrfs", "LABEL": LABEL}, mounts=(PLACE,)), store(2, held={"TYPE": "btrfs", "LABEL": LABEL})], "", PLACE, ""),
        # One of two is not blank: neither is touched.
        ([store(1), store(2, held={"TYPE": "xfs"})], "", "", "/dev/nvme2n1 holds xfs"),
        ([store(1, zeros=False)], "", "", "holds bytes of a form that is not known"),
        # The user's own doing is nothing to speak of.
        ([store(1, mounts=("/mnt",))], "", "", ""),
        ([store(1, above=("/dev/md0",)), store(2)], "", "", ""),
        ([store(1), Disk("/dev/nvme5n1", mounts=(PLACE,))], "", "", ""),
        # The Deep Learning AMI's own, on LVM.
        ([store(1, above=("/dev/mapper/vg.01-lv",)), Disk("/dev/mapper/vg.01-lv", "lvm", mounts=(IMAGES,))], "", IMAGES, ""),
    ],
)  # fmt: skip
def test_the_instance_store(disks: list[Disk], verb: str, at: str, told: str) -> None:
    done = scratch([*ROOT, *disks], images_own=False, stripes=True, stands="")
    assert (done.verb, done.at) == (verb, at)
    assert told in done.told
    assert bool(told) == bool(done.told)
    assert is_sentence(done.told)


def test_the_images_own_service_is_left_to_it() -> None:
    done = scratch([store(1)], images_own=True, stripes=True, stands="")
    assert (done.verb, done.at) == ("", "")
    assert "dlami-nvme.service has not mounted the instance store" in done.told


@pytest.mark.parametrize("facts", [{}, {"held": {"TYPE": "ext4", "LABEL": LABEL}}])
@pytest.mark.parametrize(
    ("stands", "told"),
    [
        ("files", f"{PLACE} holds files that the instance store would hide, so it is not mounted: move them"),
        ("link", f"{PLACE} is a link, so the instance store is not mounted there: remove the link"),
        # NFS, or memory: the user's own doing.
        ("mount", ""),
    ],
)
def test_what_stands_at_its_place_is_never_hidden(facts: dict[str, Any], stands: str, told: str) -> None:
    disk = store(1, **facts)
    done = scratch([*ROOT, disk], images_own=False, stripes=True, stands=stands)
    assert (done.verb, done.at, done.disks) == ("", "", ())
    assert done.told.startswith(told)
    assert bool(done.told) == bool(told)
    assert is_sentence(done.told)
    mounted = disk._replace(held={"TYPE": "ext4", "LABEL": LABEL}, mounts=(PLACE,))
    assert scratch([mounted], images_own=False, stripes=True, stands="mount").at == PLACE
    # Its link in the home stays for the day when that is moved away.
    links = {"/home/u/data": ("full", ""), "/home/u/scratch": ("link", PLACE)}
    if told:
        assert shown(decide(disk, stands=stands, files=FILES, links_of_home=links)) == []


def test_where_disks_cannot_be_one_the_first_is_taken() -> None:
    done = scratch([store(1), store(2)], images_own=False, stripes=False, stands="")
    assert (done.verb, done.disks) == ("format", ("/dev/nvme1n1",))
    assert scratch([store(1), store(2)], images_own=False, stripes=True, stands="").disks == (
        "/dev/nvme1n1",
        "/dev/nvme2n1",
    )


def test_a_scratch_folder_comes_with_its_service_and_its_link() -> None:
    done = decide(store(1))
    assert shown(done) == [*(("write", path) for path in FILES), ("format scratch", PLACE), ("link", "/home/u/scratch")]
    mounted = store(1, held={"TYPE": "ext4", "LABEL": LABEL}, mounts=(PLACE,))
    links = {"/home/u/data": ("full", ""), "/home/u/scratch": ("link", PLACE)}
    assert decide(mounted, files=FILES, links_of_home=links).changes == []
    assert shown(decide(mounted, files=FILES, links_of_home=links, mend=["note"])) == [("mend scratch", PLACE)]
    # The box became a type without instance store.
    gone = decide(files=FILES, links_of_home=links)
    assert shown(gone) == [*(("erase", path) for path in FILES), ("erase", "/home/u/scratch")]


# --- folders


@pytest.mark.parametrize(
    ("there", "changes", "told"),
    [
        (("none", ""), [("link", "/home/u/scratch")], 0),
        (("link", PLACE), [], 0),
        (("link", f"{PLACE}/"), [("link", "/home/u/scratch")], 0),
        # The box was the Deep Learning AMI's before.
        (("link", IMAGES), [("link", "/home/u/scratch")], 0),
        (("link", "/mnt/mine"), [], 1),
        (("full", ""), [], 1),
    ],
)
def test_a_scratch_link_of_the_users_own_stays(
    there: tuple[str, str], changes: list[tuple[str, str]], told: int
) -> None:
    mounted = store(1, held={"TYPE": "ext4", "LABEL": LABEL}, mounts=(PLACE,))
    links = {"/home/u/data": ("full", ""), "/home/u/scratch": there}
    done = decide(mounted, files=FILES, links_of_home=links)
    assert (shown(done), len(done.told)) == (changes, told)
    assert all(is_sentence(sentence) for sentence in done.told)
    # Nor is it taken away where there is no instance store.
    gone = decide(links_of_home=links)
    assert shown(gone) == ([("erase", "/home/u/scratch")] if there[1].rstrip("/") in (PLACE, IMAGES) else [])


def test_a_data_folder_on_a_volume_that_is_taken_off_is_told() -> None:
    mounted = BLANK._replace(held=EXT4, mounts=("/data",))
    links = {"/home/u/data": ("link", "/data/sets"), "/home/u/scratch": ("none", "")}
    done = decide(mounted, fstab=f"{OURS}\n", want={"data": "/data/sets"}, links_of_home=links)
    assert shown(done) == [("unmount", "/data"), ("write", "/etc/fstab")]
    (told,) = done.told
    assert told.startswith("box_data_folder: /data/sets was on the volume at /data, which is taken off box_volumes")
    assert is_sentence(told)
    # Whether the user may write there is asked only where it is there.
    assert (done.data, decide(want={"data": "/data"}).data) == ("", "/data")


@pytest.mark.parametrize(
    ("there", "changes", "told"),
    [
        (("none", ""), [("link", "/home/u/data")], 0),
        (("empty", ""), [("link", "/home/u/data")], 0),
        (("link", "/old"), [("link", "/home/u/data")], 0),
        (("link", "/data"), [], 0),
        (("full", ""), [], 1),
    ],
)  # fmt: skip
def test_data_in_the_home_leads_to_the_data_folder(
    there: tuple[str, str], changes: list[tuple[str, str]], told: int
) -> None:
    done = decide(want={"data": "/data"}, links_of_home={"/home/u/data": there, "/home/u/scratch": ("none", "")})
    assert (shown(done), len(done.told)) == (changes, told)


def test_the_data_folder_is_made() -> None:
    assert shown(
        decide(data="none", links_of_home={"/home/u/data": ("none", ""), "/home/u/scratch": ("none", "")})
    ) == [("make", "/home/u/data")]
    (told,) = decide(data="file").told
    assert told.startswith("box_data_folder: /home/u/data is no folder, or a link that leads nowhere")
    links = {"/home/u/data": ("link", "/data/sets"), "/home/u/scratch": ("none", "")}
    mounted = BLANK._replace(held=EXT4, mounts=("/data",))
    back = decide(mounted, fstab=f"{OURS}\n", links_of_home=links)
    assert shown(back) == [
        ("unmount", "/data"),
        ("write", "/etc/fstab"),
        ("erase", "/home/u/data"),
        ("make", "/home/u/data"),
    ]


# --- swap

SWAP_LINE = f"{SWAP} none swap sw,nofail,x-dlbox 0 0\n"


@pytest.mark.parametrize(
    ("gib", "seen", "changes"),
    [
        (8, {}, [("write", SWAPPINESS), ("create", SWAP), ("write", "/etc/fstab")]),
        (8, {"swap": {"bytes": 8 * GIB, "on": True}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, []),
        (8, {"swap": {"bytes": 8 * GIB, "on": False}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, [("use", SWAP)]),
        (8, {"swap": {"bytes": 8 * GIB, "on": False}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}, "container": True}, []),
        (4, {"swap": {"bytes": 8 * GIB, "on": True}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, [("create", SWAP)]),
        (8, {"swap": {"bytes": -1, "on": False}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, [("create", SWAP)]),
        (0, {"swap": {"bytes": 8 * GIB, "on": True}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, [("erase", SWAPPINESS), ("remove", SWAP), ("write", "/etc/fstab")]),
        (0, {"fstab": "/swap.img none swap sw 0 0\n"}, []),
        # What the old file and the disk's growth give counts.
        (68, {"swap": {"bytes": 10 * GIB, "on": True}, "fstab": SWAP_LINE, "files": {SWAPPINESS: SYSCTL}}, [("create", SWAP)]),
        (100, {"beyond": 50 * GIB}, [("widen", "/dev/nvme0n1p1"), ("grow", "/dev/nvme0n1p1"), ("write", SWAPPINESS), ("create", SWAP), ("write", "/etc/fstab")]),
    ],
)  # fmt: skip
def test_swap(gib: int, seen: dict[str, Any], changes: list[tuple[str, str]]) -> None:
    assert shown(decide(want={"swap_gib": gib}, **seen)) == changes


def test_swap_that_has_no_room_is_refused_with_what_is_missing() -> None:
    with pytest.raises(
        Refused, match=r"box_swap_gib: 64 GiB of swap, and 1 GiB left free, lack 5\.0 GiB on the root disk"
    ) as said:
        decide(want={"swap_gib": 64})
    assert is_sentence(str(said.value))


# --- what must never happen

FLAWS: list[dict[str, Any]] = [
    *({"kind": kind} for kind in ("part", "lvm", "raid0", "crypt")),
    *({"mounts": (path,)} for path in ("/", "/data", "/mnt", PLACE, "[SWAP]")),
    *({"above": (path,)} for path in ("/dev/nvme1n1p1", "/dev/mapper/x", "/dev/md0")),
    *({"held": held} for held in (EXT4, {"TYPE": "ext4", "LABEL": LABEL}, {"PTTYPE": "gpt"}, {"TYPE": "LVM2_member", "USAGE": "raid"})),
    {"zeros": False},
]  # fmt: skip


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[Disk], list[dict[str, str]]]:
    """Disks that are blank but for a flaw or two, and a list that names some of them."""
    disks = []
    for number in range(draw(st.integers(1, 3))):
        blank = Disk(
            f"/dev/nvme{number}n1", "disk", GIB, draw(st.sampled_from([STORE, EBS])), f"vol{number}", zeros=True
        )
        for flaw in draw(st.lists(st.sampled_from(FLAWS), max_size=2)):
            blank = blank._replace(**flaw)
        disks.append(blank)
    names = [name for number in range(3) for name in (f"vol-{number}", f"/dev/nvme{number}n1")]
    named = draw(st.lists(st.sampled_from([*names, "UUID=u-1", f"LABEL={LABEL}"]), max_size=2))
    return disks, [{"volume": name, "path": draw(st.sampled_from(["/data", "/more"]))} for name in named]


@settings(max_examples=500)
@given(boxes(), st.booleans())
def test_only_what_is_blank_is_ever_formatted(box: tuple[list[Disk], list[dict[str, str]]], images_own: bool) -> None:
    disks, volumes = box
    try:
        done = decide(want={"volumes": volumes}, disks=disks, images_own=images_own, root=None, sizes={})
    except Refused:
        return
    by_path = {disk.path: disk for disk in disks}
    formatted = [change.thing for change in done.changes if change.verb == "format"]
    formatted += [path for change in done.changes if change.verb == "format scratch" for path in change.after]
    assert len(formatted) == len(set(formatted))
    for path in formatted:
        disk = by_path[path]
        assert (disk.kind, disk.mounts, disk.above, disk.held, disk.zeros) == ("disk", (), (), {}, True)
