"""Real machines behind the rehearsal AWS."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from .conftest import REGION, Box, Rehearsal, cli, launch, until

ACCOUNT = "000000000000"


@pytest.fixture
def listener() -> Iterator[int]:
    """A listener of the host on all of its addresses."""
    server = http.server.HTTPServer(("0.0.0.0", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def answers(address: str, port: int, source: str = "127.0.0.1") -> bool:
    """Tell whether somebody accepts a connection."""
    with socket.socket() as probe:
        probe.settimeout(3)
        probe.bind((source, 0))
        try:
            probe.connect((address, port))
        except OSError:
            return False
        return True


def test_a_machine_is_what_a_cloud_image_is(box: Box) -> None:
    ask = "whoami; hostname; sudo -n id -u; systemctl is-system-running --wait; cat /proc/1/comm; python3 -c 'import venv'"
    private = box.rehearsal.client("ec2").describe_instances(InstanceIds=[box.id])["Reservations"][0]["Instances"][0]
    name = "ip-" + private["PrivateIpAddress"].replace(".", "-")
    assert box.ssh(ask).stdout.split() == ["ubuntu", name, "0", "running", "systemd"]
    assert box.ssh("sudo passwd -S ubuntu | cut -d' ' -f2").stdout.strip() == "L"


def test_each_machine_has_host_keys_of_its_own(box: Box, rehearsal: Rehearsal) -> None:
    other = launch(rehearsal, "lab-2")
    keys = [one.ssh("cat /etc/ssh/ssh_host_ed25519_key.pub").stdout for one in (box, other)]
    assert all(key.startswith("ssh-ed25519 ") for key in keys)
    assert keys[0] != keys[1]
    rehearsal.client("ec2").terminate_instances(InstanceIds=[other.id])
    name = f"dlbox-machine-{other.id}"
    until("its container is gone", lambda: subprocess.run(["podman", "container", "exists", name]).returncode == 1)
    assert box.reachable()


def test_package_clients_work_inside(box: Box) -> None:
    assert box.ssh("sudo apt-get -q update && sudo apt-get -q install -y hello && hello").stdout.endswith(
        "Hello, world!\n"
    )
    pip = box.ssh("python3 -m venv /tmp/v && /tmp/v/bin/pip -q download --no-deps -d /tmp/d idna && ls /tmp/d")
    assert "idna" in pip.stdout, pip.stderr
    uv = "/tmp/v/bin/pip -q install uv && sudo /tmp/v/bin/uv -q venv /opt/v && sudo /tmp/v/bin/uv -q pip install -p /opt/v idna"
    assert box.ssh(uv).returncode == 0


def test_only_what_the_group_opens_answers_at_the_elastic_ip(box: Box, listener: int) -> None:
    ec2 = box.rehearsal.client("ec2")
    box.ssh("systemd-run --user python3 -m http.server 8080")
    until("it listens", lambda: box.ssh("ss -Hltn sport = :8080").stdout != "")
    assert answers("127.0.0.1", listener)
    assert not answers(box.ip, listener)
    assert not answers(box.ip, 8080)

    def rule(cidr: str) -> dict[str, object]:
        return {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8089, "IpRanges": [{"CidrIp": cidr}]}

    ec2.authorize_security_group_ingress(GroupId=box.group, IpPermissions=[rule("127.0.0.9/32")])
    until("open to 127.0.0.9", lambda: answers(box.ip, 8080, "127.0.0.9"), 5)
    assert not answers(box.ip, 8080)
    ec2.authorize_security_group_ingress(GroupId=box.group, IpPermissions=[rule("127.0.0.1/32")])
    until("open to the caller", lambda: answers(box.ip, 8080), 5)
    ec2.revoke_security_group_ingress(GroupId=box.group, IpPermissions=[rule("127.0.0.1/32")])
    until("closed again", lambda: not answers(box.ip, 8080), 5)


# A machine whose root sends packets for 127.0.0.1 to the host: the kernel would take them in, as route_localnet is on.
TRESPASS = """
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
gateway=$(ip -4 route show default | cut -d" " -f3)
ip route del local 127.0.0.1 dev lo table local; ip route del local 127.0.0.0/8 dev lo table local
ip route add 127.0.0.1/32 via $gateway
timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" && echo in
"""


def test_a_machine_cannot_reach_the_host_s_loopback(rehearsal: Rehearsal) -> None:
    def dropped() -> int:
        chain = f"DLBOX-HOST-{rehearsal.place.suffix}"
        listing = subprocess.run(["iptables", "-nvxL", chain], capture_output=True, text=True, check=True).stdout
        return sum(int(line.split()[0]) for line in listing.splitlines() if " DROP " in line)

    box = launch(rehearsal, "trespasser")
    ask = ["podman", "inspect", "--format", "{{.State.Pid}}", f"dlbox-machine-{box.id}"]
    pid = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    before = dropped()
    command = ["nsenter", "-t", pid, "-n", "bash", "-c", TRESPASS, "trespass", str(rehearsal.port)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""
    assert dropped() > before
    rehearsal.client("ec2").terminate_instances(InstanceIds=[box.id])


def test_powering_itself_off_stops_the_instance_and_a_start_keeps_disk_and_mac(box: Box) -> None:
    mac = box.ssh("cat /sys/class/net/eth0/address").stdout
    box.ssh("echo kept > ~/kept; sync; sudo systemctl poweroff")
    until("stopped", lambda: box.state == "stopped")
    assert not answers(box.ip, 22)
    box.rehearsal.client("ec2").start_instances(InstanceIds=[box.id])
    until("back at the same address", box.reachable)
    assert box.ssh("cat ~/kept").stdout == "kept\n"
    assert box.ssh("cat /sys/class/net/eth0/address").stdout == mac


def test_powering_itself_off_terminates_when_the_instance_says_so(rehearsal: Rehearsal) -> None:
    box = launch(rehearsal, "brief", InstanceInitiatedShutdownBehavior="terminate")
    box.ssh("sudo systemctl poweroff")
    until("terminated", lambda: box.state == "terminated")


def test_a_reboot_is_no_stop(box: Box) -> None:
    before = box.ssh("cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic").stdout
    box.ssh("sudo systemctl reboot")
    now = "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic"
    until("booted again", lambda: box.ssh(now).stdout not in ("", before))
    assert box.state == "running"


def test_the_clock_stops_the_machine_for_real(box: Box) -> None:
    iam, scheduler = box.rehearsal.client("iam"), box.rehearsal.client("scheduler")
    group = scheduler.create_schedule_group(Name="lab")["ScheduleGroupArn"]
    who = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Statement": [who | {"Condition": {"StringEquals": {"aws:SourceArn": group}}}]}
    role = iam.create_role(RoleName="lab-stop", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"} | trust))
    resource = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{box.id}"
    allow = [{"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": resource}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_role_policy(RoleName="lab-stop", PolicyName="stop", PolicyDocument=policy)
    stop = {
        "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
        "RoleArn": role["Role"]["Arn"],
        "Input": json.dumps({"InstanceIds": [box.id]}),
    }
    zone = {"ScheduleExpression": "cron(0 20 * * ? *)", "ScheduleExpressionTimezone": "Asia/Shanghai"}
    off = {"Mode": "OFF"}
    scheduler.create_schedule(Name="stop", GroupName="lab", FlexibleTimeWindow=off, Target=stop, **zone)

    said = cli(box.rehearsal.state, "advance", "to", "20:00", "Asia/Shanghai").stdout
    assert "12:00 UTC" in said
    until("stopped", lambda: box.state == "stopped")
    until("the machine is off", lambda: running(box) == "false")
    record = box.rehearsal.place.firings.read_text().splitlines()
    assert [json.loads(line)["result"] for line in record] == ["fired"]
    box.rehearsal.client("ec2").start_instances(InstanceIds=[box.id])
    until("back at the same address", box.reachable)


def running(box: Box) -> str:
    """Return what podman says about the machine."""
    ask = ["podman", "inspect", "--format", "{{.State.Running}}", f"dlbox-machine-{box.id}"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
