"""Run a noun in this process, without Ansible around it: the same code, a second faster per run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dlbox import clients
from dlbox.converge import run_noun
from dlbox.errors import DlboxError
from dlbox.nouns import NOUNS
from rehearsal.testing import Server

from .conftest import BOX, Module


def in_process(server: Server, monkeypatch: pytest.MonkeyPatch) -> Module:
    """module("dlbox_key", check=True, **params) -> the module's result, or its msg alone."""
    for key, value in server.env.items():
        monkeypatch.setenv(key, value)
    clients.session.cache_clear()

    def run(name: str, check: bool = False, **params: Any) -> dict[str, Any]:
        noun = NOUNS[name]
        checked = ArgumentSpecValidator(noun.SPEC).validate(BOX | params)
        assert not checked.error_messages
        try:
            return run_noun(noun, checked.validated_parameters, check)
        except DlboxError as error:
            return {"msg": str(error)}

    return run
