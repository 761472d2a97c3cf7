# Makes a bare Debian or Ubuntu machine a host of a paas: Docker, whose engine
# speaks to nobody but the platform. Comes over ssh, with its settings in front
# (apps/cli/src/host-ssh.ts), and is run twice:
#
#   phase=prepare   installs Docker, makes the engine's key, prints a signing request
#   phase=install   ca=… cert=… engine=docker|swarm: takes the certificate, and starts the engine with it
#
# Every step may be repeated: what is there already is left as it is. Lines that
# begin with @ are for whoever called; everything else is for a person to read
# when a step fails.
set -euo pipefail

FOLDER=/etc/docker/paas
# The engine's key and certificate in one file, so that a renewal changes them as one (packages/engine/src/server-certificate.sh).
PAIR=$FOLDER/pair.pem
CONFIG=/etc/docker/daemon.json
DROP_IN=/etc/systemd/system/docker.service.d/paas.conf
PORT=2376
# Of machines without systemd.
GUARD_PID=/var/run/paas-engine.pid
LOG=/var/log/dockerd.log
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# Of paas set-up, and gone when it ends: installing a server does not start it.'
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

step() { printf '@step %s\n' "$*"; }
done_() { printf '@done %s\n' "$*"; }
fail() {
  printf '@fail %s\n' "$1"
  [ $# -lt 2 ] || printf '@hint %s\n' "$2"
  exit 1
}

has_systemd() { [ -d /run/systemd/system ]; }

check_machine() {
  step 'Looking at the machine'
  [ "$(id -u)" = 0 ] || fail "$(id -un) is not root there." 'Give --ssh root@ADDR.'
  # shellcheck disable=SC1091
  [ ! -e /etc/os-release ] || . /etc/os-release
  case " ${ID:-} ${ID_LIKE:-} " in
    *' debian '* | *' ubuntu '*) ;;
    *) fail "It runs ${PRETTY_NAME:-an unknown system}, not Debian or Ubuntu." 'Install Docker there yourself, and add it with --url.' ;;
  esac
  command -v apt-get > /dev/null || fail 'It has no apt-get.'
  if [ -e "$CONFIG" ] && ! grep -qs "$FOLDER" "$CONFIG"; then
    fail "Its $CONFIG is somebody else's." 'An engine that exists is added with --url and --cert-path.'
  fi
  # Another engine configuration means a restart, which would end what runs there.
  if [ ! -e "$CONFIG" ] && command -v docker > /dev/null && [ -n "$(timeout 10 docker ps --quiet 2> /dev/null || true)" ]; then
    fail 'Containers run there already.' 'An engine that exists is added with --url and --cert-path.'
  fi
  done_ "${PRETTY_NAME:-}, Linux $(uname -r)"
}

install_packages() {
  local missing=()
  command -v dockerd > /dev/null || missing+=(docker.io)
  command -v iptables > /dev/null || missing+=(iptables)
  command -v openssl > /dev/null || missing+=(openssl)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  step 'Installing Docker'
  [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
  done_ "Docker $(dockerd --version | sed 's/^[^0-9]*\([0-9.]*\).*/\1/')"
}

# Waits for another apt (a new machine's unattended upgrade) up to five minutes. The engine does not start before it is configured.
apt_install() (
  trap '! grep -qsxF "$POLICY_MARK" "$POLICY" || rm -f "$POLICY"' EXIT
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" > "$POLICY"
    chmod 755 "$POLICY"
  fi
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  dpkg --configure -a --force-confold > /dev/null 2>&1 || true
  # Ours comes from stdin: nothing else may read there.
  apt-get update -o DPkg::Lock::Timeout=300 < /dev/null >&2 || fail 'apt-get update failed there.'
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold "$@" < /dev/null >&2 || fail "apt-get could not install $* there."
)

# The key is made here and stays here.
make_request() {
  step 'Making its key'
  mkdir -p "$FOLDER"
  chmod 700 "$FOLDER"
  if [ ! -s "$FOLDER/key.pem" ]; then
    (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$FOLDER/key.pem.new" && mv "$FOLDER/key.pem.new" "$FOLDER/key.pem")
  fi
  done_ 'it stays there'
  echo @csr
  openssl req -new -key "$FOLDER/key.pem" -subj /CN=paas-host
  echo @end
}

take_certificate() {
  step 'Taking the platform’s certificate'
  [ -n "${ca:-}" ] && [ -n "${cert:-}" ] || fail 'No certificate came with the set-up.'
  [ -s "$FOLDER/key.pem" ] || fail 'Its key is gone.' 'Run the same command again.'
  (umask 077 && printf '%s\n' "$ca" > "$FOLDER/ca.pem.new" && printf '%s\n' "$cert" > "$FOLDER/cert.pem.new")
  openssl verify -CAfile "$FOLDER/ca.pem.new" "$FOLDER/cert.pem.new" >&2 ||
    fail 'The certificate is not good there.' "Is its clock right? It says $(date -u '+%Y-%m-%d %H:%M:%S') UTC."
  [ "$(openssl x509 -in "$FOLDER/cert.pem.new" -noout -pubkey)" = "$(openssl pkey -in "$FOLDER/key.pem" -pubout)" ] ||
    fail 'The certificate is for another key.' 'Run the same command again.'
  (umask 077 && cat "$FOLDER/key.pem" "$FOLDER/cert.pem.new" > "$PAIR.new")
  mv "$FOLDER/ca.pem.new" "$FOLDER/ca.pem"
  mv "$PAIR.new" "$PAIR"
  rm "$FOLDER/cert.pem.new"
  done_ "until $(openssl x509 -in "$PAIR" -noout -enddate | cut -d = -f 2), renewed by the platform"
}

# Containers reach this machine at the end of a bridge, or by any of its own addresses, which comes in at the same bridge. The
# platform's own bridges are closed by its link; these are Docker's.
write_firewall() {
  step 'Closing the engine to containers'
  cat > "$FOLDER/firewall.sh" << EOF_FIREWALL
#!/bin/sh
# Of paas: run before the engine starts. Its port is not for containers.
set -eu
for tool in iptables ip6tables; do
  \$tool -n -L INPUT > /dev/null 2>&1 || continue
  for bridge in docker0 br-+ docker_gwbridge; do
    rule="INPUT -i \$bridge -p tcp --dport $PORT -j REJECT"
    # shellcheck disable=SC2086
    \$tool -w 5 -C \$rule 2> /dev/null || \$tool -w 5 -I \$rule
  done
done
EOF_FIREWALL
  chmod 755 "$FOLDER/firewall.sh"
  "$FOLDER/firewall.sh" || fail 'iptables does not work there.'
  done_ "port $PORT"
}

write_config() {
  local major features='' keeps=true
  # Containers would outlive the engine's restart; swarm mode does not start with that.
  [ "${engine:-docker}" != swarm ] || keeps=false
  major=$(dockerd --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
  # Engines from 29 on keep images in containerd's store, where layers cannot be loaded one by one, unless told otherwise
  # (https://docs.docker.com/engine/release-notes/29/).
  [ "$major" -lt 29 ] || features=$',\n  "features": { "containerd-snapshotter": false }'
  cat > "$CONFIG.new" << EOF_CONFIG
{
  "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:$PORT"],
  "tlsverify": true,
  "tlscacert": "$FOLDER/ca.pem",
  "tlscert": "$PAIR",
  "tlskey": "$PAIR",
  "live-restore": $keeps$features
}
EOF_CONFIG
  mv "$CONFIG.new" "$CONFIG"
  has_systemd || return 0
  # The package's unit gives the engine a socket by flag, which may not stand beside "hosts".
  mkdir -p "$(dirname "$DROP_IN")"
  printf '[Service]\nExecStartPre=%s\nExecStart=\nExecStart=%s\n' "$FOLDER/firewall.sh" "$(command -v dockerd)" > "$DROP_IN"
}

start_engine() {
  step 'Starting the engine'
  write_config
  local see='journalctl -u docker'
  if has_systemd; then
    systemctl daemon-reload
    # With its socket unit there would be two who listen.
    systemctl disable --now docker.socket > /dev/null 2>&1 || true
    systemctl enable docker > /dev/null 2>&1 || true
    systemctl restart docker >&2 || fail 'Docker did not start there.' "See there: $see"
  else
    see=$LOG
    write_guard
    stop_engine # a guard that is there starts it again
    if ! kill -0 "$(cat "$GUARD_PID" 2> /dev/null)" 2> /dev/null; then
      setsid nohup "$FOLDER/guard.sh" > "$see" 2>&1 < /dev/null &
    fi
  fi
  local try
  for try in $(seq 1 150); do
    ! engine_listens || break
    [ "$try" -lt 150 ] || fail 'Docker did not start within 30 s there.' "See there: $see"
    sleep 0.2
  done
  ! openssl s_client -connect "127.0.0.1:$PORT" -CAfile "$FOLDER/ca.pem" -quiet < <(printf 'GET /_ping HTTP/1.0\r\n\r\n'; sleep 1) 2> /dev/null | grep -q OK ||
    fail 'Its engine speaks to strangers.' "See $CONFIG there."
  done_ 'it takes the platform’s certificate only'
}

# What systemd does elsewhere: an engine that ends is started again, also when its certificate was renewed.
write_guard() {
  printf '#!/bin/sh\necho $$ > %s\nwhile :; do %s; sleep 1; done\n' "$GUARD_PID" "$(command -v dockerd)" > "$FOLDER/guard.sh"
  chmod 755 "$FOLDER/guard.sh"
}

stop_engine() {
  local pid
  pid=$(cat /var/run/docker.pid 2> /dev/null || true)
  [ -n "$pid" ] && kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 1 100); do
    kill -0 "$pid" 2> /dev/null || return 0
    sleep 0.2
  done
}

engine_listens() { timeout 5 docker version > /dev/null 2>&1 && (: < "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; }

case "${phase:-}" in
  prepare)
    check_machine
    install_packages
    make_request
    ;;
  install)
    take_certificate
    write_firewall
    start_engine
    ;;
  *) fail 'The set-up was called without a phase.' ;;
esac
