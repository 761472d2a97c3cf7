#!/bin/sh
# Enters a build's sandbox and becomes the command: build-sandbox.ts starts it
# as root in a mount namespace of its own.
#
#   build-sandbox.sh USER_NS NET_NS WORK APP BASES ro|rw CGROUP... -- COMMAND...
#
# The cgroups come first, so that nothing below is ever outside of the limits,
# and the mounts while we still are root. Capabilities, the host's user ids and
# its network are gone before the command starts; it is process 1 of its own,
# so that its end is the end of everything it started.
set -eu
user_ns=$1 net_ns=$2 work=$3 app=$4 bases=$5 mode=$6
shift 6
while [ "$1" != -- ]; do
  echo $$ > "$1/cgroup.procs"
  shift
done
shift

# The sandbox sees three folders of the platform, whatever the folders above them allow.
mount -t tmpfs -o mode=755,size=1m,nosuid,nodev tmpfs /mnt
mkdir /mnt/build /mnt/app /mnt/bases
mount --bind "$work" /mnt/build
mount --bind "$app" /mnt/app
mount --bind "$bases" /mnt/bases
[ "$mode" = rw ] || mount -o remount,bind,ro /mnt/bases
# The engine's own resolver, which answers inside the network of builds.
mount --bind "$work/resolv.conf" /etc/resolv.conf

exec nsenter --net="$net_ns" --user="$user_ns" -S 0 -G 0 -- \
  setpriv --no-new-privs --pdeathsig KILL -- \
  unshare --mount --pid --ipc --uts --cgroup --fork --kill-child --mount-proc -- "$@"
