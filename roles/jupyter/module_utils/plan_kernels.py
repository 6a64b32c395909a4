"""Which kernels JupyterLab offers: environments in, kernel specs and changes out. Never runs anything."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.dlbox.change import Change

Spec = dict[str, Any]


# The environment's own packages come first, and what a notebook starts does not see the folder.
LAYERED = "import runpy, sys; sys.path.append({!r}); runpy.run_module('ipykernel_launcher', run_name='__main__')"


def spec(label: str, prefix: str, variables: dict[str, str], layer: str = "") -> Spec:
    """A kernel that runs in its environment as an activated shell would; `layer` has ipykernel where that has none."""
    start = ["-c", LAYERED.format(layer)] if layer else ["-m", "ipykernel_launcher"]
    return {
        "argv": [f"{prefix}/bin/python", *start, "-f", "{connection_file}"],
        "display_name": f"Python ({label})",
        "language": "python",
        "metadata": {"debugger": True},
        "env": {"PATH": f"{prefix}/bin:${{PATH}}", **variables},
    }


def wanted(
    conda: dict[str, str], venvs: dict[str, str], own: str, layers: dict[str, str] | None = None
) -> dict[str, Spec]:
    """A kernel per environment; JupyterLab's own only where there is no other. `layers` by name as in `venvs`."""
    kernels = {
        f"conda-{name}": spec(name, prefix, {"CONDA_PREFIX": prefix, "CONDA_DEFAULT_ENV": name})
        for name, prefix in conda.items()
    }
    layers = layers or {}
    kernels |= {
        f"venv-{name}": spec(name, prefix, {"VIRTUAL_ENV": prefix}, layers.get(name, ""))
        for name, prefix in venvs.items()
    }
    return kernels or {"python3": spec("JupyterLab", own, {})}


def plan(want: dict[str, Spec], have: dict[str, Spec], lacking: list[str], absent: dict[str, str]) -> list[Change]:
    """First ipykernel where an environment lacks it (`absent`: the folder for one that is left as it is), then the specs; a kernel of no environment goes."""
    changes = [Change("install", f"ipykernel in {prefix}", "the kernel needs it", None, prefix) for prefix in lacking]
    reason = "that environment has none, and is left as it is"
    changes += [
        Change("add", f"ipykernel for {prefix}", reason, None, (prefix, layer)) for prefix, layer in absent.items()
    ]
    for name in sorted(want.keys() | have.keys()):
        before, after = have.get(name), want.get(name)
        if after is None:
            changes.append(Change("remove", f"kernel {name}", "its environment is not declared any more", before, None))
        elif before != after:
            reason = "it differs" if before else "its environment has none yet"
            changes.append(Change("write", f"kernel {name}", reason, before, after))
    return changes
