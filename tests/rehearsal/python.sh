#!/usr/bin/env bash
# Make .venv with the locked requirements; installs Python's venv from Debian or Ubuntu where it is missing.
set -euo pipefail
usable() { "$1" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
find_python() { for name in python3 python3.13 python3.12 python3.11; do if usable "$name"; then echo "$name"; return; fi; done; }

python=$(find_python)
if [ -z "$python" ]; then
  echo "dlbox: installing python3 and python3-venv, which needs root (sudo)"
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates >/dev/null
  python=$(find_python)
fi
if [ -z "$python" ]; then
  echo "dlbox: needs Python 3.11, 3.12 or 3.13 (Debian 12, Ubuntu 24.04 and newer have it): install one, then run the same command" >&2
  exit 1
fi
echo "dlbox: installing the locked requirements into .venv"
"$python" -m venv --clear .venv
.venv/bin/pip install -q --disable-pip-version-check "$(grep -o '^uv==[0-9.]*' requirements-dev.txt)"
VIRTUAL_ENV=.venv .venv/bin/uv pip sync -q --require-hashes requirements-dev.txt
