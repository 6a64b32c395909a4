"""Before the first write: settings, credentials and every plan are checked, and the box is observed once for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from . import observe, plan_alarm, plan_eip, plan_firewall, plan_instance, plan_key, plan_quota, plan_schedule, settings
from .aws import Aws
from .errors import Refused
from .names import REHEARSAL_ACCOUNT, Scope, scope
from .spec import READING_SPEC

PLANS: dict[str, Any] = {
    "key": plan_key,
    "firewall": plan_firewall,
    "quota": plan_quota,
    "instance": plan_instance,
    "eip": plan_eip,
    "schedule": plan_schedule,
    "alarm": plan_alarm,
}
SPEC = {
    **READING_SPEC,
    "settings": {"type": "dict", "required": True},
    "settings_file": {"type": "path", "default": ""},
    "account": {"type": "str", "default": ""},
    "local_dir": {"type": "path", "required": True},
    "plans": {"type": "dict", "required": True},
}


def run(params: dict[str, Any], check: bool, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Refuse what cannot work, with one sentence, before anything is created; returns what was observed."""
    settings.check(params["settings"], params["settings_file"] or "")
    here = scope(params)
    wants = {name: PLANS[name].want(_arguments(name, args or {}, params)) for name, args in params["plans"].items()}
    aws = Aws(here.region, here.profile, say)
    seen: dict[str, Any] = {}
    while missing := _missing(wants, seen):
        found = aws.together([partial(observe.PARTS[part], aws, want, seen) for part, want in missing.items()])
        seen.update(zip(missing, found, strict=True))
        if "account" in missing:
            check_account(here, seen["account"], params["account"], places(Path(params["local_dir"]), here.box))
    for name, want in wants.items():
        PLANS[name].plan(want, seen)
    folder = Path(params["local_dir"]) / seen["account"]["account"] / here.region / here.box
    if wants and not check:
        # Made before the first write: it also marks on this machine where the box was made.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {"changed": False, "seen": seen, **seen["account"], "local_dir": str(folder)}


def places(local_dir: Path, box: str) -> list[tuple[str, str]]:
    """(account, region) of every place where this machine has made a box of this name."""
    return sorted((path.parent.parent.name, path.parent.name) for path in local_dir.glob(f"*/*/{box}") if path.is_dir())


def check_account(here: Scope, account: dict[str, Any], expected: str, made: list[tuple[str, str]]) -> None:
    """Refuse credentials of another account, or a region, than the box's."""
    ident = account["account"]
    if expected and not account["rehearsal"] and ident != expected:
        raise Refused(
            f"these credentials are for account {ident} and box_account is {expected}: switch the profile, or change box_account"
        )
    for where, region in made:
        if (where == REHEARSAL_ACCOUNT) != account["rehearsal"] or (where, region) == (ident, here.region):
            continue
        if where != ident and not expected:
            raise Refused(
                f"{here.box} was made in account {where} ({region}) and these credentials are for {ident}: switch the profile, "
                f'or set box_account: "{ident}" if you mean a second box there'
            )
        if where == ident:
            raise Refused(
                f"{here.box} was made in {region} and may still bill there, and box_region is now {here.region}: destroy it first "
                f"(ansible-playbook playbooks/destroy.yml --limit {here.box} -e box_region={region}), or give the new one another name in inventory/boxes.yml"
            )


def _arguments(name: str, args: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    common = {key: params[key] for key in ("box", "region", "profile")}
    checked = ArgumentSpecValidator(PLANS[name].SPEC).validate({**common, **args})
    # For an unknown option Ansible's own message is the bare name and a list.
    unknown = [f"it has no option {option}" for option in sorted(checked.unsupported_parameters)]
    if wrong := unknown or checked.error_messages:
        raise Refused(f"dlbox_{name}: {'; '.join(wrong)}: see `ansible-doc -t module dlbox_{name}`")
    return dict(checked.validated_parameters)


def _missing(wants: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    asked = {"account": None} | {
        part: want for name, want in wants.items() for part in sorted(PLANS[name].needs(want, seen))
    }
    return {part: want for part, want in asked.items() if part not in seen}
