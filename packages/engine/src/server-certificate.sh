# A new certificate for the engine of a host, and a restart to make it count:
# dockerd reads them only when it starts. Run by a container of ours among the
# mounts of the host (server-certificate.ts), with the verb as its argument:
#
#   request    makes a new key, which never leaves the host; prints a signing request
#   install    CERT=… SECONDS_TO_CONFIRM=…: takes the certificate, restarts the engine, and
#              goes back to the one before unless SIGUSR1 says in time that the new one is good
#
# Key and certificate are one file: they change as one. The container outlives
# the engine, which restores it (live-restore); if it does not, if nobody comes
# back to say so, or if the machine loses its power, a good pair is in place.
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

FOLDER=/etc/docker/paas
PAIR=$FOLDER/pair.pem
CONFIG=/etc/docker/daemon.json
PID_FILE=/var/run/docker.pid
RESTART_S=30

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

request() {
  grep -qs "\"$PAIR\"" "$CONFIG" || fail "its engine does not take its certificate from $PAIR"
  umask 077
  openssl ecparam -name prime256v1 -genkey -noout -out "$FOLDER/next.key"
  openssl req -new -key "$FOLDER/next.key" -subj /CN=paas-host
}

install() {
  umask 077
  { cat "$FOLDER/next.key" && printf '%s\n' "$CERT"; } > "$PAIR.next"
  openssl verify -CAfile "$FOLDER/ca.pem" "$PAIR.next" > /dev/null || fail 'the new certificate is not good there: is its clock right?'
  [ "$(openssl x509 -in "$PAIR.next" -noout -pubkey)" = "$(openssl pkey -in "$PAIR.next" -pubout)" ] ||
    fail 'the new certificate is for another key'
  rm "$FOLDER/next.key"
  ln -f "$PAIR" "$PAIR.old"
  mv "$PAIR.next" "$PAIR"
  confirmed=''
  trap 'confirmed=yes' USR1
  restart_engine
  local until=$((SECONDS + SECONDS_TO_CONFIRM))
  while [ "$SECONDS" -lt "$until" ]; do
    if [ -n "$confirmed" ]; then
      rm -f "$PAIR.old"
      exit 0
    fi
    sleep 0.2
  done
  mv "$PAIR.old" "$PAIR"
  restart_engine
  exit 1
}

# Without systemd another supervisor starts it again, as the one of infra/host/setup.sh does.
restart_engine() {
  if [ -d /run/systemd/system ]; then
    systemctl reset-failed docker 2> /dev/null || true # one that failed to start a few times may otherwise not be started again
    timeout "$RESTART_S" systemctl restart docker || true
    return 0
  fi
  local pid
  pid=$(cat "$PID_FILE" 2> /dev/null) && kill "$pid" 2> /dev/null || return 0
  local until=$((SECONDS + RESTART_S))
  while kill -0 "$pid" 2> /dev/null; do
    [ "$SECONDS" -lt "$until" ] || kill -9 "$pid" 2> /dev/null || true
    sleep 0.1
  done
}

"$1"
