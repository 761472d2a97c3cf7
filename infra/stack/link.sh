#!/bin/busybox sh
# The link of one host: WireGuard, routes and firewall rules in the host's own
# network, as written down in /link/state/wanted (packages/engine/src/link-wanted.ts).
#
#   run     what the container does: brings up what was wanted last, and stays
#   apply   takes /link/state/next as what is wanted
#   again   makes true what was wanted last
#   key     prints the public key; the private one is made here and never leaves
#   show    prints device, clock and peers, for people and doctors
#   down    takes rules, routes and interface away
#
# Rules and a kernel interface outlive this container, so that a restart of it
# or of the engine interrupts nothing; wireguard-go's interface goes with it.
set -eu
umask 077

state=/link/state
interface=$LINK_INTERFACE
proto=117 # marks our routes: nobody else's are touched
last_metric=4278198272

# The shell's own `ip` knows no WireGuard.
ip() { /bin/ip "$@"; }

is_up() { wg show "$interface" public-key > /dev/null 2>&1; }

is_kernel() { ip -details link show dev "$interface" | grep -q ' wireguard '; }

# Whoever is first: the name is given once, to a file that is on the disk.
ensure_key() {
  [ -e "$state/key" ] && return
  wg genkey > "$state/key.$$"
  sync
  ln "$state/key.$$" "$state/key" 2> /dev/null || true
  rm "$state/key.$$"
}

# The kernel's where there is one. Leaves the process id of wireguard-go in $device.
ensure_interface() {
  device=
  is_up && return
  ip link delete dev "$interface" 2> /dev/null || true
  ip link add dev "$interface" type wireguard 2> /dev/null && return
  LOG_LEVEL=error wireguard-go --foreground "$interface" &
  device=$!
}

await_interface() {
  for _ in $(seq 100); do
    is_up && return
    sleep 0.05
  done
  echo "there is no WireGuard here: neither the kernel's nor wireguard-go's" >&2
  exit 1
}

# What is left of the narrowest path to a peer, at most $1: WireGuard adds 60 bytes over IPv4, 80 over IPv6.
path_mtu() {
  for endpoint in $endpoints; do echo "route get $endpoint"; done | ip -oneline -force -batch - 2> /dev/null |
    awk '{ mtu = dev = ""; for (i = 1; i < NF; i++) { if ($i == "mtu") mtu = $(i + 1); if ($i == "dev") dev = $(i + 1) }
      print mtu ? mtu : dev }' | sort -u | {
    least=$1
    while read -r path; do
      case $path in
        *[!0-9]*) path=$(cat "/sys/class/net/$path/mtu") ;;
      esac
      [ $((path - 80)) -ge "$least" ] || least=$((path - 80))
    done
    echo "$least"
  }
}

set_interface() {
  {
    printf '[Interface]\nListenPort = %s\nPrivateKey = ' "$port"
    cat "$state/key"
    printf '%s\n' "$peers"
  } | wg syncconf "$interface" /dev/stdin
  ip address replace "$address/32" dev "$interface"
  ip -oneline -4 address show dev "$interface" | sed -n 's/.* inet \([^ ]*\) .*/\1/p' | while read -r other; do
    [ "$other" = "$address/32" ] || ip address delete "$other" dev "$interface"
  done
  ip link set dev "$interface" mtu "$(path_mtu "$mtu_max")" up
}

# What no host has leads nowhere: it must not leave by the default route, to strangers. Any route of a host or a bridge counts before these.
set_routes() {
  {
    for range in $ranges; do echo "route replace unreachable $range metric $last_metric proto $proto"; done
    for route in $routes; do echo "route replace $route dev $interface src $address proto $proto"; done
    ip route show dev "$interface" proto "$proto" | while read -r route _; do
      case " $routes " in
        *" $route "* | *" $route/32 "*) ;;
        *) echo "route delete $route dev $interface proto $proto" ;;
      esac
    done
  } | ip -batch -
}

# iptables has two kinds of tables. To look at the older kind is to make it, so ask the kernel first.
kinds() { grep -qs '^filter$' /proc/net/ip_tables_names && echo nft legacy || echo nft; }

# The kind that the engine's own rules are in; a host may have switched from one to the other.
variants() {
  found=
  for variant in $(kinds); do
    if "iptables-$variant" -w 3 -n -L DOCKER-USER > /dev/null 2>&1; then found="$found $variant"; fi
  done
  echo "${found:-nft}"
}

# The engine asks DOCKER-USER before its own rules. Where it has none (its nftables backend), a drop in FORWARD still counts.
chain_of() {
  [ "$1" = FORWARD ] && "iptables-$variant" -w 3 -n -L DOCKER-USER > /dev/null 2>&1 && echo DOCKER-USER || echo "$1"
}

# Word splitting is meant: $match is some words of ours.
# shellcheck disable=SC2086
set_rules() {
  for variant in $(variants); do
    printf '%s\n' "$rules" | "iptables-$variant-restore" -w 3 --noflush
    printf '%s\n' "$hooks" | while read -r chain match; do
      [ -n "$chain" ] || continue
      chain=$(chain_of "$chain")
      "iptables-$variant" -w 3 -C "$chain" $match 2> /dev/null || "iptables-$variant" -w 3 -I "$chain" 1 $match
    done
  done
}

# Those hooks of stdin that are not among $1.
# shellcheck disable=SC2086
drop_hooks() {
  while read -r chain match; do
    [ -n "$chain" ] && ! printf '%s\n' "$1" | grep -Fxq "$chain $match" || continue
    for variant in $(kinds); do
      for at in "$chain" DOCKER-USER; do
        while "iptables-$variant" -w 3 -D "$at" $match 2> /dev/null; do :; done
      done
    done
  done
}

drop_chains() {
  printf '%s\n' "$rules" | sed -n 's/^:\([^ ]*\) .*/\1/p' > /run/chains
  for variant in $(kinds); do
    while read -r chain; do "iptables-$variant" -w 3 -F "$chain" 2> /dev/null || true; done < /run/chains
    while read -r chain; do "iptables-$variant" -w 3 -X "$chain" 2> /dev/null || true; done < /run/chains
  done
}

# Rules before the interface: nothing passes that should not.
make_true() {
  set_rules
  await_interface
  set_interface
  set_routes
}

# What cannot be set now (a port that is taken, an engine that starts and holds its tables) must not keep others from asking why,
# and is tried again.
settle() {
  until "$0" again; do
    echo 'what was wanted last could not be set' >&2
    sleep 1
  done
}

# One at a time; one that was killed counts no more.
alone() {
  until ln -s $$ /run/alone 2> /dev/null; do
    kill -0 "$(readlink /run/alone)" 2> /dev/null || rm -f /run/alone
    sleep 0.05
  done
  trap 'rm -f /run/alone' EXIT
}

case $1 in
  run)
    trap 'exit 0' TERM INT
    ensure_key
    ensure_interface
    settle &
    if [ -n "$device" ]; then
      wait "$device"
      exit 1
    fi
    while is_up || [ ! -f "$state/wanted" ]; do
      sleep 5 &
      wait $!
    done
    exit 1 # started anew, it makes the interface anew
    ;;
  apply)
    alone
    ensure_key
    old=$([ ! -f "$state/wanted" ] || (. "$state/wanted"; printf '%s\n' "$hooks"))
    mv "$state/next" "$state/wanted"
    . "$state/wanted"
    make_true
    printf '%s\n' "$old" | drop_hooks "$hooks"
    ;;
  again)
    alone
    [ -f "$state/wanted" ] || exit 0
    . "$state/wanted"
    make_true
    ;;
  key)
    ensure_key
    wg pubkey < "$state/key"
    ;;
  show)
    # Without the columns that hold keys to keep: the interface's private one, and pre-shared ones.
    printf '%s\t%s\t%s\n' "$(is_kernel && echo kernel || echo wireguard-go)" "$(cat "/sys/class/net/$interface/mtu")" "$(date +%s)"
    wg show "$interface" dump | sed 1d | cut -f 1,3,5-7
    ;;
  down)
    alone
    if [ -f "$state/wanted" ]; then
      . "$state/wanted"
      printf '%s\n' "$hooks" | drop_hooks ''
      drop_chains
      for range in $ranges; do ip route delete unreachable "$range" metric "$last_metric" 2> /dev/null || true; done
      rm "$state/wanted"
    fi
    # wireguard-go's goes with this container; without it, we would be gone before the end of this line.
    is_kernel && ip link delete dev "$interface" 2> /dev/null || true
    ;;
esac
