"""Who gets in over SSH, and who is shut out."""

import re
import subprocess

import pytest
from there import ADDRESS, STRANGER, banned, enters, on_box, ssh, tries, until

PASSWORD = ("-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive")


def test_the_key_gets_in() -> None:
    assert enters()


def test_root_does_not_even_with_a_key_of_its_own() -> None:
    on_box("install -d -m 700 /root/.ssh && cp /home/ubuntu/.ssh/authorized_keys /root/.ssh/")
    try:
        assert not enters(user="root")
    finally:
        on_box("rm -r /root/.ssh")


@pytest.mark.parametrize("user", ["ubuntu", "root"])
def test_no_password_is_asked_for(user: str) -> None:
    asked = subprocess.run(
        ssh("true", user=user, options=(*PASSWORD, "-v")), capture_output=True, text=True, check=False
    )
    assert asked.returncode == 255
    assert set(re.findall(r"Authentications that can continue: (\S+)", asked.stderr)) == {"publickey"}


def test_tunnels_and_many_sessions_over_one_connection() -> None:
    control = ("-o", "ControlMaster=auto", "-o", "ControlPath=/tmp/dlbox-hardening-%C", "-o", "ControlPersist=20s")
    tunnel = ("-L", "127.0.0.1:18080:localhost:8080")
    assert enters(options=(*control, *tunnel))
    try:
        page = subprocess.run(
            ["curl", "-sk", "--max-time", "10", "https://127.0.0.1:18080/login"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Jupyter" in page.stdout
        many = [subprocess.Popen(ssh("sleep 2", options=control)) for _ in range(15)]
        assert [one.wait() for one in many] == [0] * 15
    finally:
        subprocess.run(ssh(options=(*control, "-O", "exit")), capture_output=True, check=False)


def test_git_on_the_box_may_use_the_keys_of_who_forwards_them() -> None:
    done = subprocess.run(["ssh-agent", *ssh('test -S "$SSH_AUTH_SOCK"', options=("-A",))], check=False)
    assert done.returncode == 0


def test_who_tries_too_often_is_shut_out_and_who_is_in_stays_in() -> None:
    mine = subprocess.Popen(ssh("cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs = subprocess.Popen(ssh("cat", stranger=True), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for session in (mine, theirs):
            assert said(session, "before") == "before"
        for user in ("root", "ubuntu", "admin"):
            for _ in range(4):
                enters(user=user, key="wrong", stranger=True)
        until(lambda: banned("sshd") == [STRANGER])
        assert not enters(stranger=True)
        assert enters()
        for session in (mine, theirs):
            assert said(session, "after") == "after"
        # It opens again by itself.
        until(lambda: enters(stranger=True), 60)
    finally:
        for session in (mine, theirs):
            session.kill()


def said(session: subprocess.Popen[str], word: str) -> str:
    """What `cat` in an open session gives back."""
    assert session.stdin
    assert session.stdout
    session.stdin.write(f"{word}\n")
    session.stdin.flush()
    return session.stdout.readline().strip()


def test_looking_at_host_keys_and_connections_that_enter_are_no_tries() -> None:
    before = tries("sshd")
    for _ in range(3):
        subprocess.run(["ssh-keyscan", "-T", "5", ADDRESS], capture_output=True, check=False)
        for _ in range(5):
            assert enters(stranger=True)
    assert tries("sshd") == before
