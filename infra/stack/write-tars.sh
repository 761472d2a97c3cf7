#!/bin/sh
# mmdebstrap calls this when the run packages are installed in $1.
#
# Tars the root as the run image, then installs the build packages into the
# same root, so that the build image is the run image and one more layer, and
# nothing is unpacked twice. OUT_DIR, BUILD_PACKAGES and FIXED_TIME come from root.ts.
set -eu
root=$1

stage() { echo "stage: $*"; }

# What a chroot, apt and a running system leave behind, and what no app reads.
# Mirrors stay out: they may carry credentials. The engine makes dev, proc and sys.
cat > "$OUT_DIR/exclude" <<'LIST'
./dev
./dev/*
./etc/.pwd.lock
./etc/apt/apt.conf.d/99mmdebstrap
./etc/apt/sources.list
./etc/apt/sources.list.d/*
./etc/apt/auth.conf.d/*
./etc/dpkg/dpkg.cfg.d/99mmdebstrap
./etc/group-
./etc/gshadow-
./etc/hostname
./etc/machine-id
./etc/passwd-
./etc/resolv.conf
./etc/shadow-
./proc
./proc/*
./run/*
./sys
./sys/*
./tmp/*
./usr/sbin/policy-rc.d
./usr/share/i18n
./var/cache/*
./var/lib/apt/*
./var/lib/dbus/machine-id
./var/lib/dpkg/*-old
./var/lib/nginx/*
./var/lib/systemd/*
./var/log/*
./var/tmp/*
LIST

# No dates of today: what the packages brought keeps its time (Python's .pyc
# files name their source's), what their scripts made gets the fixed one.
write_tar() {
  find "$root" -xdev \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" \) -prune -o -newer "$OUT_DIR/began" -exec touch --no-dereference --date="$FIXED_TIME" {} +
  (cd "$root" && tar --create --file="$OUT_DIR/$1" --format=gnu --sort=name --numeric-owner --no-recursion \
    --exclude-from="$OUT_DIR/exclude" --null --files-from="$OUT_DIR/names")
}

echo 'dyno:x:20000:20000:dyno:/app:/bin/bash' >> "$root/etc/passwd"
echo 'dyno:x:20000:' >> "$root/etc/group"
# nginx as dyno logs to the container's output and keeps nothing.
rm -rf "$root/var/www/html" "$root/etc/nginx/sites-enabled"

stage "writing the run image"
(cd "$root" && find . -xdev -print0 | LC_ALL=C sort --zero-terminated) > "$OUT_DIR/names"
write_tar run.tar
dpkg-query --admindir="$root/var/lib/dpkg" --show > "$OUT_DIR/run.packages"
stage "run image written"

touch "$OUT_DIR/mark"
stage "installing compilers and headers"
# Word splitting is meant: a list of package names of ours.
# shellcheck disable=SC2086
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --no-install-recommends -oDPkg::Chroot-Directory="$root" \
  -oDpkg::Use-Pty=false -oAPT::Keep-Downloaded-Packages=false install $BUILD_PACKAGES

stage "writing the build image"
# Static libraries of what is there as a shared one; the C library's own stay.
(cd "$root" && find . -xdev -cnewer "$OUT_DIR/mark" \
  ! -path './usr/lib/*-linux-gnu/libicu*.a' ! -path './usr/lib/*-linux-gnu/libcrypto.a' ! -path './usr/lib/*-linux-gnu/libssl.a' \
  ! -path './usr/lib/*-linux-gnu/libpython*.a' ! -path './usr/lib/python3*/config-*/libpython*.a' \
  ! -path './usr/lib/*-linux-gnu/libxml2.a' ! -path './usr/lib/*-linux-gnu/libsqlite3.a' ! -path './usr/bin/*-lto-dump-*' \
  -print0 | LC_ALL=C sort --zero-terminated) > "$OUT_DIR/names"
write_tar build.tar
dpkg-query --admindir="$root/var/lib/dpkg" --show > "$OUT_DIR/build.packages"
stage "build image written"
