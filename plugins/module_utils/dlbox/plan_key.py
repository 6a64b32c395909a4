"""The box's SSH key: ED25519, made on this machine, its public half imported into EC2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .change import Call, Change, Ref
from .errors import Refused
from .names import BOX_TAG, Scope, lacking, private_key_path, scope, tag_list, tag_spec
from .spec import COMMON_SPEC

SPEC = {
    **COMMON_SPEC,
    "path": {"type": "path", "default": ""},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}
OWNS = ("key_pairs", "private_key")
FRESH = ()


@dataclass(frozen=True)
class Want:
    """The key pair asked for; an empty path means the usual one under ~/.ssh."""

    scope: Scope
    path: str
    state: str


def want(params: dict[str, Any]) -> Want:
    """What the module's parameters ask for."""
    return Want(scope(params), params.get("path") or "", params.get("state") or "present")


def needs(want: Want, seen: dict[str, Any]) -> set[str]:
    """The parts of the picture that the plan reads."""
    return {"account", "key_pairs"} | ({"private_key"} if "account" in seen else set())


def plan(want: Want, seen: dict[str, Any]) -> list[Change]:
    """Changes that make the local key and EC2's key pair one; refuses where they contradict each other."""
    pair = next(iter(seen["key_pairs"]), None)
    key, name = seen["private_key"], want.scope.prefix
    if want.state == "absent":
        return _delete(want, pair)
    path, public = key["path"], key.get("public_key")
    if pair and not public:
        raise Refused(
            f"the private key {path} is gone while EC2 still has key pair {name}: restore the file from a backup, or, if nothing on the "
            f"box is needed, run playbooks/destroy.yml and start anew (a lost key cannot be read back from AWS)"
        )
    if pair and pair["PublicKey"] != public:
        raise Refused(
            f"key pair {name} in EC2 is not the one of {path}: put back the matching private key, or move {path} away and delete the key "
            "pair in EC2 if you know that nothing uses it; dlbox never replaces a key"
        )
    changes = []
    if not public:
        made = Call("local", "generate_key", {"path": path, "comment": name}, {"public_key": "public_key"})
        changes.append(
            Change(
                "create",
                f"private key {path}",
                "there is none on this machine",
                None,
                "ED25519, mode 0600",
                calls=(made,),
            )
        )
    elif key["mode"] != "600":
        mend = Call("local", "restrict_key", {"path": path})
        changes.append(
            Change(
                "update",
                f"private key {path}",
                "others could read it",
                f"mode 0{key['mode']}",
                "mode 0600",
                calls=(mend,),
            )
        )
    if not pair:
        material = public or Ref("public_key")
        params = {
            "KeyName": name,
            "PublicKeyMaterial": material,
            "TagSpecifications": [tag_spec("key-pair", want.scope.tags)],
        }
        after = {"type": "ed25519", "tags": want.scope.tags}
        calls = (Call("ec2", "import_key_pair", params),)
        changes.append(Change("import", f"key pair {name}", "EC2 has none of this name", None, after, calls=calls))
    elif missing := lacking(want.scope, pair["Tags"]):
        calls = (Call("ec2", "create_tags", {"Resources": [pair["KeyPairId"]], "Tags": tag_list(missing)}),)
        changes.append(
            Change("tag", f"key pair {name}", "its tags differ", pair["Tags"], {**pair["Tags"], **missing}, calls=calls)
        )
    return changes


def result(want: Want, seen: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """The key pair's name and where the private key lies."""
    path = want.path or private_key_path(seen["account"]["account"], want.scope)
    return {"key_name": want.scope.prefix, "path": path}


def _delete(want: Want, pair: dict[str, Any] | None) -> list[Change]:
    if not pair or pair["Tags"].get(BOX_TAG) != want.scope.box:
        return []
    calls = (Call("ec2", "delete_key_pair", {"KeyName": want.scope.prefix}),)
    return [
        Change("delete", f"key pair {want.scope.prefix}", "the box is to be absent", pair["Tags"], None, calls=calls)
    ]
