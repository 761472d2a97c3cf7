# The machine's packages: which are missing, and installing them so that the
# servers among them do not start. The platform runs its own Postgres, Redis
# and registry.

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# Of paas set-up, and gone when it ends: installing a server does not start it.'

# Debian's name of every package that is missing, by the command or file that proves it.
missing_packages() {
  need git git
  need curl curl
  need /etc/ssl/certs/ca-certificates.crt ca-certificates
  need mmdebstrap mmdebstrap
  need iptables iptables
  need ps procps
  need buildah buildah
  need newuidmap uidmap
  # Ubuntu has it not, and the stack is Debian's.
  need /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
  [ -n "$(setting DATABASE_URL)" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || echo postgresql
  [ -n "$(setting REDIS_URL)" ] || need redis-server redis-server
  need docker-registry docker-registry
  [ -z "$(own_engine_socket)" ] || [ -S "$(own_engine_socket)" ] || need dockerd docker.io
  # Only to fetch Node with: Debian's own is too old.
  find_node || need npm npm
}

need() {
  case "$1" in
    /*) [ -e "$1" ] || echo "$2" ;;
    *) command -v "$1" > /dev/null || echo "$2" ;;
  esac
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -eq 0 ] || apt_install "${packages[@]}"
}

# Waits for another apt (a new machine's unattended upgrade) up to five minutes.
apt_install() (
  command -v apt-get > /dev/null || fail "This machine has no apt-get." "Install by hand: $*"
  [ "$(id -u)" = 0 ] || fail "Missing on this machine: $*" "Run this once as root, or: apt-get install $*"
  trap forbid_nothing EXIT
  forbid_starts
  # Debian would make and start a cluster of its own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  fi
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  # Ends what a killed apt left half done, else nothing.
  dpkg --configure -a --force-confold > /dev/null 2>&1 || true
  run_step 'Reading the package lists' apt-get update -o DPkg::Lock::Timeout=300
  run_step "Installing $*" apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
  # Nor at the next boot.
  local server
  for server in redis-server docker-registry; do
    case " $* " in
      *" $server "*) ! command -v systemctl > /dev/null || systemctl disable "$server" > /dev/null 2>&1 || true ;;
    esac
  done
  case " $* " in
    *' docker.io '*) configure_new_engine ;;
  esac
)

# Engines from 29 on keep images in containerd's store, where layers cannot be loaded one by one, unless told otherwise
# (https://docs.docker.com/engine/release-notes/29/). Only an engine that we have just installed is told.
configure_new_engine() {
  local major
  major=$(dockerd --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
  [ "$major" -ge 29 ] && [ ! -e /etc/docker/daemon.json ] || return 0
  mkdir -p /etc/docker
  printf '{ "features": { "containerd-snapshotter": false } }\n' > /etc/docker/daemon.json
}

# An administrator's own policy stays; ours is known by its mark, also when a killed run left it.
forbid_starts() {
  [ ! -e "$POLICY" ] || return 0
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" > "$POLICY"
  chmod 755 "$POLICY"
}

forbid_nothing() { ! grep -qsxF "$POLICY_MARK" "$POLICY" || rm -f "$POLICY"; }
