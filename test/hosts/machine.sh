#!/bin/sh
# A machine for one engine: own processes, mounts, /run, host name and cgroups,
# in the network namespace it is started in. Killing its first process is a
# power cut: the kernel ends everything in it and takes its mounts away.
#
#   machine.sh boot CGROUP HOSTNAME   runs until killed
#   machine.sh init HOSTNAME          what `boot` runs as process 1
#   machine.sh enter COMMAND...       runs COMMAND in the machine's own cgroup; call it inside
set -eu

cgroup_mounts() { awk '$3 ~ /^cgroup2?$/ { print $2, $3, $4 }' /proc/mounts; }

# A cgroup of version 2 with children may hold no process itself: there the leaf `init` does.
join() {
  if [ -e "$1/cgroup.controllers" ] && [ -n "$(cat "$1/cgroup.controllers")" ]; then
    mkdir -p "$1/init"
    echo 0 > "$1/init/cgroup.procs"
  else
    echo 0 > "$1/cgroup.procs"
  fi
}

boot() {
  cgroup_mounts | while read -r at _; do
    mkdir -p "$at/$1"
    # Version 1 puts no process into a cpuset that names no processor.
    if [ -e "$at/cpuset.mems" ] && [ ! -e "$at/cgroup.controllers" ]; then
      cat "$at/cpuset.cpus" > "$at/$1/cpuset.cpus"
      cat "$at/cpuset.mems" > "$at/$1/cpuset.mems"
    fi
  done
  # Not in a pipe: this shell itself has to move.
  for at in $(cgroup_mounts | cut -d' ' -f1); do echo 0 > "$at/$1/cgroup.procs"; done
  exec unshare --mount --uts --ipc --pid --cgroup --fork sh "$0" init "$2"
}

init() {
  # Mounts of the machine's own engine, copied into here, would keep its containers from going away.
  awk '$2 != "/" && ($3 ~ /^(overlay|nsfs)$/ || $2 ~ /^\/(run|var\/run|var\/lib\/docker)\//) { print $2 }' /proc/mounts |
    sort -r | while read -r at; do umount -l "$at" 2> /dev/null || true; done
  mount -t proc proc /proc
  mount -t tmpfs -o mode=755 tmpfs /run
  cgroup_mounts > /run/cgroups
  while read -r at type options; do
    umount "$at"
    kept=$(echo "$options" | tr , '\n' | grep -E '^(name=.*|cpu|cpuacct|cpuset|memory|devices|freezer|blkio|pids|net_cls|net_prio|perf_event|hugetlb|rdma|misc)$' | paste -sd, || true)
    mount -t "$type" ${kept:+-o "$kept"} cgroup "$at"
    join "$at"
    [ "$type" = cgroup ] || sed 's/[^ ]*/+&/g' "$at/cgroup.controllers" > "$at/cgroup.subtree_control"
  done < /run/cgroups
  hostname "$1"
  touch /run/booted
  exec docker-init -- sleep infinity
}

enter() {
  for at in $(cgroup_mounts | cut -d' ' -f1); do join "$at"; done
  exec "$@"
}

"$@"
