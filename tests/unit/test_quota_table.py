"""What GPUs a region allows: the quota of each type, what is in use, what is missing, the cheapest, and the text of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from dlbox import observe_gpu, quota_facts, quota_info, quota_next, quota_table, quota_text
from dlbox.aws import Aws
from dlbox.errors import AwsError, DlboxError, Refused
from dlbox.families import by_title, listed
from hypothesis import given
from hypothesis import strategies as st
from unit.facts import gpu_type

G, P, SPOT_G, SPOT_P4, SPOT_P5 = "L-DB2E81BA", "L-417A185B", "L-3819A6DF", "L-7212CCBC", "L-C4BD4855"
TITLES = {
    G: "Running On-Demand G and VT instances",
    P: "Running On-Demand P instances",
    SPOT_G: "All G and VT Spot Instance Requests",
    SPOT_P4: "All P4, P3 and P2 Spot Instance Requests",
    SPOT_P5: "All P5 Spot Instance Requests",
    "L-1": "Running Dedicated g5 Hosts",
    "L-2": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "L-3": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    "L-4": "Running On-Demand Inf instances",
    "L-5": "EC2-VPC Elastic IPs",
}
HOME = "us-west-2"


def a_type(
    vcpus: int, gpu: str = "A10G", on_demand: bool = True, maker: str = "NVIDIA", share: float = 0, **facts: Any
) -> dict[str, Any]:
    """A type whose GPU has 16 GiB; `share`: it has a part of one."""
    own = {"name": gpu, "maker": maker, "count": 0 if share else 1, "memory_mib": 16384, "share": share or 1.0}
    return gpu_type(vcpus, on_demand=on_demand, gpus=[own], **facts)


def quotas(**values: int) -> dict[str, dict[str, Any]]:
    """Every quota of the list above, 0 where it is not named as G=8."""
    named = {globals()[name]: value for name, value in values.items()}
    return {code: {"name": name, "value": named.get(code, 0)} for code, name in TITLES.items()}


TYPES = {"g4dn.xlarge": a_type(4, "T4"), "g5.2xlarge": a_type(8), "p4d.24xlarge": a_type(96, "A100")}
PRICES = {"g4dn.xlarge": 0.526, "g5.2xlarge": 1.212, "p4d.24xlarge": 21.957642}


def facts(**parts: Any) -> dict[str, Any]:
    """A region with three types and 8 vCPUs of G."""
    found = {
        "region": HOME, "types": TYPES, "prices": PRICES, "quotas": quotas(G=8), "running": [], "requests": [], "notes": [],
    } | parts  # fmt: skip
    return {"sizes": {kind: view["vcpus"] for kind, view in found["types"].items()} | {"vt1.3xlarge": 12}, **found}


def row(**parts: Any) -> dict[str, Any]:
    return quota_table.region_row(facts(**parts))


def of(shown: dict[str, Any], code: str) -> dict[str, Any]:
    return next(item for item in shown["families"] if item["code"] == code)


def kind(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in shown["types"] if item["type"] == name)


ASKED = {"id": "1", "code": G, "status": "PENDING", "desired": 16, "created": "2026-01-05T10:00:00+00:00", "case": None}


def run(name: str, spot: bool = False, box: str = "") -> dict[str, Any]:
    return {"type": name, "spot": spot, "tags": {"dlbox:box": box} if box else {}}


@pytest.mark.parametrize(
    ("name", "spot", "changed", "code"),
    [
        pytest.param("g5.xlarge", False, {}, G, id="on demand"),
        pytest.param("gr6.4xlarge", False, {}, G, id="a letter more"),
        pytest.param("vt1.3xlarge", True, {}, SPOT_G, id="the second name of a title"),
        pytest.param("p5en.48xlarge", False, {}, P, id="P on demand has no generations"),
        pytest.param("p4de.24xlarge", True, {}, SPOT_P4, id="the first of three generations"),
        pytest.param("p3dn.24xlarge", True, {}, SPOT_P4, id="the second"),
        pytest.param("p5.4xlarge", True, {}, SPOT_P5, id="a generation by itself"),
        pytest.param("p6-b200.48xlarge", True, {}, None, id="a generation without quota"),
        pytest.param("p6-b200.48xlarge", True, {"L-9": "All P6 Spot Instance Requests"}, "L-9", id="a generation that AWS adds"),
        pytest.param("p6-b200.48xlarge", True, {"L-9": "All P Spot Instance Requests"}, "L-9", id="one quota for all of P"),
        pytest.param("p5.4xlarge", True, {"L-9": "All P Spot Instance Requests"}, SPOT_P5, id="a generation goes before its letter"),
        pytest.param("g5.xlarge", False, {G: "Something else", "L-9": TITLES[G]}, "L-9", id="the title counts and not the code"),
        pytest.param("g5.xlarge", False, {G: "Renamed"}, G, id="the code where the title is not there"),
        pytest.param("im4gn.large", False, {}, "L-2", id="not inf"),
        pytest.param("inf2.xlarge", False, {}, "L-4", id="not i"),
        pytest.param("m5.large", True, {}, "L-3", id="letters in brackets"),
        pytest.param("u-6tb1.metal", False, {}, None, id="unknown"),
    ],
)  # fmt: skip
def test_a_quota_is_found_by_its_title(name: str, spot: bool, changed: dict[str, str], code: str | None) -> None:
    titles = {key: {"name": title} for key, title in (TITLES | changed).items()}
    found = listed(name, spot, by_title(titles))
    assert (found and found.code) == code


def test_a_line_for_each_quota_that_the_regions_types_count_against() -> None:
    assert [(item["name"], item["spot"], item["code"]) for item in row()["families"]] == [
        ("G and VT", False, G), ("P", False, P), ("G and VT", True, SPOT_G), ("P4, P3 and P2", True, SPOT_P4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("running", "code", "in_use", "free"),
    [
        pytest.param([], G, 0, 8, id="nothing"),
        pytest.param([run("g4dn.xlarge")], G, 4, 4, id="one"),
        pytest.param([run("g4dn.xlarge", True)], G, 0, 8, id="Spot does not count on demand"),
        pytest.param([run("g4dn.xlarge", True)], SPOT_G, 4, 0, id="Spot counts as Spot, and free is never negative"),
        pytest.param([run("vt1.3xlarge")], G, 12, 0, id="no GPU, the same quota"),
        pytest.param([run("m5.large"), run("p4d.24xlarge")], G, 0, 8, id="other families"),
    ],
)
def test_what_runs_uses_its_own_quota_up(running: list[dict[str, Any]], code: str, in_use: int, free: int) -> None:
    family = of(row(running=running), code)
    assert (family["in_use"], family["free"], family["uncounted"]) == (in_use, free, [])


def test_a_running_type_of_unknown_size_is_told() -> None:
    shown = row(running=[run("g3.4xlarge"), run("g4dn.xlarge")])
    assert (of(shown, G)["in_use"], of(shown, G)["uncounted"]) == (4, ["g3.4xlarge"])
    text = quota_text.text([shown], quota_next.Told(HOME))
    assert " 4+? " in text
    assert "AWS does not tell the vCPUs of g3.4xlarge, which run" in text


def test_only_an_open_request_is_shown() -> None:
    ended = {**ASKED, "status": "DENIED", "desired": 9}
    for status, shown in (("PENDING", 16), ("CASE_OPENED", 16), ("APPROVED", None), ("NOT_APPROVED", None)):
        found = of(row(requests=[ended, {**ASKED, "status": status}]), G)["request"]
        assert (found and found["desired"]) == shown
    assert of(row(requests=[ASKED]), P)["request"] is None


def test_a_type_is_allowed_or_lacks_vcpus() -> None:
    shown = row(running=[run("g4dn.xlarge")])
    assert kind(shown, "g4dn.xlarge")["on_demand"] == {"code": G, "lacking": 0}
    assert kind(shown, "g5.2xlarge")["on_demand"] == {"code": G, "lacking": 4}
    assert kind(shown, "g5.2xlarge")["spot"] == {"code": SPOT_G, "lacking": 8}


def test_how_a_type_is_not_sold_or_not_known_is_no_lack() -> None:
    shown = row(types={"p6-b200.48xlarge": a_type(192), "g5.xlarge": a_type(4, on_demand=False)}, quotas=quotas() | {G: {"name": TITLES[G], "value": None}})  # fmt: skip
    assert kind(shown, "p6-b200.48xlarge")["spot"] == {"code": None, "lacking": None}
    assert kind(shown, "g5.xlarge")["on_demand"] is None
    assert quota_table.cheapest(shown, "on_demand") is None


def test_cheapest_first_and_unknown_prices_last() -> None:
    prices = {"g5.2xlarge": 0.3, "p4d.24xlarge": 0.4}
    assert [item["type"] for item in row(prices=prices)["types"]] == ["g5.2xlarge", "p4d.24xlarge", "g4dn.xlarge"]
    assert [item["type"] for item in row(prices=None)["types"]] == ["g4dn.xlarge", "g5.2xlarge", "p4d.24xlarge"]


@pytest.mark.parametrize(
    "trap",
    [
        pytest.param({"g5g.xlarge": a_type(4, architectures=["arm64"])}, id="arm64"),
        pytest.param({"g4ad.xlarge": a_type(4, maker="AMD")}, id="AMD"),
        pytest.param({"g6f.large": a_type(2, share=0.125)}, id="a part of a GPU"),
        pytest.param({"g3s.xlarge": a_type(4)}, id="retired"),
    ],
)
def test_traps_are_shown_and_never_proposed(trap: dict[str, Any]) -> None:
    (name,) = trap
    shown = row(types=TYPES | trap, prices=PRICES | {name: 0.01})
    assert shown["types"][0]["type"] == name
    assert quota_table.allowed(shown["types"][0], "on_demand")
    assert (quota_table.cheapest(shown) or {})["type"] == "g4dn.xlarge"
    assert "`box_instance_type: g4dn.xlarge`" in quota_next.advice([shown], quota_next.Told(HOME))


def many(count: int) -> dict[str, Any]:
    """Types of 1, 2, ... vCPUs."""
    return {f"g5.n{number:02}": a_type(number) for number in range(1, count + 1)}


@given(allowed=st.integers(0, 12), spot=st.integers(0, 12), count=st.integers(1, 12))
def test_few_are_all_that_are_allowed_and_three_more_of_each_quota(allowed: int, spot: int, count: int) -> None:
    shown = row(types=many(count), prices=None, quotas=quotas(G=allowed, SPOT_G=spot))
    kept = {item["type"] for item in quota_table.few(shown["types"])}
    assert kept == set(list(many(count))[: max(allowed, spot) + 3])


def test_the_table_reads_well() -> None:
    types = TYPES | {
        "g6f.large": a_type(2, "L4", share=0.125),
        "g5g.xlarge": a_type(4, "T4g", architectures=["arm64"], spot=False),
    }
    types |= {f"g6.{n}xlarge": a_type(n, "L4") for n in (24, 48, 96)}
    prices = PRICES | {"g5g.xlarge": 0.42, "g6.24xlarge": 6.6752}
    shown = row(types=types, prices=prices, running=[run("g4dn.xlarge")], requests=[ASKED], notes=[("requests", "why")])
    assert (
        quota_text.text([shown], quota_next.Told(HOME, rehearsal=True))
        == """\
GPUs in us-west-2 (a rehearsal)

quota of vCPUs                     granted  in use  free  open request
On-Demand G and VT (L-DB2E81BA)          8       4     4  16 vCPUs, PENDING since 2026-01-05
On-Demand P (L-417A185B)                 0       0     0
Spot G and VT (L-3819A6DF)               0       0     0
Spot P4, P3 and P2 (L-7212CCBC)          0       0     0

G and VT         vCPUs  GPUs                    GPU GiB  $ an hour  On-Demand             Spot
g5g.xlarge           4  1 T4g                        16      0.420  yes                   not sold              arm64
g4dn.xlarge          4  1 T4                         16      0.526  yes                   needs 4 more vCPUs
g5.2xlarge           8  1 A10G                       16      1.212  needs 4 more vCPUs    needs 8 more vCPUs
g6.24xlarge         24  1 L4                         16      6.675  needs 20 more vCPUs   needs 24 more vCPUs
g6f.large            2  1/8 L4                       16          ?  yes                   needs 2 more vCPUs
g6.48xlarge         48  1 L4                         16          ?  needs 44 more vCPUs   needs 48 more vCPUs
and 1 more type: -e quota_types=all shows all

P                vCPUs  GPUs                    GPU GiB  $ an hour  On-Demand             Spot
p4d.24xlarge        96  1 A100                       16     21.958  needs 96 more vCPUs   needs 96 more vCPUs

GPUs: how many of which, 1/8 being a part of one; GPU GiB: the memory of all of them; $ an hour: On-Demand
On-Demand, Spot: whether the quota has room, ?: none is known; never proposed: parts of a GPU, AMD, arm64, retired

no requests: why
Next: the cheapest that you may run is g4dn.xlarge in us-west-2 at $0.526 an hour: write `box_instance_type: g4dn.xlarge`; \
-e quota_regions=all compares the regions."""
    )
    every = quota_text.text([shown], quota_next.Told(HOME, every=True))
    assert "g6.96xlarge " in every
    assert "more type" not in every


def test_the_comparison_reads_well() -> None:
    five = TYPES | {"p5.4xlarge": a_type(16)}
    rows = [
        row(),
        row(region="us-east-2", prices=PRICES | {"g4dn.xlarge": 0.5}, quotas=quotas(G=4), types=five, notes=[("requests", "why")]),
        row(region="eu-west-1", prices=None, quotas=quotas(SPOT_G=4), requests=[ASKED | {"code": SPOT_G, "desired": 4}]),
        row(region="sa-east-1", quotas=quotas(), types={}),
        quota_table.region_row({"region": "ap-east-1", "error": "no answer to DescribeInstances: try again later"}),
    ]  # fmt: skip
    assert (
        quota_text.text(rows, quota_next.Told(HOME, compare=True))
        == """\
GPUs in AWS regions

                vCPUs in use/granted                     cheapest with a whole NVIDIA GPU, $ an hour
region          G        P        Spot G   Spot P        that you may run       of all                 open requests
us-east-2       0/4      0/0      0/0      0/0 + 0/0     g4dn.xlarge 0.500      g4dn.xlarge 0.500
us-west-2       0/8      0/0      0/0      0/0           g4dn.xlarge 0.526      g4dn.xlarge 0.526
eu-west-1       0/0      0/0      0/4      0/0           g4dn.xlarge Spot       g4dn.xlarge ?          Spot G 4
sa-east-1       -        -        -        -             none                   none
ap-east-1       no answer to DescribeInstances: try again later

no requests: why (us-east-2)
Next: the cheapest that you may run is g4dn.xlarge in us-east-2 at $0.5 an hour: \
write `box_region: us-east-2` and `box_instance_type: g4dn.xlarge`."""
    )


LONGEST = a_type(192, "RTX PRO Server 6000")
WIDE = facts(
    region="ap-northeast-99", types={"p6e-gb200.48xlarge": LONGEST, "g7e.48xlarge": LONGEST}, prices={"p6e-gb200.48xlarge": 113.93},
    quotas=quotas(G=1152, P=1152, SPOT_G=1152, SPOT_P4=1152, SPOT_P5=1152), running=[run("g7e.48xlarge", spot) for spot in (True, False)],
)  # fmt: skip


@pytest.mark.parametrize("compare", [False, True])
def test_no_line_but_the_last_is_wider_than_a_terminal(compare: bool) -> None:
    *lines, last = quota_text.text([quota_table.region_row(WIDE)], quota_next.Told(HOME, compare=compare)).splitlines()
    assert max(len(line) for line in lines) <= 118
    assert last.startswith("Next:")


NONE = quotas()
FAILED = quota_table.region_row({"region": "eu-west-1", "error": "no answer"})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([row()], "write `box_instance_type: g4dn.xlarge`.", id="here"),
        pytest.param([row(region="eu-west-2"), row()], "write `box_instance_type: g4dn.xlarge`.", id="the same price here and there: here"),
        pytest.param([row(quotas=NONE), row(region="eu-west-2")], "write `box_region: eu-west-2` and `box_instance_type: g4dn.xlarge`.", id="only there"),
        pytest.param([row(quotas=quotas(SPOT_G=8))], "write `box_instance_type: g4dn.xlarge` and `box_spot: true`.", id="only Spot"),
        pytest.param([row(quotas=quotas(SPOT_G=8)), row(region="eu-west-2", prices=None)], "write `box_region: eu-west-2` and", id="On-Demand before Spot, even at an unknown price"),
        pytest.param([row(quotas=NONE)], "no quota has room now: write `box_instance_type: g4dn.xlarge`, and site.yml asks AWS for 4 more vCPUs.", id="nothing"),
        pytest.param([row(quotas=NONE, requests=[ASKED])], "no quota has room now, and AWS has not decided yet (G 16 in us-west-2): run site.yml once it has.", id="an open request"),
        pytest.param([row(quotas=NONE, requests=[ASKED | {"code": P}])], "no quota has room now: write `box_instance_type: g4dn.xlarge`, and site.yml asks", id="an open request for another quota"),
        pytest.param([row(quotas=quotas(G=4), running=[run("g4dn.xlarge")])], "no quota has room now: write `box_instance_type: g4dn.xlarge`, and site.yml asks AWS for 4 more", id="others use it"),
        pytest.param([row(quotas=NONE, types={"g4dn.xlarge": a_type(4, on_demand=False)})], "and `box_spot: true`, and site.yml asks AWS for 4 more vCPUs", id="sold as Spot alone"),
        pytest.param([row(types={"p5.48xlarge": a_type(192, on_demand=False, spot=False)})], "No region shown has such a GPU type", id="Capacity Blocks alone"),
        pytest.param([FAILED, row()], "in us-west-2 at $0.526", id="a failure does not matter"),
        pytest.param([FAILED], "No region answered", id="nothing but failures"),
        pytest.param([row(types={})], "No region shown has such a GPU type", id="no types"),
    ],
)  # fmt: skip
def test_what_to_write_next(rows: list[dict[str, Any]], said: str) -> None:
    assert said in quota_next.advice(rows, quota_next.Told(HOME, compare=True))


MINE = quota_next.Told(HOME, compare=True, box="lab")


@pytest.mark.parametrize(
    ("own", "granted", "said"),
    [
        pytest.param(run("g5.2xlarge", box="lab"), quotas(G=8), "Next: nothing: lab runs as g5.2xlarge; the cheapest with a whole NVIDIA GPU that it may be instead is g4dn.xlarge at $0.526 an hour: for that, run playbooks/stop.yml", id="a cheaper one would do"),
        pytest.param(run("g4dn.xlarge", box="lab"), quotas(G=4), "Next: nothing: lab runs as g4dn.xlarge.", id="the quota is used up by the box itself"),
        pytest.param(run("g4dn.xlarge", True, box="lab"), quotas(SPOT_G=4), "Next: nothing: lab runs as g4dn.xlarge, and a Spot box keeps its type.", id="Spot"),
        pytest.param(run("g4dn.xlarge", box="lab-2"), quotas(G=4), "Next: no quota has room now: write", id="another box is no own one"),
    ],
)  # fmt: skip
def test_a_box_that_runs_needs_nothing(own: dict[str, Any], granted: dict[str, Any], said: str) -> None:
    rows = [quota_table.region_row(facts(quotas=granted, running=[own]), "lab"), row(region="eu-west-2")]
    assert said in quota_next.advice(rows if own["tags"]["dlbox:box"] == "lab" else rows[:1], MINE)


def test_what_the_box_uses_itself_is_free_for_its_next_type() -> None:
    mine, other = run("g4dn.xlarge", box="lab"), run("g4dn.xlarge")
    shown = quota_table.region_row(facts(running=[mine, other]), "lab")
    assert (of(shown, G)["in_use"], of(shown, G)["free"]) == (8, 0)
    assert kind(shown, "g4dn.xlarge")["on_demand"] == {"code": G, "lacking": 0}
    assert kind(shown, "g5.2xlarge")["on_demand"] == {"code": G, "lacking": 4}
    assert kind(shown, "g4dn.xlarge")["spot"] == {"code": SPOT_G, "lacking": 4}
    assert "\nlab itself runs as g4dn.xlarge: " in quota_text.text([shown], quota_next.Told(HOME, box="lab"))


def test_the_table_shows_what_is_proposed() -> None:
    small = {f"g6f.n{n}": a_type(n, share=0.125) for n in (1, 2, 3)}
    shown = row(types=TYPES | small, prices=PRICES | dict.fromkeys(small, 0.1), quotas=quotas())
    proposed = (quota_table.cheapest(shown) or {})["type"]
    assert proposed == "g4dn.xlarge"
    assert proposed in {item["type"] for item in quota_table.few(shown["types"])}


KNOWN = {"us-west-2": True, "us-east-1": True, "af-south-1": False}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(["all"], ["us-west-2", "us-east-1"], id="all that are enabled"),
        pytest.param(["us-east-1", "us-west-2"], ["us-east-1", "us-west-2"], id="named"),
        pytest.param(["us-east-1", "us-east-1"], ["us-east-1"], id="twice"),
    ],
)
def test_which_regions(asked: list[str], found: list[str]) -> None:
    assert quota_info.choose(asked, KNOWN) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param(["us-west-9"], "'us-west-9' is not a region of AWS: did you mean us-west-2?", id="near"),
        pytest.param(["Frankfurt!"], "'Frankfurt!' is not a region of AWS: write all, or names as in us-east-1,eu-central-1", id="no region name"),
        pytest.param(["us-east-1", "all"], "'all' is not a region", id="all and one"),
        pytest.param(["us-east-1", "af-south-1"], "af-south-1 is not enabled for this account: enable it", id="not enabled"),
    ],
)  # fmt: skip
def test_regions_that_are_refused(asked: list[str], said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)) as refused:
        quota_info.choose(asked, KNOWN)
    assert str(refused.value).startswith("quota_regions: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AwsError("long", "UnauthorizedOperation", "describe_instances"), "DescribeInstances is not allowed there, by"),
        (AwsError("long", "AccessDeniedException", "list_service_quotas"), "ListServiceQuotas is not allowed there, by"),
        (AwsError("long", "", "describe_instances"), "no answer to DescribeInstances: try again later"),
        (AwsError("long", "OptInRequired", "describe_instances"), "DescribeInstances was refused with OptInRequired"),
        (DlboxError("no AWS credentials were found: run this"), "no AWS credentials were found"),
    ],
)  # fmt: skip
def test_a_failure_in_a_few_words(error: DlboxError, said: str) -> None:
    assert quota_facts.short(error).startswith(said)


NAMES = st.sets(st.sampled_from(["g4dn.xlarge", "g5.xlarge", "g6.xlarge", "p5.4xlarge", "vt1.3xlarge"]))


@given(st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=4), NAMES)
def test_each_type_is_asked_for_once_and_where_it_is_known(regions: list[Any], told: set[str]) -> None:
    found = {
        f"r{number}": {"region": f"r{number}", "offered": offered, "running": [run(name) for name in running]} | ({"failure": 1} if dead else {})
        for number, (offered, running, dead) in enumerate(regions)
    }  # fmt: skip
    shares = quota_facts._shares(found, told)
    asked = [name for names in shares.values() for name in names]
    alive = [(offered | running) for offered, running, dead in regions if not dead]
    assert sorted(asked) == sorted(set().union(*alive) - told)
    for region, names in shares.items():
        offered, running, dead = regions[int(region[1:])]
        assert not dead
        assert names <= offered | running


def test_who_failed_once_is_not_asked_for_the_rest() -> None:
    asked: list[str] = []

    def ask(aws: Any, name: str) -> str:
        asked.append(name)
        if name == "b":
            raise DlboxError("no")
        return name

    told = quota_facts._in_turn(Aws("us-west-2"), [(name, "prices", ask) for name in "abc"])
    assert [(name, part, str(answer)) for name, part, answer in told] == [(one, "prices", said) for one, said in (("a", "a"), ("b", "no"), ("c", "no"))]  # fmt: skip
    assert asked == ["a", "b"]


@pytest.mark.timeout(20)
def test_a_type_that_no_region_knows_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, set[str]]] = []

    def named(aws: Any, name: str, kinds: set[str]) -> dict[str, Any]:
        asked.append((name, kinds))
        return {"vt1.3xlarge": gpu_type(12, gpus=[])}

    answers = {
        "gpu_types": TYPES, "offered": {*TYPES, "vt1.3xlarge"}, "running": [run("g3.4xlarge"), run("m5.large")],
        "quotas": quotas(), "quota_requests": [], "gpu_prices": PRICES,
    }  # fmt: skip
    for name, answer in answers.items():
        monkeypatch.setattr(quota_facts.observe_gpu, name, lambda aws, region, answer=answer: answer)
    monkeypatch.setattr(quota_facts.observe_gpu, "named_types", named)
    here, there = quota_facts.gather(Aws(HOME), [HOME, "us-east-1"])
    assert asked == [("us-east-1", {"g3.4xlarge", "vt1.3xlarge"})]
    assert (there["sizes"].get("vt1.3xlarge"), there["sizes"].get("g3.4xlarge")) == (12, None)
    assert here["types"].keys() == there["types"].keys() == TYPES.keys()


def product(kind: str, usd: str, unit: str = "Hrs") -> str:
    """An entry of the price list, as AWS sends it."""
    price = {"unit": unit, "pricePerUnit": {"USD": usd}}
    terms = {"OnDemand": {"a": {"priceDimensions": {"b": price}}}}
    return json.dumps({"product": {"attributes": {"instanceType": kind}}, "terms": terms})


def test_reserved_capacity_at_0_hides_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(HOME)
    found = [product("p5.48xlarge", "55.04"), product("p5.48xlarge", "0.0"), product("p6e.48xlarge", "0.0")]
    monkeypatch.setattr(aws, "pages", lambda *asked, **more: found)
    assert observe_gpu.gpu_prices(aws, HOME) == {"p5.48xlarge": 55.04}
