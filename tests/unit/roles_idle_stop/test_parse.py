"""The system's texts, and lengths of time."""

from __future__ import annotations

import pytest
from dlbox_idle import parse
from hypothesis import given
from hypothesis import strategies as st

# `ss -HtinpO state established`, iproute2 6.1, shortened: two SSH users, a stranger at the door, and a tunnelled page's two ends.
SS = """\
0      0      172.31.0.4:22 172.31.0.1:45270 users:(("sshd",pid=53,fd=4),("sshd",pid=40,fd=4)) bbr wscale:10,10 bytes_sent:73185 bytes_retrans:20 bytes_acked:73165 bytes_received:3668108 segs_out:642
0      0      [::ffff:172.31.0.4]:22 [::ffff:203.0.113.9]:39654 users:(("sshd",pid=779,fd=4),("sshd",pid=773,fd=4)) cubic bytes_sent:3997 bytes_acked:3997 bytes_received:3748
0      36     172.31.0.4:22 198.51.100.7:50123 users:(("sshd",pid=91,fd=4),("sshd",pid=90,fd=4)) cubic bytes_acked:1500 bytes_received:1700
0      0      127.0.0.1:8080 127.0.0.1:58082 users:(("jupyter-lab",pid=60,fd=14)) cubic bytes_sent:945000 bytes_acked:945000 bytes_received:464
0      0      127.0.0.1:58082 127.0.0.1:8080 users:(("sshd",pid=53,fd=8)) cubic bytes_sent:464 bytes_acked:464 bytes_received:945000
0      0      172.31.0.4:8080 203.0.113.9:41000 users:(("jupyter-lab",pid=60,fd=15)) cubic bytes_acked:777 bytes_received:888
0      0      [::1]:9000 [::1]:58090 users:(("python3",pid=61,fd=3)) cubic
"""
TITLES = {
    40: "sshd: ubuntu [priv]",
    53: "sshd: ubuntu@notty",
    773: "sshd: ubuntu [priv]",
    779: "sshd: ubuntu",
    90: "sshd: unknown [priv]",
    91: "sshd: unknown [net]",
}


def test_logged_in_connections_and_tunnelled_pages() -> None:
    found = parse.connections(SS, TITLES, {8080, 8081})
    assert found == {
        "connections": {
            "172.31.0.4:22 172.31.0.1:45270": 73165 + 3668108,
            "[::ffff:172.31.0.4]:22 [::ffff:203.0.113.9]:39654": 3997 + 3748,
        },
        "pages": {"127.0.0.1:8080 127.0.0.1:58082": 945464},
    }


@pytest.mark.parametrize(
    ("title", "logged_in"),
    [
        ("sshd: ubuntu@pts/0", True),
        ("sshd: ubuntu@pts/0,pts/1", True),
        ("sshd: ubuntu@notty", True),
        ("sshd: ubuntu", True),
        ("sshd-session: ubuntu@notty", True),
        ("sshd: root@notty", True),
        ("sshd: ubuntu [priv]", False),
        ("sshd: ubuntu [net]", False),
        ("sshd: [accepted]", False),
        ("sshd-auth: ubuntu [net]", False),
        ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", False),
        ("", False),
    ],
)
def test_who_is_logged_in(title: str, logged_in: bool) -> None:
    assert bool(parse.LOGGED_IN.match(title)) is logged_in


def test_no_connections() -> None:
    assert parse.connections("", {}, {8080}) == {"connections": {}, "pages": {}}


def test_start_of_a_process_whose_name_holds_brackets() -> None:
    assert parse.started("7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8215 99 100") == 8215


def test_io_counts_reads_and_writes_once() -> None:
    assert parse.io_bytes("rchar: 6976\nwchar: 24\nsyscr: 10\nread_bytes: 500\nwrite_bytes: 600\n") == 7000


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("2h", 7200), ("24h", 86400), ("1m", 60), ("off", 0)])
def test_length(text: str, seconds: int) -> None:
    assert parse.length(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "2", "2d", "25h", "1441m", "0h", "-2h", "2h ", "1.5h", "for ever", "9" * 99 + "h", "\uff12h"]
)
def test_a_length_that_is_none_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^dlbox keep: .* write it as in 90m or 2h, or off\.$"):
        parse.length(text)


@given(
    st.integers(0, parse.LONGEST),
    st.floats(0, 1e9),
    st.floats(0, 2e9),
    st.floats(-1e9, 1e9),
    st.floats(0, 2e5),
    st.booleans(),
)
def test_a_kept_machine_is_kept_as_long_as_asked_for(
    seconds: int, now: float, wall: float, jump: float, later: float, rebooted: bool
) -> None:
    note = {"boot": "one", "until": now + seconds, "wall": wall + seconds}
    left = parse.keep_left(note, "two" if rebooted else "one", now + later, wall + later + jump)
    assert 0 <= left <= parse.LONGEST
    if not rebooted:
        # Within a boot a wall clock that is set, by whatever, changes nothing.
        assert left == pytest.approx(max(0.0, seconds - later), abs=1e-3)
    elif jump >= 0:
        assert left <= max(0.0, seconds - later) + 1e-3
