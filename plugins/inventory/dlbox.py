"""The dynamic inventory: declared boxes get what AWS knows of them; fetch, build (hosts.py), register."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.inventory.helpers import get_group_vars, sort_groups
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.template import trust_as_template
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

ROOT = Path(__file__).resolve().parents[2]
if (UTILS := str(ROOT / "plugins" / "module_utils")) not in sys.path:
    sys.path.append(UTILS)

from dlbox import describe, hosts, names  # noqa: E402
from dlbox.errors import DlboxError, Refused  # noqa: E402
from dlbox.hosts import Box, Instance, Place  # noqa: E402

DOCUMENTATION = """
name: dlbox
short_description: What AWS knows of the boxes that inventory/boxes.yml names
description:
  - Gives each host of the group C(boxes) its address, state, type and instance id, found by the tag C(dlbox:box), which
    matches the host's name exactly. A box without an instance stays a host without these variables.
  - An instance that carries the tag but is no declared box becomes a host named by its instance id in the group
    C(undeclared), with few variables and no address to connect to. The text of a tag never becomes a name or a template.
  - Adds the groups C(state_<state>), C(type_<type>) and C(region_<region>), with other characters than letters, digits
    and C(_) replaced by C(_).
  - Region and profile are the boxes' own variables C(box_region), C(box_profile) and C(box_account), from group_vars, host_vars or C(-e).
  - Declared boxes get C(ansible_host) (not while stopped), C(ansible_user), C(ansible_ssh_private_key_file),
    C(ansible_ssh_common_args), C(dlbox_state), C(dlbox_instance_id), C(dlbox_instance_type), C(dlbox_public_ip),
    C(dlbox_region), C(dlbox_account) and C(dlbox_rehearsal).
requirements: [boto3]
extends_documentation_fragment: [constructed, inventory_cache]
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [dlbox]
"""

EXAMPLES = """
# inventory/dlbox.yml
plugin: dlbox

---
# Groups of your own, and an answer of AWS kept for five minutes.
plugin: dlbox
keyed_groups:
  - key: dlbox_account
    prefix: account
groups:
  reachable: ansible_host is defined
compose:
  label: inventory_hostname ~ ' (' ~ dlbox_instance_type ~ ')'
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/inventory
cache_timeout: 300
"""


def _place(error: BaseException) -> str:
    """The user's own file and line that an error of Ansible's comes from, as far as it tells."""
    origin = getattr(error, "obj", None)
    if path := getattr(origin, "path", None):
        line = f", line {origin.line_num}" if origin.line_num else ""
        return f"{Path(path).resolve()}{line}"
    cause = error.__cause__ or error.__context__
    return _place(cause) if cause else "group_vars or host_vars"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """See DOCUMENTATION."""

    NAME = "dlbox"

    def verify_file(self, path: str) -> bool:
        """Whether this file is ours."""
        return bool(super().verify_file(path)) and path.endswith(("dlbox.yml", "dlbox.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Read which boxes are declared and where, ask AWS once per place, register what it says."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        sources = [*inventory.processed_sources, path]
        group = inventory.groups.get("boxes")
        try:
            variables = {host.name: self._variables(host, sources) for host in (group.get_hosts() if group else ())}
            declared = {name: self._box(name, of) for name, of in variables.items()}
            # With no box declared there is still something to list: what carries the tag where group_vars point to.
            known = [*declared.values()] or [self._box("none", self._variables(None, sources))]
            found, rehearsals = self._fetch([box.place for box in known], cache)
        except DlboxError as error:
            self._leave(str(error))
        boxes, others, warnings = hosts.assign(declared.values(), found)
        for warning in warnings:
            self.display.warning(warning)
        inventory.add_group("undeclared")
        for name, box in declared.items():
            facts = hosts.box_vars(boxes[name], name, ROOT, box.place in rehearsals) if name in boxes else {}
            self._register(name, hosts.groups(boxes[name]) if name in boxes else [], facts, variables[name])
        for instance_id, seen in others.items():
            inventory.add_host(instance_id)
            self._register(instance_id, ["undeclared", *hosts.groups(seen)], hosts.other_vars(seen), {})
            # Set after the constructed features, so that no tag's text can name a group through them.
            inventory.set_variable(instance_id, "dlbox_tag", seen["box"])

    def _leave(self, sentence: str) -> NoReturn:
        """End with the one sentence; a mere error is buried under the `yaml` plugin's own complaint about this file."""
        if not C.INVENTORY_ANY_UNPARSED_IS_FAILED:
            raise AnsibleError(sentence) from None
        self.display.error(sentence, wrap_text=False)
        raise SystemExit(1)

    def _variables(self, host: Any, sources: list[str]) -> dict[str, Any]:
        """A host's variables (or those of `all`) from every source so far, as the `constructed` plugin reads them."""
        groups = sort_groups({self.inventory.groups["all"], *(host.get_groups() if host else ())})
        try:
            parts = [get_group_vars(groups), get_vars_from_inventory_sources(self.loader, sources, groups, "all")]
            if host:
                parts += [host.get_vars(), get_vars_from_inventory_sources(self.loader, sources, [host], "all")]
                parts += [{"inventory_hostname": host.name}]
        except AnsibleError as error:
            way = (
                "give the vault's password, as with --ask-vault-pass"
                if "vault" in error.message
                else "correct it, then run again"
            )
            raise Refused(f"{_place(error)}: {error.message.rstrip('.')}: {way}") from error
        return functools.reduce(combine_vars, parts)

    def _box(self, name: str, variables: dict[str, Any]) -> Box:
        """Where a box is looked for, from its variables; `-e` wins, as everywhere."""
        known = self.templar.available_variables = combine_vars(variables, self._vars)
        if not known.get("box_region"):
            raise Refused("box_region is not set: write it in group_vars/all.yml, as in box_region: us-west-2")
        try:
            said = {key: self.templar.template(known.get(f"box_{key}", "")) for key in ("region", "profile", "account")}
        except AnsibleError as error:
            raise Refused(
                f"box_region, box_profile or box_account of {name} cannot be evaluated ({error}): "
                "write plain values, as in box_region: us-west-2"
            ) from error
        scope = names.scope({"box": name, **said})
        return Box(name, Place(scope.region, scope.profile), str(said["account"] or ""))

    def _fetch(self, places: Iterable[Place], cache: bool) -> tuple[dict[Place, list[Instance]], set[Place]]:
        """The tagged instances of each place, places side by side; and which places are a rehearsal."""
        try:
            from dlbox.aws import Aws
        except ImportError as error:
            raise DlboxError(f"{error}: run `make up`, or install requirements.txt into Ansible's Python") from error
        clouds = {place: Aws(place.region, place.profile, self.display.v) for place in dict.fromkeys(places)}
        # Clients are made here, one after another: making them is not safe in threads, using them is.
        rehearsals = {place for place, aws in clouds.items() if aws.rehearsal}
        first, *_ = clouds.values()
        answers = first.together([functools.partial(self._ask, aws, cache) for aws in clouds.values()])
        return dict(zip(clouds, answers, strict=True)), rehearsals

    def _ask(self, aws: Any, cache: bool) -> list[Instance]:
        """One place's instances, from the cache where the user keeps one."""
        url = aws.client("ec2").meta.endpoint_url
        key = "_".join(
            [aws.region, aws.profile or os.environ.get("AWS_PROFILE", ""), os.environ.get("AWS_ACCESS_KEY_ID", ""), url]
        )
        key = f"{self.NAME}_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        if self.get_option("cache") and cache and key in self._cache:
            return list(self._cache[key])
        seen = describe.tagged(aws)
        if self.get_option("cache"):
            self._cache[key] = seen
        return seen

    def _register(self, name: str, groups: list[str], facts: dict[str, Any], variables: dict[str, Any]) -> None:
        """Give a host its variables and groups, the user's own ones last."""
        for key, value in facts.items():
            self.inventory.set_variable(name, key, plain(value))
        for group in groups:
            self.inventory.add_child(self.inventory.add_group(group), name)
        strict = self.get_option("strict")
        known = combine_vars(variables, facts)
        self._set_composite_vars(self.get_option("compose"), known, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), known, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, name, strict)


def plain(value: Any) -> Any:
    """Trusted where it cannot be a template, so that `--list` writes a bare string; anything odd stays untrusted."""
    return trust_as_template(value) if isinstance(value, str) and not re.search(r"^#|\{", value) else value
