# Installs what is missing on this machine; sourced by bin/*.
#
# Debian 12 and 13 and Ubuntu LTS. Looks before it acts: where everything is
# there it takes milliseconds and prints nothing. Leaves `root` (the checkout)
# and `NODE` (a Node of the right line) to its caller.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NODE_LINE=26
runtime="$root/.runtime"

# `su` without a dash leaves the administrator's folders out.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
# A Node from npm trusts its own list only; the machine's may have a company's authority.
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
fi

. "$root/infra/progress.sh"
. "$root/infra/packages.sh"

# Everything, for bin/up, bin/test and bin/bench.
setup() {
  install_packages
  ensure_node
  ensure_dependencies
  ensure_engine
}

# Nothing is installed for a question or a stop: bin/status, bin/down.
require_setup() {
  find_node && [ -e "$root/node_modules/.paas-stamp" ] && return 0
  fail 'paas is not set up on this machine.' 'Run ./bin/up: it installs what is missing.'
}

# Node's flag for the settings file, where there is one.
env_file() { [ ! -e "$root/.env" ] || echo "--env-file=$root/.env"; }

# One setting as Node will see it: the environment, else `.env`.
setting() {
  local value=${!1:-}
  if [ -z "$value" ] && [ -e "$root/.env" ]; then
    value=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$root/.env" | tail -n 1)
    value=${value%\"} value=${value#\"} value=${value%\'} value=${value#\'}
  fi
  echo "$value"
}

# Where the engine of this machine listens; empty when the settings name one elsewhere.
own_engine_socket() {
  case "$(setting DOCKER_HOST)" in
    '') echo /var/run/docker.sock ;;
    unix:///var/run/docker.sock | unix:///run/docker.sock) echo /var/run/docker.sock ;;
  esac
}

# The Docker Engine: one that answers is used as it is.
ensure_engine() {
  [ -n "$(own_engine_socket)" ] || return 0
  engine_answers && return 0
  command -v dockerd > /dev/null || fail 'There is no Docker Engine, and DOCKER_HOST names none.'
  [ "$(id -u)" = 0 ] || fail 'Docker is not running.' 'Start it as root: systemctl start docker'
  say 'Starting the Docker Engine'
  local try see=/var/log/dockerd.log
  if [ -d /run/systemd/system ]; then
    see='journalctl -u docker'
    systemctl enable --now docker > /dev/null 2>&1 || true
  else
    setsid nohup dockerd > "$see" 2>&1 < /dev/null &
  fi
  for try in $(seq 1 150); do engine_answers && return 0; sleep 0.2; done
  fail 'The Docker Engine did not start within 30 s.' "See $see"
}

engine_answers() { [ "$(curl -s -m 5 --unix-socket "$(own_engine_socket)" http://docker/_ping 2> /dev/null)" = OK ]; }

# Node of our line: the machine's own, or from the npm packages, which any npm mirror has.
find_node() {
  local arch
  NODE=$(command -v node || true)
  NPM=$(readlink -f "$(command -v npm || true)" || true)
  case "$NPM" in
    *.js) [ -z "$NODE" ] || [ "$("$NODE" -p 'process.versions.node.split(".")[0]' 2> /dev/null)" != "$NODE_LINE" ] || return 0 ;;
  esac
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "There is no Node for $(uname -m) on npm." "Install Node $NODE_LINE by hand." ;;
  esac
  NODE_PACKAGE="node-linux-$arch"
  NODE="$runtime/node_modules/$NODE_PACKAGE/bin/node"
  NPM="$runtime/node_modules/npm/bin/npm-cli.js"
  [ -x "$NODE" ] && [ -e "$NPM" ]
}

ensure_node() {
  ! find_node || return 0
  mkdir -p "$runtime"
  run_step "Installing Node $NODE_LINE" \
    npm install --prefix "$runtime" --no-save --ignore-scripts --no-audit --no-fund --loglevel=http "$NODE_PACKAGE@$NODE_LINE" npm@11
  find_node || fail "npm installed no Node $NODE_LINE in $runtime."
}

# No package's install script runs: none is needed, and Prisma's would download an engine.
ensure_dependencies() {
  local stamp="$root/node_modules/.paas-stamp"
  if [ "$stamp" -nt "$root/package-lock.json" ] && [ "$stamp" -nt "$root/prisma/schema.prisma" ]; then return 0; fi
  cd "$root"
  run_step 'Installing dependencies' \
    env PATH="$(dirname "$NODE"):$PATH" "$NODE" "$NPM" ci --ignore-scripts --no-audit --no-fund --loglevel=http
  run_step 'Generating the database client' "$NODE" prisma/generate.ts --quiet
  cd "$OLDPWD"
  touch "$stamp"
}
