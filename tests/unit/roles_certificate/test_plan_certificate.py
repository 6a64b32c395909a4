"""When the certificates are issued: facts in, changes out."""

import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit.roles_loader import load

certificate = load("certificate/module_utils/plan_certificate.py")

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
YEARS = NOW + datetime.timedelta(days=900)
NAMES = frozenset({"IP:203.0.113.7", "IP:127.0.0.1", "DNS:localhost"})
CA = certificate.Certificate(frozenset(), YEARS, fits=True)
LEAF = certificate.Certificate(NAMES, YEARS, fits=True)

OWNERS = certificate.owners("/ca", "/tls", "ubuntu")
STRAYED = {
    "as they should be": (OWNERS, []),
    "none there yet": (dict.fromkeys(OWNERS, ""), []),
    "a key of root's": (OWNERS | {"/tls/tls.key": "root:root 640"}, [("/tls/tls.key", "root:ubuntu 640")]),
    "an open authority": (OWNERS | {"/ca/ca.key": "root:root 644"}, [("/ca/ca.key", "root:root 600")]),
}


@pytest.mark.parametrize(("shown", "expected"), STRAYED.values(), ids=STRAYED)
def test_files_with_another_owner_or_mode(shown: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert [(one.thing, one.after) for one in certificate.strayed(shown, OWNERS)] == expected


CERTIFICATES = {
    "first_run": (None, None, [("authority", "there is none yet"), ("certificate", "there is none yet")]),
    "good": (CA, LEAF, []),
    "address_changed": (
        CA,
        LEAF._replace(names=frozenset({"IP:198.51.100.1"})),
        [("certificate", "it is for IP:198.51.100.1")],
    ),
    "near_its_end": (
        CA,
        LEAF._replace(ends=NOW + datetime.timedelta(days=29)),
        [("certificate", "it ends on 2026-12-20")],
    ),
    "authority_lost": (
        None,
        LEAF,
        [("authority", "there is none yet"), ("certificate", "its key or its issuer does not fit")],
    ),
    "key_of_another": (CA, LEAF._replace(fits=False), [("certificate", "its key or its issuer does not fit")]),
}


@pytest.mark.parametrize(("ca", "leaf", "expected"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates(ca: Any, leaf: Any, expected: list[tuple[str, str]]) -> None:
    changes = certificate.plan(ca, leaf, "203.0.113.7", NOW)
    assert [(change.thing, change.reason) for change in changes] == expected


@given(st.integers(min_value=-1000, max_value=1000))
@example(29)
@example(30)
def test_a_certificate_is_renewed_exactly_in_its_last_thirty_days(days: int) -> None:
    leaf = LEAF._replace(ends=NOW + datetime.timedelta(days=days))
    assert bool(certificate.plan(CA, leaf, "203.0.113.7", NOW)) == (days < 30)


def test_reads_openssl() -> None:
    text = (
        "notAfter=Feb  4 09:05:03 2029 GMT\nX509v3 Subject Alternative Name: \n"
        "    DNS:localhost, IP Address:127.0.0.1, IP Address:203.0.113.7\n"
    )
    ends = datetime.datetime(2029, 2, 4, 9, 5, 3, tzinfo=datetime.UTC)
    assert certificate.read(text, True) == certificate.Certificate(NAMES, ends, True)


def test_an_address_must_be_one() -> None:
    with pytest.raises(ValueError, match=r"ec2\.example"):
        certificate.wanted_names("ec2.example")
