"""Which files name the mirrors, and what stands in them: texts in, texts out. Never touches a file."""

from __future__ import annotations

import configparser
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.dlbox.change import Change

# Canonical's own mirrors, EC2's among them, and Debian's; security updates stay with the distribution: mirrors lag behind.
_DISTRIBUTION = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*(?:(?:archive|ports)\.ubuntu\.com/ubuntu(?:-ports)?|deb\.debian\.org/debian)(?=/?(?:\s|$))"
)
PIP, UV, CONDA = "/etc/pip.conf", "/etc/uv/uv.toml", "/etc/conda/condarc.d/dlbox.yml"


def closed(tool: str) -> str:
    """The sentence for an address with a user or password, which every user of the box could read."""
    setting = {"apt": "box_apt_mirror", "pypi": "box_pypi_index", "conda": "box_conda_mirror"}[tool]
    return f"{setting} holds a user or a password: write the address without, and put those into ~/.netrc on the box."


def apt(text: str, mirror: str) -> str:
    """apt's sources with the distribution's archive at the mirror."""
    return _DISTRIBUTION.sub(mirror.rstrip("/"), text)


def pip(text: str, index: str) -> str:
    """pip.conf with the index; what else stands there stays."""
    # Of a key that stands twice pip takes none, and the last is as good as any.
    settings = configparser.RawConfigParser(strict=False)
    settings.read_string(text)
    if not settings.has_section("global"):
        settings.add_section("global")
    settings.set("global", "index-url", index)
    settings.write(written := io.StringIO())
    return written.getvalue()


def uv(text: str, index: str) -> str:
    """uv.toml with the index as the default one."""
    return f"{text.rstrip()}\n".lstrip() + f'[[index]]\nurl = "{index}"\ndefault = true\n'


def conda(text: str, mirror: str) -> str:
    """A condarc that says where channels by name lie; https://docs.conda.io, "Set a channel alias"."""
    return f"channel_alias: {mirror.rstrip('/')}\n"


def plan(
    now: Mapping[str, str | None], kept: Mapping[str, Any], mirrors: Mapping[str, str]
) -> tuple[list[Change], dict[str, str | None], dict[str, Any]]:
    """The changes of files for people to see, their new texts, and what to keep: {path: {"original", "written"}}.

    `now` is every file's text, None where there is none; `mirrors` has the addresses of apt, pypi and conda, "" for none.
    A file that somebody edited since it was written counts as the original.
    """
    forms: dict[str, tuple[Callable[[str, str], str], str]] = {
        PIP: (pip, mirrors["pypi"]), UV: (uv, mirrors["pypi"]), CONDA: (conda, mirrors["conda"])
    }  # fmt: skip
    changes, texts, keep = [], dict[str, str | None](), {}
    for path, text in now.items():
        held = kept.get(path)
        original = held["original"] if held and held["written"] == text else text
        form, mirror = forms.get(path, (apt, mirrors["apt"]))
        want = form(original or "", mirror) if mirror else original
        # An empty text is no reason for a file: apt's form of none is none.
        if want != original and not (original is None and not want):
            keep[path] = {"original": original, "written": want}
        else:
            want = original
        if want != text:
            reason = f"packages come from {mirror}" if mirror else "no mirror is set any more"
            changes.append(Change("write" if want is not None else "remove", path, reason, shown(text), shown(want)))
            texts[path] = want
    return changes, texts, keep


def shown(text: str | None) -> str | None:
    """A text without the passwords of its addresses."""
    return text and re.sub(r"://[^/@\s]+@", "://***@", text)
