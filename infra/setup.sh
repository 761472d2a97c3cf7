# Installs what is missing on this machine; sourced by bin/up, bin/test and bin/bench.
#
# Debian 12 and 13 and Ubuntu LTS. Looks before it acts: where everything is
# there it takes milliseconds and prints nothing. Leaves `root` (the checkout)
# and `NODE` (a Node of the right line) to its caller.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NODE_LINE=26
runtime="$root/.runtime"

say() { printf '%s %s\n' '----->' "$*" >&2; }
fail() { printf ' !     %s\n' "$@" >&2; exit 1; }

# command (or file) that proves it, then Debian's package
needed_packages() {
  local need
  for need in git:git curl:curl /etc/ssl/certs/ca-certificates.crt:ca-certificates mmdebstrap:mmdebstrap \
    redis-server:redis-server iptables:iptables ps:procps; do
    case "${need%%:*}" in
      /*) [ -e "${need%%:*}" ] || echo "${need##*:}" ;;
      *) command -v "${need%%:*}" > /dev/null || echo "${need##*:}" ;;
    esac
  done
  [ -n "${DATABASE_URL:-}" ] || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || echo postgresql
  [ -S /var/run/docker.sock ] || [ -n "${DOCKER_HOST:-}" ] || command -v dockerd > /dev/null || echo docker.io
  command -v buildah > /dev/null || echo buildah
  command -v newuidmap > /dev/null || echo uidmap
}

install_packages() {
  local packages policy=/usr/sbin/policy-rc.d made_policy=
  mapfile -t packages < <(needed_packages)
  [ "${#packages[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "These packages are missing: ${packages[*]}" "Run this as root once, or install them with: apt-get install ${packages[*]}"
  command -v apt-get > /dev/null || fail "This machine has no apt-get: install ${packages[*]} by hand."
  say "Installing ${packages[*]}"
  # The platform runs its own Postgres and Redis: the packages' servers stay stopped, and no default cluster is made.
  if [ ! -e "$policy" ]; then made_policy=1; printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod 755 "$policy"; fi
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  fi
  quietly env DEBIAN_FRONTEND=noninteractive apt-get update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${packages[@]}"
  [ -z "$made_policy" ] || rm -f "$policy"
}

# Output only when the command fails.
quietly() {
  local output status
  output=$(mktemp)
  if "$@" > "$output" 2>&1; then rm -f "$output"; return 0; fi
  status=$?
  tail -n 30 "$output" >&2
  rm -f "$output"
  fail "Failed: $*"
  return $status
}

# The Docker Engine: one that answers is used as it is.
ensure_engine() {
  [ -z "${DOCKER_HOST:-}" ] || return 0
  engine_answers && return 0
  command -v dockerd > /dev/null || fail 'There is no Docker Engine, and DOCKER_HOST names none.'
  [ "$(id -u)" = 0 ] || fail 'Docker is not running.' 'Start it as root: systemctl start docker'
  say 'Starting the Docker Engine'
  if [ -d /run/systemd/system ]; then
    systemctl enable --now docker > /dev/null 2>&1 || true
  else
    setsid nohup dockerd > /var/log/dockerd.log 2>&1 < /dev/null &
  fi
  local try
  for try in $(seq 1 150); do engine_answers && return 0; sleep 0.2; done
  fail 'The Docker Engine did not start within 30 s.' 'See /var/log/dockerd.log or: journalctl -u docker'
}

engine_answers() { [ "$(curl -s -m 5 --unix-socket /var/run/docker.sock http://docker/_ping 2> /dev/null)" = OK ]; }

# Node of our line: the machine's own, or from the npm packages, which any npm mirror has.
ensure_node() {
  local arch
  if command -v node > /dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2> /dev/null)" = "$NODE_LINE" ]; then
    NODE=$(command -v node)
    NPM=$(readlink -f "$(command -v npm)")
    return 0
  fi
  case "$(uname -m)" in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) fail "No Node for $(uname -m): install Node $NODE_LINE by hand." ;; esac
  NODE="$runtime/node_modules/node-linux-$arch/bin/node"
  NPM="$runtime/node_modules/npm/bin/npm-cli.js"
  [ -x "$NODE" ] && [ -e "$NPM" ] && return 0
  if ! command -v npm > /dev/null; then
    say 'Installing npm, to fetch Node with'
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends npm
  fi
  say "Installing Node $NODE_LINE"
  mkdir -p "$runtime"
  quietly npm install --prefix "$runtime" --no-save --ignore-scripts --no-audit --no-fund "node-linux-$arch@$NODE_LINE" npm@11
}

ensure_dependencies() {
  local stamp="$root/node_modules/.paas-stamp"
  if [ "$stamp" -nt "$root/package-lock.json" ] && [ "$stamp" -nt "$root/prisma/schema.prisma" ]; then return 0; fi
  say 'Installing dependencies'
  # No package's install script runs: none is needed, and Prisma's would download an engine.
  (cd "$root" && quietly env PATH="$(dirname "$NODE"):$PATH" "$NODE" "$NPM" ci --ignore-scripts --no-audit --no-fund)
  (cd "$root" && quietly "$NODE" prisma/generate.ts --quiet)
  touch "$stamp"
}

setup() {
  install_packages
  ensure_node
  ensure_dependencies
  ensure_engine
}

# Node's flag for the settings file, where there is one.
env_file() { [ ! -e "$root/.env" ] || echo "--env-file=$root/.env"; }
