#!/usr/bin/python
"""Keep conda environments as declared: observe, plan, apply."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox.change import Change, diff
from ansible.module_utils.plan_environments import Seen, asked, named, plan, specs

DOCUMENTATION = r"""
module: conda_environments
short_description: Keep conda environments as declared
description:
  - Creates and updates environments with conda, mamba or micromamba, and their pip part with uv.
  - What was asked for and what it gave is noted in the environment, so that a run with nothing to do solves nothing.
  - Packages that the user added stay; packages taken off the list stay too.
options:
  conda: {description: "Path of conda, mamba or micromamba.", type: path, required: true}
  uv: {description: Path of uv., type: path, default: /opt/dlbox/uv/bin/uv}
  channels: {description: "Channels, the first one first.", type: list, elements: str, required: true}
  environments:
    description: The environments.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the environment., type: str, required: true}
      python: {description: A version or a constraint., type: str, default: ""}
      packages: {description: Conda specs., type: list, elements: str, default: []}
      pip: {description: Requirements for uv., type: list, elements: str, default: []}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- conda_environments:
    conda: /opt/conda/bin/conda
    channels: [conda-forge]
    environments: [{name: dl, python: "3.12", packages: [numpy], pip: [einops]}]
"""
RETURN = r"""
environments: {description: "Prefix by name, in the declared order.", type: dict, returned: success}
changes: {description: "What was changed, and why.", type: list, returned: success}
"""
ENVIRONMENT = {
    "name": {"type": "str", "required": True},
    "python": {"type": "str", "default": ""},
    "packages": {"type": "list", "elements": "str", "default": []},
    "pip": {"type": "list", "elements": "str", "default": []},
}
SPEC: dict[str, Any] = {
    "conda": {"type": "path", "required": True},
    "uv": {"type": "path", "default": "/opt/dlbox/uv/bin/uv"},
    "channels": {"type": "list", "elements": "str", "required": True},
    "environments": {"type": "list", "elements": "dict", "required": True, "options": ENVIRONMENT},
}
NOTE = ".dlbox.json"


class Failure(Exception):
    """One sentence for the user."""


class Conda:
    """The commands: conda's and uv's."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.tool, self.uv = params["conda"], params["uv"]
        self.channels = [part for channel in params["channels"] for part in ("-c", channel)]

    def ask(self, *arguments: str, aim: str = "list what there is", hint: str = "run again") -> Any:
        """Run conda and return its JSON answer; an error becomes one sentence."""
        command = [self.tool, *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = {}
        if done.returncode:
            said = (answer.get("message") if isinstance(answer, dict) else "") or done.stderr or done.stdout
            raise Failure(f"{self.tool} could not {aim} ({' '.join(said.split())}): {hint}.")
        return answer

    def prefixes(self) -> list[str]:
        """Every environment that conda knows; none where a dry run has not installed it."""
        return list(self.ask("env", "list")["envs"]) if pathlib.Path(self.tool).exists() else []

    def observe(self, prefix: str) -> Seen:
        """The environment at a prefix."""
        note = pathlib.Path(prefix, NOTE)
        listed = self.ask("list", "-p", prefix)
        installed = {item["name"]: f"{item['version']} {item['build_string']}" for item in listed}
        return Seen(prefix, installed, json.loads(note.read_text()) if note.exists() else {})

    def apply(self, declared: dict[str, Any], prefix: str) -> str:
        """Create or update one environment, note the outcome, and return its prefix."""
        name = declared["name"]
        where = ["install", "-p", prefix] if prefix else ["create", "-n", name]
        hint = f"no package of it was changed, so correct {name} in box_environments and run again"
        specified = [*self.channels, *specs(declared)]
        self.ask(*where, "-y", "-q", "--override-channels", *specified, aim=f"solve the environment {name}", hint=hint)
        prefix = prefix or named(name, self.prefixes())
        if declared["pip"]:
            command = [self.uv, "pip", "install", "--quiet", "--system-certs", "--python", f"{prefix}/bin/python"]
            done = subprocess.run([*command, *declared["pip"]], capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode:
                raise Failure(f"uv could not install the pip part of {name} ({done.stderr.strip()}): {hint}.")
        note = {"asked": asked(declared), "installed": self.observe(prefix).installed}
        pathlib.Path(prefix, NOTE).write_text(json.dumps(note, indent=1))
        return prefix


def main() -> None:
    """Bring every environment to what is declared; `changed` says whether one really differs afterwards."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    conda, found = Conda(module.params), {}
    changes: list[Change] = []
    try:
        prefixes = conda.prefixes()
        for declared in module.params["environments"]:
            prefix = named(declared["name"], prefixes)
            seen = conda.observe(prefix) if prefix else Seen()
            wanted = plan(declared, seen)
            if wanted and not module.check_mode:
                prefix = conda.apply(declared, prefix)
                wanted = wanted if conda.observe(prefix).installed != seen.installed else []
            changes += wanted
            found[declared["name"]] = prefix
    except Failure as failure:
        module.fail_json(msg=str(failure))
    module.exit_json(
        changed=bool(changes), changes=[c.public() for c in changes], diff=diff(changes), environments=found
    )


if __name__ == "__main__":
    main()
