"""The facts that quota_table is made of, asked of all regions side by side; a region that fails is told by its error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from . import observe_gpu
from .aws import Aws
from .aws_errors import DENIED
from .errors import AwsError, DlboxError
from .quota_table import families_of

# (region, part of its facts, how it is asked, what else the question takes)
Question = tuple[Any, ...]
# Connections: two for each of seventeen regions, and six to the one that knows the prices of all.
WORKERS, PRICING = 40, 6
# All that is asked here: with so few, a client for each region is made in no time.
OPERATIONS = (
    "DescribeRegions",
    "DescribeInstances",
    "DescribeInstanceTypes",
    "DescribeInstanceTypeOfferings",
    "GetProducts",
    "ListServiceQuotas",
    "ListRequestedServiceQuotaChangeHistory",
    "GetAWSDefaultServiceQuota",
)
# Where these may not be asked, the table says so and goes on.
_OPTIONAL = ("prices", "requests", "default")


def gather(aws: Aws, names: list[str]) -> list[dict[str, Any]]:
    """The facts of each region, in this order; of one that failed {"region", "error", "failure": what was raised}."""
    found: dict[str, dict[str, Any]] = {name: {"region": name, "notes": []} for name in names}
    for name, part, answer in _together(aws, [*_chains(names)]):
        _note(found[name], part, answer)
    known = _types(aws, found)
    sizes = {kind: view["vcpus"] for kind, view in known.items()}
    for facts in _alive(found):
        facts["types"] = {kind: known[kind] for kind in _offered(facts) if known.get(kind, {}).get("gpus")}
        facts["sizes"] = sizes
    return list(found.values())


def _chains(names: list[str]) -> Iterator[list[Question]]:
    """All questions; those of one service in one region in turn, because a new connection costs more than a second call."""
    for name in names:
        # A type is the same everywhere: its facts are asked for once, and of the other regions the names alone.
        types: tuple[str, Callable[..., Any]] = ("types", observe_gpu.gpu_types)
        yield [
            (name, *(types if name == names[0] else ("offered", observe_gpu.offered))),
            (name, "running", observe_gpu.running),
        ]
        yield [(name, "quotas", observe_gpu.quotas), (name, "requests", observe_gpu.quota_requests)]
    for start in range(min(PRICING, len(names))):
        yield [(name, "prices", observe_gpu.gpu_prices) for name in names[start::PRICING]]


def short(error: DlboxError) -> str:
    """Why a region does not answer, in a few words: the whole sentence would be said seventeen times."""
    if not isinstance(error, AwsError):
        return str(error).partition(":")[0]
    what = "".join(word.title() for word in error.operation.split("_"))
    if error.code in DENIED:
        return f"{what} is not allowed there, by the user's policy or the organization's"
    return f"{what} was refused with {error.code}" if error.code else f"no answer to {what}: try again later"


def _together(aws: Aws, chains: list[list[Question]]) -> Iterator[tuple[str, str, Any]]:
    """(region, part, the answer or the DlboxError it ended with) of each question; the chains are asked side by side."""
    for told in aws.together([partial(_in_turn, aws, chain) for chain in chains], WORKERS):
        yield from told


def _in_turn(aws: Aws, chain: list[Question]) -> list[tuple[str, str, Any]]:
    """The answers to a chain; who failed once is not asked for the rest."""
    told: list[tuple[str, str, Any]] = []
    failure: DlboxError | None = None
    for name, part, ask, *about in chain:
        try:
            told.append((name, part, failure or ask(aws, name, *about)))
        except DlboxError as error:
            failure = error
            told.append((name, part, error))
    return told


def _note(facts: dict[str, Any], part: str, answer: Any) -> None:
    """Put an answer into a region's facts; a failure ends the region, unless it can be done without."""
    if not isinstance(answer, DlboxError):
        facts[part] = answer
    elif part in _OPTIONAL:
        facts[part] = None
        facts["notes"].append((part, short(answer)))
    else:
        facts.setdefault("failure", answer)
        facts["error"] = short(facts["failure"])


def _types(aws: Aws, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The facts of every type that a region offers or runs; and the quotas that a region did not list."""
    known = {kind: view for facts in _alive(found) for kind, view in facts.get("types", {}).items()}
    gone: set[str] = set()
    unlisted = [(facts["region"], code) for facts in _alive(found) for code in sorted(_unlisted(facts))]
    while (shares := _shares(found, known.keys() | gone)) or unlisted:
        chains: list[list[Question]] = [
            [(name, "named", observe_gpu.named_types, kinds)] for name, kinds in shares.items()
        ]
        chains += [[(name, "default", observe_gpu.default_quota, code)] for name, code in unlisted]
        for (question,), (name, part, answer) in zip(chains, _together(aws, chains), strict=True):
            _note(found[name], part, answer)
            if part == "default":
                found[name]["quotas"][question[-1]] = {"name": "", "value": found[name]["default"]}
            elif not isinstance(answer, DlboxError):
                known |= answer
                gone |= shares[name] - answer.keys()
        unlisted = []
    return known


def _shares(found: dict[str, dict[str, Any]], told: Collection[str]) -> dict[str, set[str]]:
    """Which region to ask about which of the types that nobody has told about, each type once and in few regions."""
    wanted = {facts["region"]: (_offered(facts) | _used(facts)) - set(told) for facts in _alive(found)}
    shares: dict[str, set[str]] = {}
    while any(wanted.values()):
        most = max(wanted, key=lambda name: len(wanted[name]))
        shares[most] = wanted[most]
        wanted = {name: kinds - shares[most] for name, kinds in wanted.items()}
    return shares


def _alive(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [facts for facts in found.values() if "failure" not in facts]


def _offered(facts: dict[str, Any]) -> set[str]:
    return set(facts["offered"] if "offered" in facts else facts["types"])


def _used(facts: dict[str, Any]) -> set[str]:
    """Types that run and count against a GPU family: also those without a GPU (vt1), and those no longer sold."""
    return {item["type"] for item in facts["running"] if item["type"].startswith(("g", "p", "vt"))}


def _unlisted(facts: dict[str, Any]) -> set[str]:
    families = families_of(_offered(facts), facts["quotas"]).values()
    return {family.code for family in families if family and family.code not in facts["quotas"]}
