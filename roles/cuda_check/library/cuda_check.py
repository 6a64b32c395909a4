#!/usr/bin/python
"""Run the GPU check that is installed, where it is the one that should be."""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dlbox import host_file

DOCUMENTATION = r"""
module: cuda_check
short_description: Run the installed GPU check
description:
  - Compares the program's files, keeps its settings and runs it; where a file differs it runs nothing and names the file.
  - C(changed) means that settings were written, or that a check's outcome is another one than in the last report.
options:
  program: {description: "SHA-256 by path of the program's files; empty means that the file must be there.", type: dict, required: true}
  settings: {description: "What the instance type has: instance_type, name, count, rehearsal.", type: dict, required: true}
author: [dlbox maintainers]
"""
EXAMPLES = r"""
- cuda_check:
    program: {/usr/local/bin/dlbox-cuda-check: ""}
    settings: {instance_type: g5.xlarge, name: A10G, count: 1, rehearsal: false}
"""
RETURN = r"""
differs: {description: "Files that are missing or others; nothing was run where there are some.", type: list, returned: success}
verdict: {description: "ok, no-gpu or failed.", type: str, returned: when it ran}
sentence: {description: "What to know first.", type: str, returned: when it ran}
stops: {description: "Failed checks of the machine: check, says, fix.", type: list, returned: when it ran}
findings: {description: "All checks.", type: list, returned: when it ran}
table: {description: "The table that users read.", type: str, returned: when it ran}
"""
SPEC: dict[str, Any] = {
    "program": {"type": "dict", "required": True},
    "settings": {"type": "dict", "required": True},
}
COMMAND = "/usr/local/bin/dlbox-cuda-check"
SETTINGS = pathlib.Path("/etc/dlbox/cuda-check.json")


def differing(program: dict[str, str], hashes: dict[str, str]) -> list[str]:
    """The files that are missing, or whose hash is another one than it should be."""
    return sorted(path for path, wanted in program.items() if path not in hashes or wanted not in ("", hashes[path]))


def hashed(paths: list[str]) -> dict[str, str]:
    """SHA-256 of those that are there."""
    files = [pathlib.Path(path) for path in paths]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}


def keep(module: AnsibleModule, text: str) -> bool:
    """Write the settings where they differ; whether they did."""
    if SETTINGS.is_file() and SETTINGS.read_text() == text:
        return False
    if not module.check_mode:
        host_file.replace(SETTINGS, text)
    return True


def main() -> None:
    """Compare, run, and hand on what it found."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    program = module.params["program"]
    differs = differing(program, hashed(list(program)))
    if differs:
        module.exit_json(changed=False, differs=differs, stops=[])
    try:
        changed = keep(module, json.dumps(module.params["settings"], indent=1, sort_keys=True) + "\n")
    except OSError as error:
        module.fail_json(msg=host_file.unwritten(error, str(SETTINGS)))
    dry = ["--dry-run"] if module.check_mode else []
    _, out, err = module.run_command([COMMAND, "--json", "--reuse", *dry])
    try:
        report = json.loads(out)
    except ValueError:
        module.fail_json(msg=f"{COMMAND} gave no report ({' '.join(err.split())[-500:]}): run it there by hand.")
    for one in report["findings"]:
        if one["status"] == "fail" and one not in report["stops"]:
            module.warn(f"{one['check']} of {one['about']}: {one['says']}. To mend it: {one['fix']}.")
    kept = ("verdict", "sentence", "stops", "findings", "table")
    module.exit_json(changed=changed or report["news"], differs=[], **{name: report[name] for name in kept})


if __name__ == "__main__":
    main()
