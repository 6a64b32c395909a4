"""Who guesses passwords of web services: JupyterLab for real; code-server's and nginx's lines as they were seen."""

import shlex
import subprocess
import time

import pytest
from there import ADDRESS, STRANGER, banned, enters, on_box, tries, until

LOGIN = f"https://{ADDRESS}:8080/login"


def guess(password: str) -> str:
    """The status of a stranger's try, with the form's own field."""
    jar = ["-b", "/dev/null", "-c", "-"]
    page = subprocess.run(
        ["curl", "-sk", "--interface", STRANGER, "--max-time", "5", *jar, LOGIN],
        capture_output=True,
        text=True,
        check=False,
    )
    field = next((line.split()[-1] for line in page.stdout.splitlines() if "\t_xsrf\t" in line), "")
    sent = ["-H", f"Cookie: _xsrf={field}", "-d", f"password={password}&_xsrf={field}"]
    done = subprocess.run(["curl", "-sk", "--interface", STRANGER, "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", *sent, f"{LOGIN}?next=%2Flab"], capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout


def test_who_guesses_jupyters_password_is_shut_out_of_it_for_a_while() -> None:
    assert guess("wrong") == "401"
    for number in range(11):
        guess(f"wrong{number}")
    until(lambda: banned("dlbox-jupyter") == [STRANGER])
    assert guess("wrong") == "000"
    # SSH stays open to that address, and the page to others.
    assert enters(stranger=True)
    assert subprocess.run(["curl", "-sk", "--max-time", "5", "-o", "/dev/null", LOGIN], check=False).returncode == 0
    until(lambda: guess("wrong") == "401", 60)


def test_an_old_page_that_keeps_asking_is_no_guess() -> None:
    ask = [
        "curl",
        "-sk",
        "--interface",
        STRANGER,
        "-o",
        "/dev/null",
        f"https://{ADDRESS}:8080/api/kernels",
        "-H",
        "Cookie: username-x=old",
    ]
    before = tries("dlbox-jupyter")
    for _ in range(20):
        subprocess.run(ask, check=False)
    assert tries("dlbox-jupyter") == before


AGENT = '"userAgent":"curl","timestamp":1764361234}'
NGINX = '2026/11/28 20:30:30 [error] 31481#31481: *1 user "dlbox": password mismatch, client: 203.0.113.9, server: , request: "GET / HTTP/1.1", host: "x"'
# A name ends at its first colon, and only the name dlbox opens anything.
FORGED = NGINX.replace('"dlbox": password mismatch', '"dlbox" was not found in "/etc/x" was not found in "/etc/x"')
LINES = {
    "code_server": ("dlbox-code-server", 'Failed login attempt {"remoteAddress":"203.0.113.9",' + AGENT, "203.0.113.9"),
    "code_server_over_ipv6": ("dlbox-code-server", 'Failed login attempt {"remoteAddress":"::ffff:203.0.113.9",' + AGENT, "203.0.113.9"),
    "code_server_with_a_forged_header": (
        "dlbox-code-server",
        r'Failed login attempt {"xForwardedFor":"x\",\"remoteAddress\":\"198.51.100.1\",","remoteAddress":"203.0.113.9",' + AGENT,
        "203.0.113.9",
    ),
    "nginx": ("dlbox-web", NGINX, "203.0.113.9"),
    "nginx_another_name": ("dlbox-web", NGINX.replace('"dlbox": password mismatch', '"x" was not found in "/etc/x"'), ""),
    "nginx_with_a_forged_name": ("dlbox-web", FORGED, ""),
    "nginx_with_a_quote_in_a_header": ("dlbox-web", NGINX + ', referrer: "" was not found"', "203.0.113.9"),
    "nginx_cut_off": ("dlbox-web", NGINX.partition('HTTP/1.1')[0] + "x" * 1800, "203.0.113.9"),
    "nginx_with_a_quote_in_the_path": ("dlbox-web", NGINX.replace("GET / ", 'GET /" '), "203.0.113.9"),
    "nginx_something_else": ("dlbox-web", NGINX.replace('user "dlbox": password mismatch', 'directory index of "/" is forbidden'), ""),
    "jupyter_a_guess": ("dlbox-jupyter", "[W 2026-11-28 20:27:50.085 ServerApp] 401 POST /login?next=%2Flab (@203.0.113.9) 19.18ms referer=None", "203.0.113.9"),
    "jupyter_with_a_forged_address": (
        "dlbox-jupyter",
        "[W 2026-11-28 20:27:50.085 ServerApp] 401 POST /login?(@198.51.100.1) (@203.0.113.9) 19.18ms referer=x",
        "203.0.113.9",
    ),
    "jupyter_an_old_page": ("dlbox-jupyter", "[W 2026-11-28 20:27:50.085 ServerApp] 403 GET /api/status (@203.0.113.9) 3.87ms referer=None", ""),
}  # fmt: skip


@pytest.mark.parametrize(("jail", "line", "address"), LINES.values(), ids=LINES)
def test_whose_line_it_is(jail: str, line: str, address: str) -> None:
    # Through the journal, whose own words stand before a line.
    mark = f"seen{time.time_ns()}"
    on_box(
        f"systemd-cat --identifier={mark} echo {shlex.quote(line)}; journalctl --sync; journalctl -t {mark} --grep . >/dev/null"
    )
    found = on_box(f"fail2ban-regex --journalmatch SYSLOG_IDENTIFIER={mark} --out ip systemd-journal {jail} || true")
    assert found.split() == [address] * bool(address)
