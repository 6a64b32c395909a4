"""How this host reaches its package sources, so that a machine can do the same. Nothing of it is ever committed."""

from __future__ import annotations

import configparser
import os
import pathlib
import re
import subprocess

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
PLAIN_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NATIVE_TLS"),
)
VARIABLES = (*BUNDLE_VARIABLES, *PLAIN_VARIABLES)


def release() -> dict[str, str]:
    """Return the fields of /etc/os-release."""
    lines = pathlib.Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines) if key}


def sources(index_targets: str, origin: str) -> list[str]:
    """Turn `apt-get indextargets` lines (site release component origin) into source lines of the distribution itself."""
    rows = [line.split() for line in index_targets.splitlines()]
    return sorted({f"deb {row[0]} {row[1]} {row[2]}" for row in rows if len(row) == 4 and row[3].lower() == origin})


def apt_sources() -> list[str]:
    """Return the host's own distribution lines; third-party repositories are left out."""
    ask = ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT) $(ORIGIN)", "Created-By: Packages"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    return sources(done.stdout, release().get("ID", ""))


def apt_settings() -> str:
    """Return the part of the host's apt configuration that says how to reach a mirror (proxies, retries, timeouts)."""
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    wanted = re.compile(r'^Acquire::(https?|Retries|ForceIPv[46])\S* ".+";$')
    return "".join(f"{line}\n" for line in done.stdout.splitlines() if wanted.match(line))


def pip_settings() -> str:
    """Return the host's and the user's pip configuration as one file."""
    home = pathlib.Path(f"~{os.environ.get('SUDO_USER', '')}").expanduser()
    merged = configparser.RawConfigParser()
    merged.read(["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf"])
    for section in merged.sections():
        if merged.has_option(section, "cert"):
            merged.set(section, "cert", BUNDLE)
    return "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in merged.items(section))
        for section in merged.sections()
    )


def environment() -> dict[str, str]:
    """Return the variables that steer pip, uv and curl on this host, with one CA bundle for all."""
    carried = {name: os.environ[name] for name in PLAIN_VARIABLES if os.environ.get(name)}
    return carried | {name: BUNDLE for name in BUNDLE_VARIABLES if os.environ.get(name)}


def certificates() -> dict[str, bytes]:
    """Return the authorities that this host's administrator added, by file name."""
    added = sorted(pathlib.Path("/usr/local/share/ca-certificates").rglob("*.crt"))
    bundles = {os.environ[name] for name in BUNDLE_VARIABLES if os.environ.get(name)} - {BUNDLE}
    files = [*added, *(path for path in map(pathlib.Path, sorted(bundles)) if path.is_file())]
    return {f"host-{number}.crt": path.read_bytes() for number, path in enumerate(files)}


def local_folders(text: str) -> list[str]:
    """Find the local folders that package settings name; an index's pages may point at files beside it."""
    found = set()
    for match in re.finditer(r"(?:^|[\s=,])(file://)?(/[^\s,]+)", text):
        path = pathlib.PurePosixPath(match[2])
        beside = match[1] and len(path.parent.parts) > 2
        found.add(str(path.parent if beside else path))
    return sorted(found)


def package_folders() -> list[str]:
    """Return the existing local package folders that a machine needs to see, outermost only."""
    named = local_folders(pip_settings() + "".join(f"\n{value}" for value in environment().values()))
    found = [path for path in named if pathlib.Path(path).is_dir()]
    return [path for path in found if not any(path.startswith(f"{other}/") for other in found)]


def settings() -> str:
    """Return everything above as one text, so that a change of the host makes a new image."""
    return repr((release().get("ID"), apt_sources(), apt_settings(), pip_settings(), environment(), certificates()))
