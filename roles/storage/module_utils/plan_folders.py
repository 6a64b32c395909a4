"""What the data folder and the links of the home need: facts in, changes out. Never touches a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.dlbox.change import Change
from ansible.module_utils.dlbox.places import below


def links(home: str, data: str, at: str, waits: bool, seen: Mapping[str, Any]) -> tuple[list[Change], list[str]]:
    """The links in the home: to the data folder where that is elsewhere, and to the scratch folder, which may wait for the user."""
    changes, told = [], []
    for name, target in ((f"{home}/data", "" if data == f"{home}/data" else data), (f"{home}/scratch", at)):
        kind, before = seen["links_of_home"][name]
        fast = name.endswith("/scratch")
        own = fast and before.rstrip("/") not in seen["scratch_places"]
        if target and kind == "link" and before != target and own:
            told.append(
                f"{name} leads to {before} and is left so: to have it lead to {target}, remove it and run this again"
            )
        elif target and ((kind == "link" and before != target) or kind in ("none", "empty")):
            changes.append(Change("link", name, f"what is saved there is to lie in {target}", before or None, target))
        elif target and kind == "full":
            told.append(
                f"{name} holds files and stays a folder of its own: move them to {target}, remove it, and run this again"
            )
        elif fast and not target and not waits and kind == "link" and not own:
            changes.append(Change("erase", name, "this box has no scratch folder", before, None))
    return changes, told


def data_folder(
    want: Mapping[str, Any], seen: Mapping[str, Any], away: Iterable[str], off: Iterable[str]
) -> tuple[list[Change], list[str]]:
    """The data folder itself; `away`: places whose volume is not attached; `off`: places whose volume is taken off the list."""
    data, user = want["data"], want["user"]
    kind, target = seen["links_of_home"][f"{want['home']}/data"]
    if place := below(data, away):
        return [], [f"the data folder {data} is not made before {place} is there"]
    if place := below(data, off):
        return [], [
            f"box_data_folder: {data} was on the volume at {place}, which is taken off box_volumes: list it again, or name another folder"
        ]
    made = Change("make", data, "there is none", None, user)
    if data == f"{want['home']}/data" and kind == "link" and below(target, off):
        return [Change("erase", data, "it leads to a volume that is taken off", target, None), made], []
    if seen["data"] == "file":
        return [], [
            f"box_data_folder: {data} is no folder, or a link that leads nowhere, and is left so: move it away, or name another"
        ]
    return ([made] if seen["data"] == "none" else []), []
