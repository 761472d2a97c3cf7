#!/bin/sh
# mmdebstrap calls this when the packages of the link image are unpacked in $1.
#
# Tars what the link needs of them: not the archive's addresses, which may
# carry credentials, and nothing that only installing needs. OUT and FIXED_TIME
# come from link.ts.
set -eu
cd "$1"
# The engine mounts over these; the root itself is read-only.
mkdir -p dev proc sys run tmp
tar --create --file="$OUT" --format=gnu --sort=name --numeric-owner --clamp-mtime --mtime="$FIXED_TIME" \
  --exclude='./etc/apt' --exclude='./etc/dpkg' --exclude='./etc/debconf.conf' --exclude='./etc/fstab' \
  --exclude='./etc/hostname' --exclude='./etc/resolv.conf' --exclude='./etc/wireguard' \
  --exclude='./dev/*' --exclude='./tmp/*' --exclude='./var/*' --exclude='./usr/include' \
  --exclude='./usr/bin/debconf*' --exclude='./usr/sbin/dpkg-*' --exclude='./usr/bin/wg-quick' .
