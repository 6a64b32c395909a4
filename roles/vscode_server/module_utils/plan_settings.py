"""Merge settings into a user's settings.json: texts in, text and reasons out. Never runs anything.

The file is JSON with comments and trailing commas; what is not changed keeps every character.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

TOKEN = re.compile(r'\s+|//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"/]+', re.DOTALL)
ABSENT = object()


class Member(NamedTuple):
    """One setting in the text: its value, and where name and value begin and end."""

    value: Any
    begins: int
    value_begins: int
    ends: int


def tokens(text: str) -> list[tuple[str, int]]:
    """Each token with its place, without space and comments; a ValueError where there is none."""
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"no JSON at character {place}")
        if not match[0].isspace() and not match[0].startswith(("//", "/*")):
            found.append((match[0], place))
        place = match.end()
    return found


def value_of(parts: list[str]) -> Any:
    """The value of some tokens; a comma before a closing bracket is left out."""
    pairs = zip(parts, [*parts[1:], ""])
    kept = [part for part, after in pairs if part != "," or after not in ("}", "]")]
    return json.loads(" ".join(kept))


def members(text: str) -> dict[str, Member]:
    """The settings of the outermost object; a ValueError where the text is none."""
    listed = tokens(text)
    if not listed or listed[0][0] != "{" or listed[-1][0] != "}":
        raise ValueError("it is not one { … }")
    found: dict[str, Member] = {}
    place, last = 1, len(listed) - 1
    while place < last:
        name, begins = listed[place]
        if listed[place + 1][0] != ":":
            raise ValueError(f"no value for {name}")
        first, depth, end = place + 2, 0, place + 2
        while end < last and (depth or listed[end][0] != ","):
            depth += (listed[end][0] in "{[") - (listed[end][0] in "}]")
            end += 1
        parts = listed[first:end]
        value = value_of([part for part, _ in parts])
        found[json.loads(name)] = Member(value, begins, parts[0][1], parts[-1][1] + len(parts[-1][0]))
        place = end + 1
    return found


def put(text: str, key: str, value: Any) -> str:
    """The text with one setting changed, added at the end, or taken out (ABSENT)."""
    have = members(text)
    shown = json.dumps(value, indent=4, ensure_ascii=False).replace("\n", "\n    ") if value is not ABSENT else ""
    if key in have and value is not ABSENT:
        return text[: have[key].value_begins] + shown + text[have[key].ends :]
    if key in have:
        rest = re.sub(r"^\s*,", "", text[have[key].ends :], count=1)
        before = text[: have[key].begins].rstrip()
        return (before if rest != text[have[key].ends :] else re.sub(r",$", "", before)) + rest
    line = f"\n    {json.dumps(key)}: {shown}"
    if have:
        end = max(member.ends for member in have.values())
        return f"{text[:end]},{line}{text[end:]}"
    brace = text.index("{") + 1
    return f"{text[:brace]}{line}\n{text[brace:].lstrip()}"


def merge(text: str, want: dict[str, Any], noted: dict[str, Any]) -> tuple[str, dict[str, Any], list[str]]:
    """The new text, the new note of what was written, and what changed.

    What the user changed, removed or had before is theirs: only a value that is still the noted one is ours to change.
    """
    note, changes = dict(noted), []
    for key in sorted(want.keys() | noted.keys()):
        found = members(text)
        have = found[key].value if key in found else ABSENT
        mine, before = want.get(key, ABSENT), noted.get(key, ABSENT)
        if have != mine and have == before:
            text = put(text, key, mine)
            changes.append(f"{'remove' if mine is ABSENT else 'set'} {key}")
            have = mine
        if mine is ABSENT:
            note.pop(key, None)
        elif have == mine:
            note[key] = mine
    return text, note, changes
