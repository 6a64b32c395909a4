"""Imports what the roles send to a host: modules by path, with the same names for their helpers as on the host."""

import importlib.machinery
import importlib.util
import pathlib
import sys
from types import ModuleType

import ansible.module_utils

ROOT = pathlib.Path(__file__).parents[2]
HELPERS = [ROOT / "plugins/module_utils", *ROOT.glob("roles/*/module_utils")]
ansible.module_utils.__path__ = [*ansible.module_utils.__path__, *map(str, HELPERS)]


def load(path: str) -> ModuleType:
    """The file of a role as a Python module."""
    file = ROOT / "roles" / path
    loader = importlib.machinery.SourceFileLoader(file.stem.replace("-", "_"), str(file))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader) or _lost(file))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def _lost(file: pathlib.Path) -> importlib.machinery.ModuleSpec:
    raise FileNotFoundError(file)
