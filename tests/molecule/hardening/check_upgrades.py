"""What upgrades by themselves do: security alone, no driver, no kernel; and what restarts after them, and what does not."""

import re
from collections.abc import Iterator

import pytest
from there import on_box, pids

# A package as small as can be, in a flat repository that says of itself what the distribution's security archive says.
MAKE = r"""
rm -rf /srv/repository && mkdir -p /srv/repository/{security,other,lists/partial}
pack() { # folder name version
  rm -rf /srv/pack && mkdir -p /srv/pack/DEBIAN
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: test <t@example.org>\nDescription: a stand-in\n' $2 $3 > /srv/pack/DEBIAN/control
  dpkg-deb --build /srv/pack /srv/repository/$1/$2_$3.deb >/dev/null
}
index() { # folder suite label
  cd /srv/repository/$1
  for file in *.deb; do
    dpkg-deb --field $file
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $file $(stat -c %s $file) $(sha256sum $file | cut -d' ' -f1)
  done > Packages
  printf 'Origin: %s\nLabel: %s\nSuite: %s\nCodename: %s\nDate: %s\nSHA256:\n %s %s Packages\n' "$origin" "$3" $2 $2 "$(date -Ru)" \
    $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) > Release
}
. /etc/os-release
origin=Debian; [ $ID = debian ] || origin=Ubuntu
label=Debian-Security; [ $ID = debian ] || label=Ubuntu
for name in sample-security sample-other nvidia-driver-999-server libnvidia-compute-999 linux-image-9.9.9-sample; do
  pack security $name 1
  dpkg --install /srv/repository/security/${name}_1.deb >/dev/null
  rm /srv/repository/security/${name}_1.deb
done
for name in sample-security nvidia-driver-999-server libnvidia-compute-999 linux-image-9.9.9-sample; do pack security $name 2; done
pack other sample-other 2
apt-mark hold libnvidia-compute-999 >/dev/null
index security $VERSION_CODENAME-security $label
index other $VERSION_CODENAME-updates Debian
printf 'deb [trusted=yes] file:///srv/repository/%s ./\n' security other > /srv/repository/sources.list
# Nothing but this repository: the machine's own upgrades are no part of the check.
printf 'Dir::Etc::sourcelist "/srv/repository/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::State::lists "/srv/repository/lists";\n' > /srv/repository/apt.conf
"""
CLEAN = """
dpkg --purge sample-security sample-other nvidia-driver-999-server libnvidia-compute-999 linux-image-9.9.9-sample >/dev/null
rm -rf /srv/repository /srv/pack
"""
VERSIONS = "dpkg-query -W -f '${Package} ${Version}\\n' | grep -E '^(sample|nvidia-driver|libnvidia|linux-image)'"


@pytest.fixture
def repository() -> Iterator[None]:
    """A repository with newer versions of what is installed."""
    on_box(MAKE)
    yield
    on_box(CLEAN)


def test_security_upgrades_come_and_the_driver_and_the_kernel_stay(repository: None) -> None:
    said = on_box(
        "export APT_CONFIG=/srv/repository/apt.conf; apt-get update -qq; unattended-upgrade --verbose 2>&1; " + VERSIONS
    )
    assert said.splitlines()[-5:] == [
        "libnvidia-compute-999 1",
        "linux-image-9.9.9-sample 1",
        "nvidia-driver-999-server 1",
        "sample-other 1",
        "sample-security 2",
    ]
    assert "Packages that will be upgraded: sample-security\n" in said


def test_apt_does_it_every_day_and_never_reboots() -> None:
    said = on_box("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in said
    assert 'APT::Periodic::Update-Package-Lists "1";' in said
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in said
    origins = re.findall(r'Unattended-Upgrade::(?:Origins-Pattern|Allowed-Origins):: "(.*)";', said)
    assert origins
    assert [one for one in origins if "ecurity" not in one] == []


UNIT = """
cat > {folder}/sample-{name}.service <<'E'
[Service]
ExecStart=/usr/bin/python3 -c "import ssl, time; time.sleep(100000)"
E
systemctl daemon-reload; systemctl restart sample-{name}.service
"""
MINE = ["jupyter.service", *(f"sample-{name}.service" for name in ("mine", "linked", "local", "run"))]
UNITS = [*MINE, "sample-package.service", "ssh.service"]


@pytest.fixture
def services() -> Iterator[None]:
    """A package's service, those that were set up here, and a program in a unit of its own; all use the library that JupyterLab uses."""
    on_box(
        "mkdir -p /usr/local/lib/systemd/system; ln -s /home/ubuntu/sample-linked.service /etc/systemd/system/\n"
        + UNIT.format(folder="/lib/systemd/system", name="package")
        # As `systemctl enable` links a package's unit that has an alias.
        + "ln -s /lib/systemd/system/sample-package.service /etc/systemd/system/sample-package.service\n"
        + UNIT.format(folder="/etc/systemd/system", name="mine")
        + UNIT.format(folder="/home/ubuntu", name="linked")
        + UNIT.format(folder="/usr/local/lib/systemd/system", name="local")
    )
    on_box("systemd-run --quiet --unit=sample-run /usr/bin/python3 -c 'import ssl, time; time.sleep(100000)'")
    on_box(
        "for unit in package mine linked local run; do"
        " until grep -q libssl /proc/$(systemctl show -P MainPID sample-$unit)/maps; do sleep 0.1; done; done"
    )
    yield
    on_box(
        "systemctl stop 'sample-*'; rm -f {/lib,/etc,/usr/local/lib}/systemd/system/sample-*.service /home/ubuntu/sample-*.service;"
        " systemctl daemon-reload"
    )


def test_after_an_upgrade_a_packages_service_restarts_and_jupyterlab_does_not(services: None) -> None:
    before = pids(*UNITS)
    on_box("grep -q libssl /proc/$(systemctl show -P MainPID jupyter)/maps")
    said = on_box("apt-get update -qq; apt-get install --reinstall -y libssl3* 2>&1")
    after = pids(*UNITS)
    restarted = [unit for unit, old, new in zip(UNITS, before, after, strict=True) if old != new]
    assert "0" not in after
    assert restarted == ["sample-package.service", "ssh.service"], said
    deferred = said.split("deferred")[1]
    assert [unit for unit in UNITS if f"systemctl restart {unit}" in deferred] == MINE
