"""What a policy says to a request: pure, after AWS's rules. An explicit Deny wins; without an Allow it is no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = str | list[str]
Context = Mapping[str, Values]


@dataclass(frozen=True)
class Ask:
    """One thing a request wants: an action on a resource, with the condition keys that AWS would know."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def as_list(value: Any) -> list[Any]:
    """A policy's one-or-many as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def like(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """AWS's wildcards: * for anything, ? for one character."""
    regex = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(regex, text, (re.IGNORECASE if ignore_case else 0) | re.DOTALL) is not None


def arn_like(pattern: str, text: str) -> bool:
    """Two ARNs part by part, so that no wildcard reaches over a colon before the resource."""
    left, right = pattern.split(":", 5), text.split(":", 5)
    return len(left) == len(right) and all(like(a, b) for a, b in zip(left, right, strict=True))


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, have: want == have,
    "StringEqualsIgnoreCase": lambda want, have: want.lower() == have.lower(),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda want, have: want.lower() == have.lower(),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def known(context: Context, key: str) -> list[str] | None:
    """The values of a condition key; its name, but not a tag's key in it, is read in any case."""
    head, slash, tag = key.partition("/")
    for name, value in context.items():
        if name.partition("/")[0].lower() == head.lower() and name.partition("/")[1:] == (slash, tag):
            return [str(v) for v in as_list(value)]
    return None


def condition_holds(operator: str, key: str, wanted: Values, context: Context) -> bool:
    """Whether one line of a Condition holds."""
    quantity, _, name = operator.rpartition(":")
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    have, want = known(context, key), [str(one) for one in as_list(wanted)]
    if name == "Null":
        return (have is None) == (want[0].lower() == "true")
    negated = NEGATED.get(name)
    test = OPERATORS.get(negated or name)
    if test is None:
        raise ValueError(f"the rehearsal does not know the condition operator {operator}")
    if have is None:
        return optional or negated is not None or quantity == "ForAllValues"
    hits = [any(test(w, h) for w in want) != (negated is not None) for h in have]
    return any(hits) if quantity == "ForAnyValue" else all(hits)


def applies(statement: Mapping[str, Any], ask: Ask) -> bool:
    """Whether a statement speaks of this request."""
    if "NotAction" in statement:
        named = not any(like(p, ask.action, ignore_case=True) for p in as_list(statement["NotAction"]))
    else:
        named = any(like(p, ask.action, ignore_case=True) for p in as_list(statement.get("Action")))
    if "NotResource" in statement:
        there = not any(like(p, ask.resource) for p in as_list(statement["NotResource"]))
    else:
        there = any(like(p, ask.resource) for p in as_list(statement.get("Resource", "*")))
    lines = [(op, k, v) for op, block in statement.get("Condition", {}).items() for k, v in block.items()]
    return named and there and all(condition_holds(op, k, v, ask.context) for op, k, v in lines)


def refusal(policies: list[Mapping[str, Any]], ask: Ask) -> str | None:
    """Why a request is denied, or None when it is allowed."""
    statements = [one for policy in policies for one in as_list(policy.get("Statement"))]
    try:
        effects = [one["Effect"] for one in statements if applies(one, ask)]
    except ValueError as problem:
        return str(problem)
    if "Deny" in effects:
        return f"with an explicit deny in an identity-based policy ({ask.action} on {ask.resource})"
    if "Allow" not in effects:
        return f"because no identity-based policy allows the {ask.action} action on {ask.resource}"
    return None


def trust_refusal(document: Mapping[str, Any], service: str, context: Context) -> str | None:
    """Why a service may not assume a role with this trust policy, or None when it may."""
    ask = Ask("sts:AssumeRole", context=context)
    meant = []
    for one in as_list(document.get("Statement")):
        principal = one.get("Principal", {})
        services = as_list(principal.get("Service")) if isinstance(principal, dict) else [principal]
        if service in services or "*" in services:
            meant.append({k: v for k, v in one.items() if k not in ("Principal", "Resource")})
    if not meant:
        return f"the trust policy names no principal {service}"
    if refusal([{"Statement": meant}], ask):
        return f"the trust policy names {service}, but its Action or Condition does not hold for {dict(context)}"
    return None
